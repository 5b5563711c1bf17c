#include <algorithm>
#include <limits>

#include <boost/json/serialize.hpp>

#include "sync/wire/members.hpp"
#include "sync/wire/messages.hpp"

namespace card::wire {
namespace {

constexpr std::size_t max_status_size = 16;
constexpr std::size_t date_size = 10;
constexpr std::size_t max_port_size = 2;
constexpr std::size_t max_port_areas = 64;
constexpr std::size_t max_port_area_size = 32;
constexpr std::size_t max_name_size = 512;
constexpr std::size_t max_masked_id_size = 64;
constexpr std::size_t max_warnings = 16;
constexpr std::size_t max_warning_size = 64;
constexpr std::size_t max_cursor_size = 128;
constexpr std::size_t photo_hash_text_size = 64;
constexpr auto max_int = std::numeric_limits<std::int64_t>::max();

json::object to_json(const Renewal& renewal) {
    json::object object{
        {"id", renewal.id.value.text()},
        {"version", renewal.version.value},
        {"status", name(renewal.status)},
        {"held", renewal.held},
        {"pass_number", renewal.pass_number.text()},
        {"old_pass_number", renewal.old_pass_number.text()},
        {"valid_from", renewal.valid_from.iso()},
        {"valid_to", renewal.valid_to.iso()},
        {"pickup_port", renewal.pickup_port.text()},
        {"port_areas", wire::to_json(renewal.port_areas)},
        {"holder_name", renewal.holder_name.reveal()},
        {"masked_id", renewal.masked_id.reveal()},
        {"data_warnings", wire::to_json(renewal.data_warnings)},
    };
    if (renewal.photo) {
        object.emplace("photo", to_hex(renewal.photo->value));
    }
    return object;
}

std::optional<BusinessDay> iso_day(std::string_view text) {
    const auto day = BusinessDay::parse(text);
    return day && day->iso() == text ? day : std::nullopt;
}

Result<Renewal> renewal_from(const json::value& value) {
    Members members(value, "renewals[]");
    const Uuid id = members.uuid("id");
    const std::int64_t version = members.integer("version", 1, max_int);
    const auto status = members.parsed("status", max_status_size, parse_renewal_status);
    const bool held = members.boolean("held");
    const auto pass_number = members.parsed("pass_number", PassNumber::max_size, PassNumber::parse);
    const auto old_pass_number =
        members.parsed("old_pass_number", PassNumber::max_size, PassNumber::parse);
    const auto valid_from = members.parsed("valid_from", date_size, iso_day);
    const auto valid_to = members.parsed("valid_to", date_size, iso_day);
    const auto pickup_port = members.parsed("pickup_port", max_port_size, Port::parse);
    auto port_areas = members.texts("port_areas", max_port_areas, max_port_area_size);
    std::string holder_name = members.text("holder_name", max_name_size);
    std::string masked_id = members.text("masked_id", max_masked_id_size);
    auto data_warnings = members.texts("data_warnings", max_warnings, max_warning_size);
    std::optional<PhotoHash> photo;
    if (members.has("photo")) {
        photo = members.parsed("photo", photo_hash_text_size, parse_photo_hash);
    }
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    return Renewal{RenewalId(id),
                   RenewalVersion(version),
                   *status,
                   held,
                   *pass_number,
                   *old_pass_number,
                   *valid_from,
                   *valid_to,
                   *pickup_port,
                   std::move(port_areas),
                   PersonalText(std::move(holder_name)),
                   PersonalText(std::move(masked_id)),
                   std::move(data_warnings),
                   photo};
}

}  // namespace

std::optional<PhotoHash> parse_photo_hash(std::string_view text) {
    const auto octets = from_hex(text);
    PhotoHash hash;
    if (!octets || octets->size() != hash.value.size() || to_hex(*octets) != text) {
        return std::nullopt;
    }
    std::copy(octets->begin(), octets->end(), hash.value.begin());
    return hash;
}

std::string encode(const RenewalPage& page) {
    json::array renewals;
    for (const Renewal& renewal : page.renewals) {
        renewals.push_back(to_json(renewal));
    }
    return json::serialize(
        json::object{{"renewals", std::move(renewals)}, {"cursor", page.cursor}});
}

Result<RenewalPage> decode_renewal_page(std::string_view json) {
    const auto value = parse_json(json, max_body_size);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    Members members(*value, "page");
    RenewalPage page;
    const json::array& renewals = members.array("renewals", max_page_size);
    page.cursor = members.text("cursor", max_cursor_size);
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    page.renewals.reserve(renewals.size());
    for (const json::value& element : renewals) {
        auto renewal = renewal_from(element);
        if (!renewal) {
            return tl::make_unexpected(renewal.error());
        }
        page.renewals.push_back(std::move(*renewal));
    }
    return page;
}

}  // namespace card::wire
