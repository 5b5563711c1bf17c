#pragma once
// The station's log. An event is one of the catalogue, its fields are typed, and no field can take
// personal text, a key or a scan. Where it goes is for the sinks.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cardformat/base/ports.hpp"
#include "cardformat/base/result.hpp"
#include "cardformat/pass/hand_over_evidence.hpp"
#include "cardformat/pass/renewal.hpp"
#include "station/issuance/notice.hpp"
#include "station/observe/catalogue.hpp"

namespace card::observe {

/// The longest text of a field, in octets; what is longer is cut.
inline constexpr std::size_t max_field_size = 1024;

/// One field. Made only by the functions below, each for one kind of value.
class Field {
  public:
    using Value = std::variant<std::string, std::int64_t>;

    [[nodiscard]] FieldName name() const { return name_; }
    [[nodiscard]] const Value& value() const { return value_; }
    /// Whether it says nothing, so that it is left out.
    [[nodiscard]] bool empty() const;
    /// As text, whatever it is.
    [[nodiscard]] std::string text() const;

  private:
    friend Field pass_field(const PassNumber& number);
    friend Field attempt_field(AttemptId attempt);
    friend Field reader_field(std::string_view configured_name);
    friend Field notice_field(issuance::Notice notice);
    friend Field status_field(RenewalStatus status);
    friend Field code_field(std::string_view code);
    friend Field count_field(std::int64_t count);
    friend Field seq_field(std::int64_t seq);
    friend Field fault_field(Fault fault);
    friend Field detail_field(std::string_view detail);
    friend Field date_field(BusinessDay day);
    friend Field generation_field(std::uint8_t generation);
    friend Field staff_field(const StaffId& staff);
    friend Field seconds_field(std::int64_t seconds);

    Field(FieldName name, std::string_view text);
    Field(FieldName name, std::int64_t number) : name_(name), value_(number) {}

    FieldName name_;
    Value value_;
};

[[nodiscard]] Field pass_field(const PassNumber& number);
[[nodiscard]] Field attempt_field(AttemptId attempt);
[[nodiscard]] Field reader_field(std::string_view configured_name);
[[nodiscard]] Field notice_field(issuance::Notice notice);
[[nodiscard]] Field status_field(RenewalStatus status);
/// A stable code of the program's or the central's own.
[[nodiscard]] Field code_field(std::string_view code);
[[nodiscard]] Field count_field(std::int64_t count);
/// A generation of keys.
[[nodiscard]] Field generation_field(std::uint8_t generation);
[[nodiscard]] Field seq_field(std::int64_t seq);
[[nodiscard]] Field fault_field(Fault fault);
/// A failure's detail, which by its own rule names no person and no secret.
[[nodiscard]] Field detail_field(std::string_view detail);
[[nodiscard]] Field date_field(BusinessDay day);
[[nodiscard]] Field staff_field(const StaffId& staff);
[[nodiscard]] Field seconds_field(std::int64_t seconds);

/// One thing that happened, for as long as the sinks look at it.
struct EventRecord {
    const CatalogueEntry& event;
    Timestamp at;
    std::string_view station;
    std::span<const Field> fields;
};

/// The record as JSON without a line end: printable octets only, whatever the fields hold.
[[nodiscard]] std::string to_json_line(const EventRecord& record);
/// The record as one line for people.
[[nodiscard]] std::string to_sentence(const EventRecord& record);

using EventSink = std::function<void(const EventRecord&)>;

/// Tells each event to every sink, in order.
class EventLog {
  public:
    EventLog(std::string station, const Clock& clock, std::vector<EventSink> sinks)
        : station_(std::move(station)), clock_(&clock), sinks_(std::move(sinks)) {}
    EventLog(const EventLog&) = delete;
    EventLog& operator=(const EventLog&) = delete;

    void tell(EventId id, std::initializer_list<Field> fields = {});
    /// The same for fields that are known one by one.
    void tell(EventId id, std::span<const Field> fields);

  private:
    std::string station_;
    const Clock* clock_;
    std::vector<EventSink> sinks_;
};

}  // namespace card::observe
