#pragma once
// The one table of events: what can happen, how bad it is, what each tells, and what to do. The
// log, the journal's fields, the counters of /metrics and `station/EVENTS.md` all come from it.

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

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
    ledger_behind,
    ledger_room_low,
    ledger_room_back,
    ledger_check_unfinished,
    ledger_backup_made,
    ledger_backup_failed,
    hand_over_waived,
    letter_keys_stored,
    card_condemned,
    card_voided,
    card_missing,
    card_found,
    card_written_off,
    line_stopped,
    line_resumed,
    clock_jumped,
    clock_differs,
    clock_agrees,
    data_odd,
    card_adopted,
};

/// How bad, with the numbers of syslog (RFC 5424, 6.2.1), which journald takes as PRIORITY.
enum class Level : std::uint8_t { critical = 2, error = 3, warning = 4, notice = 5, info = 6 };

/// Who needs it: whoever answers for cards, whoever keeps the station running, whoever guards it.
enum class EventClass : std::uint8_t { audit, operational, security };

/// Every field that an event can have beside those that all have.
enum class FieldName : std::uint8_t {
    pass_no,
    attempt,
    reader,
    notice,
    status,
    code,
    count,
    seq,
    fault,
    detail,
    date,
    generation,
    staff,
    seconds,
};

/// The fields that an event may have.
class FieldSet {
  public:
    constexpr FieldSet(std::initializer_list<FieldName> names) {
        for (const FieldName name : names) {
            bits_ |= bit(name);
        }
    }
    [[nodiscard]] constexpr bool has(FieldName name) const { return (bits_ & bit(name)) != 0; }

  private:
    static constexpr std::uint32_t bit(FieldName name) {
        return 1U << static_cast<std::uint32_t>(name);
    }
    std::uint32_t bits_ = 0;
};

struct CatalogueEntry {
    EventId id;
    std::string_view name;        ///< stable
    std::string_view message_id;  ///< journald's MESSAGE_ID, 128 bits as 32 digits; stable
    Level level;
    EventClass event_class;
    FieldSet fields;
    std::string_view meaning;
    std::string_view operator_does;  ///< at the counter or the production reader
    std::string_view ops_do;
};

/// In the order of the enumeration.
[[nodiscard]] std::span<const CatalogueEntry> catalogue();
[[nodiscard]] const CatalogueEntry& entry(EventId id);
/// In the order of the enumeration.
[[nodiscard]] std::span<const FieldName> field_names();

[[nodiscard]] std::string_view name(Level level);
[[nodiscard]] std::string_view name(EventClass event_class);
[[nodiscard]] std::string_view name(FieldName field);
/// What a field holds, for people.
[[nodiscard]] std::string_view meaning(FieldName field);

/// The catalogue as the page `station/EVENTS.md`.
[[nodiscard]] std::string catalogue_page();

}  // namespace card::observe
