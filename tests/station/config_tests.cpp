#include <filesystem>
#include <fstream>

#include <boost/test/unit_test.hpp>

#include "station/config/config.hpp"

using namespace card;
using namespace card::config;

namespace {

constexpr std::string_view valid = R"(station = "kh"
central = "https://central.example:8440"
control = "unix:/run/station/control"
ledger = "/var/lib/station/ledger.db"
keys = "/etc/station/keys"
reader_worker = "/usr/lib/station/reader-worker"
business_date = "2021-12-01"

[[reader]]
name = "ACS ACR1252 00 00"
role = "production"

[[reader]]
name = "ACS ACR1252 01 00"
role = "counter"

[[old_pass]]
form = "number"

[[old_pass]]
form = "url"
parameter = "no"

[production]
refuse_unproven_chips = true
hold_odd_data = true
max_presentations = 3

[tls]
ca = "/etc/station/ca.pem"
certificate = "/etc/station/station-kh.pem"
key = "/etc/station/station-kh.key"
)";

struct Fixture {
    Fixture() {
        std::string pattern = std::filesystem::temp_directory_path() / "config_tests.XXXXXX";
        folder = ::mkdtemp(pattern.data());
    }
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;
    ~Fixture() { std::filesystem::remove_all(folder); }

    [[nodiscard]] std::string path() const { return folder / "station.toml"; }
    [[nodiscard]] Result<Config> read_text(std::string_view text) const {
        std::ofstream(path(), std::ios::binary) << text;
        return config::read(path());
    }
    /// The valid file with one text in place of another.
    [[nodiscard]] Result<Config> read_with(std::string_view from, std::string_view to) const {
        std::string text(valid);
        const std::size_t at = text.find(from);
        BOOST_REQUIRE(at != std::string::npos);
        return read_text(text.replace(at, from.size(), to));
    }
    /// Why that file is refused; empty where it is not.
    [[nodiscard]] std::string refusal_with(std::string_view from, std::string_view to) const {
        const auto read = read_with(from, to);
        if (read) {
            return {};
        }
        BOOST_TEST((read.error().fault == Fault::correct_configuration));
        return read.error().detail;
    }
    [[nodiscard]] std::string refusal_of(std::string_view text) const {
        const auto read = read_text(text);
        return read ? std::string() : read.error().detail;
    }

    std::filesystem::path folder;
};

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(configuration, Fixture)

BOOST_AUTO_TEST_CASE(every_setting_of_a_valid_file_is_read) {
    const auto read = read_text(valid);
    BOOST_REQUIRE(read);
    BOOST_TEST(read->station == "kh");
    BOOST_TEST(read->central.text() == "https://central.example:8440");
    BOOST_REQUIRE(read->tls.has_value());
    BOOST_TEST(read->tls->authority == "/etc/station/ca.pem");
    BOOST_TEST(read->tls->certificate == "/etc/station/station-kh.pem");
    BOOST_TEST(read->tls->key == "/etc/station/station-kh.key");
    BOOST_TEST(read->control.text() == "unix:/run/station/control");
    BOOST_TEST(read->ledger == "/var/lib/station/ledger.db");
    BOOST_TEST(read->keys == "/etc/station/keys");
    BOOST_TEST(read->reader_worker == "/usr/lib/station/reader-worker");
    BOOST_TEST((read->business_date == BusinessDay::parse("2021-12-01")));
    BOOST_REQUIRE(read->readers.size() == 2U);
    BOOST_TEST(read->readers[0].name == "ACS ACR1252 00 00");
    BOOST_TEST((std::get<reader::PcscAddress>(read->readers[0].address).binding ==
                reader::PcscBinding{reader::ReaderName{"ACS ACR1252 00 00"}, ""}));
    BOOST_TEST((read->readers[0].role == ReaderRole::production));
    BOOST_TEST((read->readers[1].role == ReaderRole::counter));
    BOOST_REQUIRE(read->old_pass_forms.size() == 2U);
    BOOST_TEST(std::holds_alternative<PlainNumber>(read->old_pass_forms[0]));
    BOOST_TEST(std::get<UrlParameter>(read->old_pass_forms[1]).name == "no");
    BOOST_TEST(read->production.refuse_unproven_chips);
    BOOST_TEST(read->production.hold_odd_data);
    BOOST_TEST(read->production.max_presentations == 3);
}

