#include "station/card_files/record.hpp"

#include <algorithm>
#include <limits>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "cardformat/desfire/profile.hpp"
#include "station/card_files/fields.hpp"

namespace card::cardtool {
namespace {

constexpr std::int64_t format_version = 1;
constexpr std::int64_t max_generation = 255;

template <class T>
Result<T> required(std::optional<T> value, std::string_view name) {
    if (!value) {
        return fail(Fault::correct_input, "\"" + std::string(name) + "\" has a wrong form");
    }
    return std::move(*value);
}

std::optional<RecordState> parse_state(std::string_view text) {
    const auto* const found = std::ranges::find(record_state_names, text);
    if (found == record_state_names.end()) {
        return std::nullopt;
    }
    return static_cast<RecordState>(found - record_state_names.begin());
}

template <class Parse>
auto parsed(const Fields& fields, std::string_view name, const Parse& parse) {
    return fields.text(name).and_then(
        [&](const std::string& text) { return required(parse(text), name); });
}

std::optional<PassNumber> parse_number(std::string_view text) {
    const auto number = PassNumber::parse(text);
    return number ? std::optional(*number) : std::nullopt;
}

std::optional<Bytes> parse_credential(std::string_view text) {
    auto octets = from_hex(text);
    const bool fits = octets && !octets->empty() && octets->size() <= desfire::max_credential_size;
    return fits ? std::move(octets) : std::nullopt;
}

Result<RecordedPass> parse_pass(const Fields& fields) {
    const auto attempt = parsed(fields, "attempt", Uuid::parse);
    if (!attempt) {
        return tl::make_unexpected(attempt.error());
    }
    auto number = parsed(fields, "pass_number", parse_number);
    if (!number) {
        return tl::make_unexpected(number.error());
    }
    const auto generation = fields.number("key_generation", max_generation);
    if (!generation) {
        return tl::make_unexpected(generation.error());
    }
    auto credential = parsed(fields, "credential", parse_credential);
    if (!credential) {
        return tl::make_unexpected(credential.error());
    }
    return RecordedPass{AttemptId{*attempt}, std::move(*number),
                        static_cast<std::uint8_t>(*generation), std::move(*credential)};
}

}  // namespace

std::string encode_record(const Record& record) {
    boost::json::object object{{"format", format_version},
                               {"uid", record.uid.hex()},
                               {"state", name(record.state)},
                               {"sequence", record.sequence}};
    if (record.pass) {
        object["attempt"] = record.pass->attempt.value.text();
        object["pass_number"] = record.pass->pass_number.text();
        object["key_generation"] = record.pass->key_generation;
        object["credential"] = to_hex(record.pass->credential);
    }
    return boost::json::serialize(object) + "\n";
}

Result<Record> parse_record(std::string_view text) {
    if (text.size() > max_record_size) {
        return fail(Fault::correct_input,
                    "longer than " + std::to_string(max_record_size) + " octets");
    }
    const auto fields = Fields::parse(text, {"format", "uid", "state", "sequence", "attempt",
                                             "pass_number", "key_generation", "credential"});
    if (!fields) {
        return tl::make_unexpected(fields.error());
    }
    if (const auto format = fields->number("format", format_version); !format) {
        return tl::make_unexpected(format.error());
    }
    const auto uid = parsed(*fields, "uid", CardUid::parse);
    if (!uid) {
        return tl::make_unexpected(uid.error());
    }
    const auto state = parsed(*fields, "state", parse_state);
    if (!state) {
        return tl::make_unexpected(state.error());
    }
    const auto sequence = fields->number("sequence", std::numeric_limits<std::int32_t>::max());
    if (!sequence) {
        return tl::make_unexpected(sequence.error());
    }
    Record record{*uid, *state, *sequence, std::nullopt};
    const bool only_formatted = *state == RecordState::formatting || *state == RecordState::blank;
    if (!only_formatted || fields->has("credential")) {
        auto pass = parse_pass(*fields);
        if (!pass) {
            return tl::make_unexpected(pass.error());
        }
        record.pass = std::move(*pass);
    }
    return record;
}

}  // namespace card::cardtool
