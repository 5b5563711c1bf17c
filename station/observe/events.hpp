#pragma once
// The station's log: one JSON line on standard output for each thing that happened. An event is one
// of the catalogue, its fields are typed, and no field can take personal text, a key or a scan.

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "cardformat/base/ports.hpp"
#include "cardformat/base/result.hpp"
#include "cardformat/pass/renewal.hpp"
#include "station/issuance/notice.hpp"

namespace card::observe {

enum class EventId : std::uint8_t {
    station_ready,
    station_stopped,
    keys_unsafe,
    keys_incomplete,
    business_date_fixed,
    central_in_the_clear,
    certificate_expires,
    central_reached,
    central_away,
    central_unproven,
    central_answer_refused,
    renewal_received,
    renewal_claimed,
    claim_refused,
    reader_up,
    reader_down,
    worker_lost,
    card_refused,
    card_started,
    card_resumed,
    card_torn,
    card_verified,
    card_spoiled,
    hand_over_begun,
    hand_over_refused,
    hand_over_authorised,
    hand_over_interrupted,
    hand_over_done,
    hand_over_acknowledged,
    hand_over_ended,
    facts_acknowledged,
    fact_conflict,
    ledger_failed,
    defect_found,
};

enum class Level : std::uint8_t { info, notice, warning, error };

/// What ops read about an event.
struct CatalogueEntry {
    EventId id;
    std::string_view name;  ///< stable
    Level level;
    std::string_view meaning;
    std::string_view what_to_do;
};

[[nodiscard]] std::span<const CatalogueEntry> catalogue();
[[nodiscard]] std::string_view name(Level level);

/// One field. Made only by the functions below, each for one kind of value.
struct Field {
    std::string_view name;
    std::variant<std::string, std::int64_t> value;
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

class EventLog {
  public:
    EventLog(std::string station, const Clock& clock)
        : station_(std::move(station)), clock_(&clock) {}
    EventLog(const EventLog&) = delete;
    EventLog& operator=(const EventLog&) = delete;
    virtual ~EventLog() = default;

    void tell(EventId id, std::initializer_list<Field> fields = {});

  protected:
    /// A whole line without its line end.
    virtual void write(const std::string& line);

  private:
    std::string station_;
    const Clock* clock_;
};

}  // namespace card::observe