BOOST_AUTO_TEST_CASE(a_reader_is_bound_by_path_serial_number_or_name) {
    const std::string line = "name = \"ACS ACR1252 00 00\"\n";
    const auto bound = [&](const std::string& settings) {
        const auto read = read_with(line, "name = \"left\"\n" + settings);
        BOOST_REQUIRE(read);
        BOOST_TEST(read->readers[0].name == "left");
        return std::get<reader::PcscAddress>(read->readers[0].address).binding;
    };
    using reader::PcscBinding;
    BOOST_TEST((bound("usb_path = \"1-4.2\"\nslot = \"PICC\"\n") ==
                PcscBinding{*reader::UsbPath::parse("1-4.2"), "PICC"}));
    BOOST_TEST((bound("usb_serial = \"SN0004\"\n") ==
                PcscBinding{*reader::UsbSerial::parse("SN0004"), ""}));
    BOOST_TEST(
        (bound("pcsc = \"ACS 01 00\"\n") == PcscBinding{reader::ReaderName{"ACS 01 00"}, ""}));
    BOOST_TEST((bound("") == PcscBinding{reader::ReaderName{"left"}, ""}));
}

BOOST_AUTO_TEST_CASE(a_binding_that_says_too_much_or_nothing_readable_is_refused) {
    const std::string line = "name = \"ACS ACR1252 00 00\"\n";
    BOOST_TEST(has(refusal_with(line, line + "usb_path = \"1-4\"\npcsc = \"A\"\n"),
                   "one of pcsc, usb_path, usb_serial and nfc"));
    BOOST_TEST(has(refusal_with(line, line + "usb_path = \"port 4\"\n"),
                   "usb_path is none such as \"1-4.2\""));
    BOOST_TEST(has(refusal_with(line, line + "usb_serial = \"\"\n"), "usb_serial is none such as"));
    BOOST_TEST(has(refusal_with(line, line + "slot = \"PICC\"\n"), "slot goes with"));
}

BOOST_AUTO_TEST_CASE(what_is_optional_has_the_documented_defaults) {
    std::string text(valid);
    text.erase(text.find("[production]"), text.find("[tls]") - text.find("[production]"));
    const auto read = read_text(text);
    BOOST_REQUIRE(read);
    BOOST_TEST(!read->production.refuse_unproven_chips);
    BOOST_TEST(!read->production.hold_odd_data);
    BOOST_TEST(read->production.max_presentations == 10);
    BOOST_TEST(read->hand_over.require_letter);
    BOOST_TEST(read->hand_over.representatives_need_supervisor);
}

BOOST_AUTO_TEST_CASE(what_the_counter_asks_for_is_set_in_its_own_table) {
    const auto read = read_with("[production]",
                                "[hand_over]\nrequire_letter = false\n"
                                "representatives_need_supervisor = false\n[production]");
    BOOST_REQUIRE(read);
    BOOST_TEST(!read->hand_over.require_letter);
    BOOST_TEST(!read->hand_over.representatives_need_supervisor);
    BOOST_TEST(has(refusal_with("[production]", "[hand_over]\nletter = false\n[production]"),
                   "unknown setting \"letter\""));
}

BOOST_AUTO_TEST_CASE(a_reader_is_addressed_over_the_stack_that_its_settings_name) {
    const std::string role = "role = \"production\"";
    const auto pcsc = read_with(role, role + "\npcsc = \"ACS 01 00\"\nframe = 128");
    BOOST_REQUIRE(pcsc);
    BOOST_TEST(pcsc->readers[0].name == "ACS ACR1252 00 00");
    const auto& named = std::get<reader::PcscAddress>(pcsc->readers[0].address);
    BOOST_TEST((named.binding == reader::PcscBinding{reader::ReaderName{"ACS 01 00"}, ""}));
    BOOST_TEST(named.largest_frame.value == 128);
    const auto nfc = read_with(role, role + "\nnfc = \"pn532_uart:/dev/ttyUSB0\"");
    BOOST_REQUIRE(nfc);
    BOOST_TEST(std::get<reader::NfcConnection>(nfc->readers[0].address).text ==
               "pn532_uart:/dev/ttyUSB0");
}

BOOST_AUTO_TEST_CASE(a_reader_with_settings_of_two_stacks_is_refused) {
    const std::string role = "role = \"production\"";
    const std::string nfc = role + "\nnfc = \"acr122_usb\"";
    BOOST_TEST(has(refusal_with(role, nfc + "\npcsc = \"ACS\""), "is bound by one of"));
    BOOST_TEST(has(refusal_with(role, nfc + "\nframe = 64"), "do not go together"));
    for (const char* frame : {"15", "257", "-1"}) {
        BOOST_TEST(has(refusal_with(role, role + "\nframe = " + frame), "frame must be from 16"));
    }
}

