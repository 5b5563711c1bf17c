#include "station/card_files/pass_file.hpp"

#include <algorithm>

#include "station/card_files/fields.hpp"

namespace card::cardtool {
namespace {

Result<PassNumber> pass_number(const Fields& fields, std::string_view name) {
    const auto text = fields.text(name);
    if (!text) {
        return tl::make_unexpected(text.error());
    }
    auto number = PassNumber::parse(*text);
    if (!number) {
        return fail("\"" + std::string(name) + "\"", number.error());
    }
    return number;
}

Result<BusinessDay> day(const Fields& fields, std::string_view name) {
    const auto text = fields.text(name);
    if (!text) {
        return tl::make_unexpected(text.error());
    }
    const auto day = BusinessDay::parse(*text);
    if (!day) {
        return fail(Fault::correct_input,
                    "\"" + std::string(name) + "\" is not a day such as 2021-12-01");
    }
    return *day;
}

bool is_area(const std::string& area) {
    return !area.empty() && area.size() <= max_port_area_size &&
           std::ranges::none_of(
               area, [](unsigned char letter) { return letter < 0x20 || letter == 0x7F; });
}

Result<std::vector<std::string>> port_areas(const Fields& fields) {
    auto areas = fields.texts("port_areas");
    if (!areas) {
        return areas;
    }
    if (areas->empty() || areas->size() > max_port_areas) {
        return fail(Fault::correct_input,
                    "\"port_areas\" has not 1 to " + std::to_string(max_port_areas) + " areas");
    }
    if (!std::ranges::all_of(*areas, is_area)) {
        return fail(Fault::correct_input, "\"port_areas\" has an area that is empty, longer than " +
                                              std::to_string(max_port_area_size) +
                                              " octets, or has control characters");
    }
    return areas;
}

}  // namespace

Result<RequestedPass> parse_pass_file(std::string_view text) {
    if (text.size() > max_pass_file_size) {
        return fail(Fault::correct_input,
                    "longer than " + std::to_string(max_pass_file_size) + " octets");
    }
    const auto fields = Fields::parse(
        text, {"pass_number", "old_pass_number", "valid_from", "valid_to", "port_areas"});
    if (!fields) {
        return tl::make_unexpected(fields.error());
    }
    auto number = pass_number(*fields, "pass_number");
    if (!number) {
        return tl::make_unexpected(number.error());
    }
    auto old_number = pass_number(*fields, "old_pass_number");
    if (!old_number) {
        return tl::make_unexpected(old_number.error());
    }
    const auto from = day(*fields, "valid_from");
    if (!from) {
        return tl::make_unexpected(from.error());
    }
    const auto to = day(*fields, "valid_to");
    if (!to) {
        return tl::make_unexpected(to.error());
    }
    if (*to < *from) {
        return fail(Fault::correct_input, "\"valid_to\" is before \"valid_from\"");
    }
    auto areas = port_areas(*fields);
    if (!areas) {
        return tl::make_unexpected(areas.error());
    }
    return RequestedPass{std::move(*number), std::move(*old_number), *from, *to, std::move(*areas)};
}

}  // namespace card::cardtool
