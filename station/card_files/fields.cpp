#include "station/card_files/fields.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/stream_parser.hpp>

namespace card::cardtool {
namespace {

namespace json = boost::json;

/// The value, or what is wrong and in which line.
Result<json::value> parse_json(std::string_view text) {
    json::stream_parser parser;
    boost::system::error_code error;
    const std::size_t read = parser.write_some(text.data(), text.size(), error);
    const std::string_view rest = text.substr(std::min(read, text.size()));
    if (!error && rest.find_first_not_of(" \t\r\n") != std::string_view::npos) {
        error = json::make_error_code(json::error::extra_data);
    }
    if (!error) {
        parser.finish(error);
    }
    if (error) {
        const auto line = 1 + std::ranges::count(text.substr(0, read), '\n');
        return fail(Fault::correct_input,
                    "no JSON: line " + std::to_string(line) + ": " + error.message());
    }
    return parser.release();
}

tl::unexpected<Failure> wrong(std::string_view name, std::string_view what) {
    return fail(Fault::correct_input, "\"" + std::string(name) + "\" " + std::string(what));
}

/// For a message: a name from a file has no say over the terminal.
std::string shown(std::string_view name) {
    constexpr std::size_t enough = 40;
    std::string clean(name.substr(0, enough));
    std::ranges::replace_if(
        clean, [](unsigned char letter) { return letter < 0x20 || letter >= 0x7F; }, '?');
    return clean;
}

}  // namespace

Result<Fields> Fields::parse(std::string_view text, std::initializer_list<std::string_view> known) {
    Result<json::value> value = parse_json(text);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    if (!value->is_object()) {
        return fail(Fault::correct_input, "not one JSON object");
    }
    for (const json::key_value_pair& field : value->get_object()) {
        if (std::ranges::find(known, std::string_view(field.key())) == known.end()) {
            return wrong(shown(field.key()), "is no field of this file");
        }
    }
    return Fields(std::move(value->get_object()));
}

Result<std::string> Fields::text(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    if (value == nullptr) {
        return wrong(name, "is missing");
    }
    if (!value->is_string()) {
        return wrong(name, "is not a text");
    }
    return std::string(value->get_string());
}

Result<std::int64_t> Fields::number(std::string_view name, std::int64_t max) const {
    const json::value* value = object_.if_contains(name);
    if (value == nullptr) {
        return wrong(name, "is missing");
    }
    if (!value->is_int64() || value->get_int64() < 1 || value->get_int64() > max) {
        return wrong(name, "is not a number from 1 to " + std::to_string(max));
    }
    return value->get_int64();
}

Result<std::vector<std::string>> Fields::texts(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    if (value == nullptr) {
        return wrong(name, "is missing");
    }
    if (!value->is_array()) {
        return wrong(name, "is not a list");
    }
    std::vector<std::string> all;
    for (const json::value& one : value->get_array()) {
        if (!one.is_string()) {
            return wrong(name, "has something else than a text in it");
        }
        all.emplace_back(one.get_string());
    }
    return all;
}

}  // namespace card::cardtool