BOOST_AUTO_TEST_CASE(without_a_business_date_the_clock_decides) {
    const auto read = read_with("business_date = \"2021-12-01\"\n", "");
    BOOST_REQUIRE(read);
    BOOST_TEST(!read->business_date.has_value());
}

BOOST_AUTO_TEST_CASE(an_unknown_setting_is_refused_with_file_line_and_name) {
    const std::string refusal = refusal_with("business_date = \"2021-12-01\"", "colour = \"red\"");
    BOOST_TEST(has(refusal, path()), refusal);
    BOOST_TEST(has(refusal, "line 7:"), refusal);
    BOOST_TEST(has(refusal, "\"colour\""), refusal);
}

BOOST_AUTO_TEST_CASE(an_unknown_setting_of_a_table_is_refused_with_line_and_name) {
    const std::string in_reader = refusal_with("role = \"production\"", "rôle = \"production\"");
    BOOST_TEST(!in_reader.empty());
    const std::string in_production = refusal_with("hold_odd_data", "hold_odd_date");
    BOOST_TEST(has(in_production, "line 26:"), in_production);
    BOOST_TEST(has(in_production, "\"hold_odd_date\""), in_production);
}

BOOST_AUTO_TEST_CASE(a_missing_setting_is_refused_by_its_name) {
    for (const std::string_view name :
         {"station", "central", "control", "ledger", "keys", "reader_worker"}) {
        const std::size_t begin = valid.find(std::string(name) + " = ");
        const std::size_t size = valid.find('\n', begin) + 1 - begin;
        const std::string refusal = refusal_with(valid.substr(begin, size), "");
        BOOST_TEST(has(refusal, "\"" + std::string(name) + "\""), refusal);
    }
}

BOOST_AUTO_TEST_CASE(a_missing_setting_of_a_table_names_that_table_s_line) {
    const std::string refusal = refusal_with("name = \"ACS ACR1252 01 00\"\n", "");
    BOOST_TEST(has(refusal, "line 13:"), refusal);
    BOOST_TEST(has(refusal, "\"name\""), refusal);
}

BOOST_AUTO_TEST_CASE(a_mistyped_setting_is_refused_by_its_name) {
    BOOST_TEST(has(refusal_with("\"kh\"", "1"), "\"station\""));
    BOOST_TEST(has(refusal_with("\"2021-12-01\"", "2021-12-01"), "business_date"));
    BOOST_TEST(
        has(refusal_with("hold_odd_data = true", "hold_odd_data = \"yes\""), "\"hold_odd_data\""));
    BOOST_TEST(has(refusal_with("max_presentations = 3", "max_presentations = \"3\""),
                   "\"max_presentations\""));
}

BOOST_AUTO_TEST_CASE(a_mistyped_setting_is_refused_with_its_own_line) {
    BOOST_TEST(has(refusal_with("\"/etc/station/keys\"", "1"), "line 5:"));
    BOOST_TEST(has(refusal_with("https://", "http://"), "line 2:"));
    BOOST_TEST(has(refusal_with("\"2021-12-01\"", "\"2021-02-30\""), "line 7:"));
    BOOST_TEST(has(refusal_with("max_presentations = 3", "max_presentations = \"3\""), "line 27:"));
}

BOOST_AUTO_TEST_CASE(a_production_that_is_no_table_is_refused) {
    BOOST_TEST(has(refusal_with("[production]", "[[production]]"), "production"));
    const std::string head(valid.substr(0, valid.find("[[reader]]")));
    const std::string tail(valid.substr(head.size(), valid.find("[production]") - head.size()));
    BOOST_TEST(has(refusal_of(head + "production = 5\n" + tail), "production"));
}

BOOST_AUTO_TEST_CASE(numbers_and_booleans_are_not_taken_for_each_other) {
    BOOST_TEST(has(refusal_with("hold_odd_data = true", "hold_odd_data = 1"), "hold_odd_data"));
    BOOST_TEST(has(refusal_with("max_presentations = 3", "max_presentations = true"),
                   "max_presentations"));
}

BOOST_AUTO_TEST_CASE(a_number_of_presentations_below_one_is_refused) {
    for (const std::string_view number : {"0", "-1"}) {
        const std::string refusal =
            refusal_with("max_presentations = 3", "max_presentations = " + std::string(number));
        BOOST_TEST(has(refusal, "max_presentations"));
    }
}

