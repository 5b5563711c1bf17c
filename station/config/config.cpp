#include "station/config/config.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>

#define TOML_HEADER_ONLY 0
#include <toml++/toml.h>

namespace card::config {
namespace {

/// Carries a complaint to `read`; toml++ itself reports by exceptions too.
struct Complaint : std::runtime_error {
    using std::runtime_error::runtime_error;
};

[[noreturn]] void complain(const toml::node& at, const std::string& what) {
    std::ostringstream text;
    text << "line " << at.source().begin.line << ": " << what;
    throw Complaint(text.str());
}

void only(const toml::table& table, std::initializer_list<std::string_view> known) {
    for (const auto& [key, node] : table) {
        if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
            complain(node, "unknown setting \"" + std::string(key.str()) + "\"");
        }
    }
}

template <class T>
constexpr std::string_view kind_of = "a text";
template <>
constexpr std::string_view kind_of<bool> = "true or false";
template <>
constexpr std::string_view kind_of<std::int64_t> = "a whole number";

template <class T>
T required(const toml::table& table, std::string_view key) {
    const toml::node* node = table.get(key);
    if (node == nullptr) {
        complain(table, "setting \"" + std::string(key) + "\" is missing");
    }
    const auto value = node->value_exact<T>();
    if (!value) {
        complain(*node, "setting \"" + std::string(key) + "\" must be " + std::string(kind_of<T>));
    }
    return *value;
}

template <class T>
T optional_or(const toml::table& table, std::string_view key, T otherwise) {
    return table.contains(key) ? required<T>(table, key) : otherwise;
}

const toml::table& as_table(const toml::node& node, const std::string& what) {
    if (!node.is_table()) {
        complain(node, what + " is no table");
    }
    return *node.as_table();
}

http::Endpoint endpoint(const toml::table& table, std::string_view key) {
    auto parsed = http::Endpoint::parse(required<std::string>(table, key));
    if (!parsed) {
        complain(*table.get(key), std::string(key) + ": " + parsed.error().detail);
    }
    return std::move(*parsed);
}

/// A setting whose text must be of a kind.
template <class T>
T parsed(const toml::table& table, std::string_view key, std::string_view such_as) {
    const std::optional<T> value = T::parse(required<std::string>(table, key));
    if (!value) {
        complain(*table.get(key), std::string(key) + " is none such as " + std::string(such_as));
    }
    return *value;
}

reader::FrameSize frame_size(const toml::table& table) {
    const auto octets =
        optional_or<std::int64_t>(table, "frame", reader::smallest_common_frame.value);
    if (octets < reader::min_frame_size_on_air.value ||
        octets > reader::max_frame_size_on_air.value) {
        complain(*table.get("frame"), "frame must be from 16 to 256");
    }
    return reader::FrameSize{static_cast<std::uint16_t>(octets)};
}

/// Without any of its settings a reader is bound by its name.
reader::PcscBinding binding(const toml::table& table, const std::string& name) {
    const std::string slot = optional_or(table, "slot", std::string());
    if (table.contains("usb_path")) {
        return {parsed<reader::UsbPath>(table, "usb_path", "\"1-4.2\""), slot};
    }
    if (table.contains("usb_serial")) {
        return {parsed<reader::UsbSerial>(table, "usb_serial", "\"SN0004\""), slot};
    }
    if (table.contains("slot")) {
        complain(*table.get("slot"), "slot goes with usb_path or usb_serial");
    }
    return {reader::ReaderName{optional_or(table, "pcsc", name)}, ""};
}

reader::ReaderAddress reader_address(const toml::table& table, const std::string& name) {
    constexpr std::array<std::string_view, 4> ways{"pcsc", "usb_path", "usb_serial", "nfc"};
    if (std::count_if(ways.begin(), ways.end(),
                      [&](std::string_view way) { return table.contains(way); }) > 1) {
        complain(table, "a reader is bound by one of pcsc, usb_path, usb_serial and nfc");
    }
    if (!table.contains("nfc")) {
        return reader::PcscAddress{binding(table, name), frame_size(table)};
    }
    for (const std::string_view other : {"slot", "frame"}) {
        if (table.contains(other)) {
            complain(*table.get(other), "nfc and " + std::string(other) + " do not go together");
        }
    }
    return reader::NfcConnection{required<std::string>(table, "nfc")};
}

ReaderSetting reader_setting(const toml::node& node) {
    const toml::table& table = as_table(node, "reader");
    only(table, {"name", "role", "pcsc", "usb_path", "usb_serial", "slot", "nfc", "frame"});
    const auto name = required<std::string>(table, "name");
    const auto role = required<std::string>(table, "role");
    if (role != "production" && role != "counter") {
        complain(node, R"(a reader's role is "production" or "counter")");
    }
    return {name, reader_address(table, name),
            role == "counter" ? ReaderRole::counter : ReaderRole::production};
}

OldPassRecogniser old_pass_form(const toml::node& node) {
    const toml::table& table = as_table(node, "old_pass");
    only(table, {"form", "parameter"});
    const auto form = required<std::string>(table, "form");
    if (form == "number") {
        return PlainNumber{};
    }
    if (form == "url") {
        return UrlParameter{required<std::string>(table, "parameter")};
    }
    complain(node, R"(an old pass's form is "number" or "url")");
}

template <class T>
std::vector<T> list(const toml::table& table, std::string_view key,
                    T (*read_one)(const toml::node&)) {
    std::vector<T> items;
    if (const toml::array* array = table[key].as_array(); array != nullptr) {
        for (const toml::node& node : *array) {
            items.push_back(read_one(node));
        }
    }
    return items;
}

issuance::ProductionPolicy production_policy(const toml::table& whole) {
    issuance::ProductionPolicy policy;
    const toml::node* node = whole.get("production");
    if (node == nullptr) {
        return policy;
    }
    const toml::table& table = as_table(*node, "production");
    only(table, {"refuse_unproven_chips", "hold_odd_data", "max_presentations"});
    policy.refuse_unproven_chips =
        optional_or(table, "refuse_unproven_chips", policy.refuse_unproven_chips);
    policy.hold_odd_data = optional_or(table, "hold_odd_data", policy.hold_odd_data);
    policy.max_presentations = optional_or(table, "max_presentations", policy.max_presentations);
    if (policy.max_presentations < 1) {
        complain(*table.get("max_presentations"), "max_presentations must be 1 or more");
    }
    return policy;
}

issuance::HandOverPolicy hand_over_policy(const toml::table& whole) {
    issuance::HandOverPolicy policy;
    const toml::node* node = whole.get("hand_over");
    if (node == nullptr) {
        return policy;
    }
    const toml::table& table = as_table(*node, "hand_over");
    only(table, {"require_letter", "representatives_need_supervisor"});
    policy.require_letter = optional_or(table, "require_letter", policy.require_letter);
    policy.representatives_need_supervisor = optional_or(table, "representatives_need_supervisor",
                                                         policy.representatives_need_supervisor);
    return policy;
}

/// The files for a central by https://. Plain HTTP needs to be asked for, or a forgotten letter in
/// the address would send everything in the clear.
std::optional<http::TlsFiles> tls_files(const toml::table& whole, const http::Endpoint& central) {
    const toml::node* node = whole.get("tls");
    if (central.kind != http::Endpoint::Kind::tls) {
        if (node != nullptr) {
            complain(*node, "[tls] is for a central by https://, and this one is not");
        }
        if (central.kind == http::Endpoint::Kind::loopback_tcp &&
            !optional_or(whole, "plain_http_on_loopback", false)) {
            complain(*whole.get("central"),
                     "central: plain HTTP needs plain_http_on_loopback = true");
        }
        return std::nullopt;
    }
    if (node == nullptr) {
        complain(*whole.get("central"), "central: https:// needs [tls] ca, certificate and key");
    }
    const toml::table& table = as_table(*node, "tls");
    only(table, {"ca", "certificate", "key"});
    return http::TlsFiles{required<std::string>(table, "ca"),
                          required<std::string>(table, "certificate"),
                          required<std::string>(table, "key")};
}

Config whole(const toml::table& table) {
    only(table, {"station", "central", "control", "ledger", "keys", "reader_worker",
                 "business_date", "metrics", "reader", "old_pass", "production", "hand_over", "tls",
                 "plain_http_on_loopback"});
    Config config{required<std::string>(table, "station"),
                  endpoint(table, "central"),
                  endpoint(table, "control"),
                  required<std::string>(table, "ledger"),
                  required<std::string>(table, "keys"),
                  required<std::string>(table, "reader_worker"),
                  std::nullopt,
                  std::nullopt,
                  list(table, "reader", reader_setting),
                  list(table, "old_pass", old_pass_form),
                  production_policy(table),
                  hand_over_policy(table),
                  std::nullopt};
    if (const auto name = http::StationName::parse(config.station); !name) {
        complain(*table.get("station"), name.error().detail);
    }
    config.tls = tls_files(table, config.central);
    if (table.contains("business_date")) {
        config.business_date = BusinessDay::parse(required<std::string>(table, "business_date"));
        if (!config.business_date) {
            complain(*table.get("business_date"), "business_date is no day such as \"2021-12-01\"");
        }
    }
    if (table.contains("metrics")) {
        config.metrics = endpoint(table, "metrics");
    }
    if (config.readers.empty()) {
        complain(table, "no [[reader]] is named");
    }
    if (config.old_pass_forms.empty()) {
        complain(table, "no [[old_pass]] form is named, so no old pass could be read");
    }
    return config;
}

template <class Parse>
Result<Config> checked(const Parse& parse_toml) {
    try {
        return whole(parse_toml());
    } catch (const toml::parse_error& error) {
        std::ostringstream text;
        text << "line " << error.source().begin.line << ": " << error.description();
        return fail(Fault::correct_configuration, text.str());
    } catch (const Complaint& complaint) {
        return fail(Fault::correct_configuration, complaint.what());
    }
}

}  // namespace

Result<Config> parse(std::string_view text) {
    return checked([text] { return toml::parse(text); });
}

Result<Config> read(const std::string& path) {
    auto config = checked([&path] { return toml::parse_file(path); });
    if (!config) {
        return fail(path, config.error());
    }
    return config;
}

}  // namespace card::config
