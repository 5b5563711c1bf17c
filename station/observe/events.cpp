#include "station/observe/events.hpp"

#include <boost/json.hpp>

#include "cardformat/base/utf8.hpp"
#include "station/observe/words.hpp"

namespace card::observe {
namespace {

constexpr std::string_view replacement = "\uFFFD";
constexpr std::string_view ellipsis = "…";
constexpr auto continuation_mask = 0xC0U;
constexpr auto continuation_mark = 0x80U;

bool continues(char octet) {
    return (static_cast<unsigned char>(octet) & continuation_mask) == continuation_mark;
}

/// At most `max_field_size` octets of UTF-8, cut between characters.
std::string cut(std::string text) {
    if (text.size() > max_field_size) {
        std::size_t end = max_field_size - ellipsis.size();
        while (end > 0 && continues(text[end])) {
            --end;
        }
        text.replace(end, std::string::npos, ellipsis);
    }
    return text;
}

/// JSON escapes what is below U+0020. DEL and the controls U+0080 to U+009F go through it, and a
/// terminal may obey them (ECMA-48), so nobody gets them.
std::string without_late_controls(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool late = text[i] == '\xC2' && i + 1 < text.size() &&
                          static_cast<unsigned char>(text[i + 1]) < 0xA0U;
        if (late || text[i] == '\x7F') {
            clean += replacement;
            i += late ? 1 : 0;
        } else {
            clean += text[i];
        }
    }
    return clean;
}

boost::json::value json_of(const Field& field) {
    if (const auto* number = std::get_if<std::int64_t>(&field.value()); number != nullptr) {
        return *number;
    }
    return boost::json::value(std::get<std::string>(field.value()));
}

}  // namespace

Field::Field(FieldName name, std::string_view text)
    : name_(name),
      value_(cut(without_late_controls(to_utf8(text.substr(0, max_field_size + 1))))) {}

bool Field::empty() const {
    const auto* text = std::get_if<std::string>(&value_);
    return text != nullptr && text->empty();
}

std::string Field::text() const {
    const auto* number = std::get_if<std::int64_t>(&value_);
    return number != nullptr ? std::to_string(*number) : std::get<std::string>(value_);
}

Field pass_field(const PassNumber& number) {
    return {FieldName::pass_no, number.text()};
}
Field attempt_field(AttemptId attempt) {
    return {FieldName::attempt, attempt.value.text()};
}
Field reader_field(std::string_view configured_name) {
    return {FieldName::reader, configured_name};
}
Field notice_field(issuance::Notice notice) {
    return {FieldName::notice, words(notice).name};
}
Field status_field(RenewalStatus status) {
    return {FieldName::status, card::name(status)};
}
Field code_field(std::string_view code) {
    return {FieldName::code, code};
}
Field count_field(std::int64_t count) {
    return {FieldName::count, count};
}
Field generation_field(std::uint8_t generation) {
    return {FieldName::generation, std::int64_t{generation}};
}

Field seq_field(std::int64_t seq) {
    return {FieldName::seq, seq};
}
Field fault_field(Fault fault) {
    return {FieldName::fault, card::name(fault)};
}
Field detail_field(std::string_view detail) {
    return {FieldName::detail, detail};
}
Field date_field(BusinessDay day) {
    return {FieldName::date, day.iso()};
}

Field seconds_field(std::int64_t seconds) {
    return {FieldName::seconds, seconds};
}

Field staff_field(const StaffId& staff) {
    return {FieldName::staff, staff.text()};
}

std::string to_json_line(const EventRecord& record) {
    boost::json::object line{{"ts", to_rfc3339(record.at)},
                             {"event", record.event.name},
                             {"level", name(record.event.level)},
                             {"station", record.station}};
    for (const Field& field : record.fields) {
        if (!field.empty()) {
            line[name(field.name())] = json_of(field);
        }
    }
    return boost::json::serialize(line);
}

std::string to_sentence(const EventRecord& record) {
    std::string sentence =
        std::string(record.event.name) + ": " + std::string(record.event.meaning);
    for (const Field& field : record.fields) {
        const bool plain = field.name() == FieldName::pass_no || field.name() == FieldName::attempt;
        if (!field.empty() && !plain) {
            sentence += " " + std::string(name(field.name())) + "=" +
                        boost::json::serialize(json_of(field));
        }
    }
    return sentence;
}

void EventLog::tell(EventId id, std::initializer_list<Field> fields) {
    tell(id, std::span<const Field>(fields.begin(), fields.size()));
}

void EventLog::tell(EventId id, std::span<const Field> fields) {
    const EventRecord record{entry(id), clock_->now(), station_, fields};
    for (const EventSink& sink : sinks_) {
        sink(record);
    }
}

}  // namespace card::observe