BOOST_AUTO_TEST_CASE(a_reader_that_is_no_list_of_tables_is_refused) {
    for (const std::string_view reader : {"reader = \"ACS\"\n", "reader = [\"ACS\"]\n",
                                          "reader = []\n", "[reader]\nname=\"A\"\n"}) {
        std::string text(valid.substr(0, valid.find("[[reader]]")));
        text.append(reader).append("[[old_pass]]\nform = \"number\"\n");
        text.append(valid.substr(valid.find("[tls]")));
        BOOST_TEST(has(refusal_of(text), "reader"), reader);
    }
}

BOOST_AUTO_TEST_CASE(a_role_that_is_not_known_is_refused) {
    BOOST_TEST(has(refusal_with("\"counter\"", "\"gate\""), "line 13:"));
}

BOOST_AUTO_TEST_CASE(a_form_of_old_pass_that_is_not_known_is_refused) {
    BOOST_TEST(has(refusal_with("form = \"number\"", "form = \"rfid\""), "\"url\""));
}

BOOST_AUTO_TEST_CASE(a_url_form_without_its_parameter_is_refused) {
    BOOST_TEST(has(refusal_with("parameter = \"no\"\n", ""), "\"parameter\""));
}

BOOST_AUTO_TEST_CASE(a_central_by_plain_http_is_on_loopback_and_asked_for) {
    const std::string text(valid.substr(0, valid.find("[tls]")));
    const std::string address = "https://central.example:8440";
    const auto refusal_at = [&](const std::string& central) {
        return refusal_of(std::string(text).replace(text.find(address), address.size(), central));
    };
    BOOST_TEST(refusal_at("http://127.0.0.1:8440\"\nplain_http_on_loopback = true#").empty());
    BOOST_TEST(has(refusal_at("http://127.0.0.1:8440\"\nplain_http_on_loopback = false#"),
                   "plain_http_on_loopback"));
    BOOST_TEST(has(refusal_at("http://127.0.0.1:8440"), "plain_http_on_loopback"));
    BOOST_TEST(has(refusal_at("http://192.0.2.1:8440\"\nplain_http_on_loopback = true#"),
                   "loopback addresses only"));
}

BOOST_AUTO_TEST_CASE(a_central_by_tls_needs_its_files_and_no_other_has_them) {
    BOOST_TEST(has(refusal_of(valid.substr(0, valid.find("[tls]"))), "[tls]"));
    for (const std::string_view name : {"ca", "certificate", "key"}) {
        const std::size_t begin = valid.find("\n" + std::string(name) + " = ") + 1;
        const std::size_t size = valid.find('\n', begin) + 1 - begin;
        BOOST_TEST(has(refusal_with(valid.substr(begin, size), ""), name), name);
    }
    BOOST_TEST(has(refusal_with("https://central.example:8440\"",
                                "http://127.0.0.1:8440\"\nplain_http_on_loopback = true"),
                   "[tls]"));
    BOOST_TEST(has(refusal_with("ca = ", "authority = "), "\"authority\""));
}

BOOST_AUTO_TEST_CASE(a_day_that_does_not_exist_is_refused) {
    BOOST_TEST(has(refusal_with("2021-12-01", "2021-02-30"), "business_date"));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_toml_is_refused_with_its_line) {
    BOOST_TEST(has(refusal_of("station = \"kh\"\ncentral = \n"), path() + ": line 2:"));
    BOOST_TEST(has(refusal_of("station = \"kh\"\nstation = \"kl\"\n"), "line 2:"));
}

BOOST_AUTO_TEST_CASE(a_station_with_a_name_that_no_certificate_can_have_is_refused) {
    for (const std::string_view name : {"\"\"", "\"Kaohsiung\"", "\"k h\""}) {
        BOOST_TEST(has(refusal_with("\"kh\"", name), "line 1"));
    }
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_refused) {
    BOOST_TEST(!refusal_of("").empty());
}

BOOST_AUTO_TEST_CASE(octets_that_are_no_text_are_refused) {
    BOOST_TEST(!refusal_of("station = \"\xFF\"\n").empty());
    BOOST_TEST(!refusal_of(std::string_view("station = \"\0\"\n", 14)).empty());
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_refused_by_its_name) {
    const auto read = config::read(folder / "absent.toml");
    BOOST_REQUIRE(!read);
    BOOST_TEST((read.error().fault == Fault::correct_configuration));
    BOOST_TEST(has(read.error().detail, "absent.toml"));
}

BOOST_AUTO_TEST_CASE(a_folder_in_place_of_the_file_is_refused) {
    const auto read = config::read(folder);
    BOOST_REQUIRE(!read);
    BOOST_TEST((read.error().fault == Fault::correct_configuration));
}

BOOST_AUTO_TEST_SUITE_END()
