#include "station/observe/events.hpp"

#include <array>

#include <boost/json.hpp>
#include <unistd.h>

#include "cardformat/base/utf8.hpp"
#include "station/observe/words.hpp"

namespace card::observe {
namespace {

// In the order of the enumeration; a test checks that none is missing.
constexpr std::array<CatalogueEntry, 34> entries{{
    {EventId::station_ready, "station.ready", Level::notice,
     "The ledger is open, the readers' workers run, the control socket listens.", "Nothing."},
    {EventId::station_stopped, "station.stopped", Level::notice,
     "The station ends because it was asked to.", "Nothing."},
    {EventId::keys_unsafe, "keys.unsafe", Level::warning,
     "The keys are in plain files: a development key store.",
     "Never write cards for real holders with it."},
    {EventId::keys_incomplete, "keys.incomplete", Level::warning,
     "A generation of keys is not whole, so it is not used; `code` says of which keys.",
     "Finish it with `cardtool keys roll`, or delete what is there of it."},
    {EventId::business_date_fixed, "business_date.fixed", Level::warning,
     "The business day is set by configuration and not by the clock.",
     "Remove `business_date` from the configuration unless this is a demonstration."},
    {EventId::central_in_the_clear, "central.plain_http", Level::warning,
     "The central is reached by plain HTTP on this machine, without certificates.",
     "Use https:// and [tls] unless this is a demonstration."},
    {EventId::certificate_expires, "certificate.expires", Level::warning,
     "The station's certificate for the central expires on `date`, in 30 days or less.",
     "Have it renewed, put it in its place, and start the station again."},
    {EventId::central_reached, "central.reached", Level::notice, "The central answers again.",
     "Nothing."},
    {EventId::central_away, "central.away", Level::warning,
     "The central cannot be reached; the station goes on trying.",
     "Check network and central when it lasts longer than some minutes."},
    {EventId::central_unproven, "central.unproven", Level::error,
     "Station and central do not accept each other's certificates; the station goes on trying.",
     "`detail` says whose and why: renew the certificate, or correct [tls], clock or address."},
    {EventId::central_answer_refused, "central.refused", Level::error,
     "The central refuses what the station sends, for a reason that does not pass by itself.",
     "Read `detail`; the facts stay in the ledger until this is mended."},
    {EventId::renewal_received, "renewal.received", Level::info,
     "A renewal came, or changed at the central.", "Nothing."},
    {EventId::renewal_claimed, "renewal.claimed", Level::info,
     "The central gave this station the renewal to make.", "Nothing."},
    {EventId::claim_refused, "renewal.claim_refused", Level::warning,
     "The central does not let this station make the renewal.",
     "See `code`; ask the central's desk."},
    {EventId::reader_up, "reader.up", Level::notice, "The reader is there.", "Nothing."},
    {EventId::reader_down, "reader.down", Level::warning, "The reader cannot be used.",
     "See `fault`: cable, pcscd, or permission."},
    {EventId::worker_lost, "reader.worker_lost", Level::warning,
     "A reader's worker process ended or hung and is being started again.",
     "If it repeats, change the reader."},
    {EventId::card_refused, "card.refused", Level::notice,
     "A card on a production reader was refused and not changed.", "See `notice`."},
    {EventId::card_started, "card.started", Level::info,
     "The intent to write this card is durable; writing begins.", "Nothing."},
    {EventId::card_resumed, "card.resumed", Level::notice,
     "A card whose writing was interrupted is taken up again.", "Nothing."},
    {EventId::card_torn, "card.torn", Level::warning,
     "The card left before it was finished; its state is in doubt.",
     "The same card must be put back on the reader."},
    {EventId::card_verified, "card.verified", Level::notice,
     "The card is finished and was read back as a gate reads; it opens nothing yet.", "Nothing."},
    {EventId::card_spoiled, "card.spoiled", Level::warning, "The card is given up.",
     "It belongs into the void box; the renewal can be made again."},
    {EventId::hand_over_begun, "handover.begun", Level::info,
     "An old pass was read and its renewal found.", "Nothing."},
    {EventId::hand_over_refused, "handover.refused", Level::notice,
     "The counter refused, and recorded why.", "See `notice` and `code`."},
    {EventId::hand_over_authorised, "handover.authorised", Level::info,
     "The central allowed this card to be made live, and that is durable.", "Nothing."},
    {EventId::hand_over_interrupted, "handover.interrupted", Level::warning,
     "The card left while it was being activated; its state is in doubt.",
     "The same card must be put back on the reader."},
    {EventId::hand_over_done, "handover.done", Level::notice,
     "The card is live and handed over; the central is owed that.", "Nothing."},
    {EventId::hand_over_acknowledged, "handover.acknowledged", Level::notice,
     "The central has it: old pass off, new card on.", "Nothing."},
    {EventId::hand_over_ended, "handover.ended", Level::info,
     "A sitting ended without a card being handed over.", "See `notice`."},
    {EventId::facts_acknowledged, "facts.acknowledged", Level::info,
     "The central has all facts up to `seq`.", "Nothing."},
    {EventId::fact_conflict, "fact.conflict", Level::error,
     "A fact contradicts what the central knows.", "Follow `code`, such as void_card."},
    {EventId::ledger_failed, "ledger.failed", Level::error,
     "The ledger cannot be trusted to be durable; the station stops.",
     "Check disk space and disk; start the station again; keep the file."},
    {EventId::defect_found, "station.defect", Level::error,
     "The program found itself in a state that must not be; that desk stopped its card.",
     "Set the card aside and report `detail`."},
}};

}  // namespace

std::span<const CatalogueEntry> catalogue() {
    return entries;
}

std::string_view name(Level level) {
    constexpr std::array<std::string_view, 4> names{"info", "notice", "warning", "error"};
    return names.at(static_cast<std::size_t>(level));
}

Field pass_field(const PassNumber& number) {
    return {"pass_no", number.text()};
}
Field attempt_field(AttemptId attempt) {
    return {"attempt", attempt.value.text()};
}
Field reader_field(std::string_view configured) {
    return {"reader", std::string(configured)};
}
Field notice_field(issuance::Notice notice) {
    return {"notice", std::string(words(notice).name)};
}
Field status_field(RenewalStatus status) {
    return {"status", std::string(card::name(status))};
}
Field code_field(std::string_view code) {
    return {"code", std::string(code)};
}
Field count_field(std::int64_t count) {
    return {"count", count};
}
Field generation_field(std::uint8_t generation) {
    return {"generation", std::int64_t{generation}};
}

Field seq_field(std::int64_t seq) {
    return {"seq", seq};
}
Field fault_field(Fault fault) {
    return {"fault", std::string(card::name(fault))};
}
Field detail_field(std::string_view detail) {
    return {"detail", to_utf8(detail)};
}
Field date_field(BusinessDay day) {
    return {"date", day.iso()};
}

void EventLog::tell(EventId id, std::initializer_list<Field> fields) {
    const CatalogueEntry& entry = entries.at(static_cast<std::size_t>(id));
    boost::json::object line{{"ts", to_rfc3339(clock_->now())},
                             {"event", entry.name},
                             {"level", name(entry.level)},
                             {"station", station_}};
    for (const Field& field : fields) {
        if (const auto* text = std::get_if<std::string>(&field.value); text != nullptr) {
            line[field.name] = *text;
        } else {
            line[field.name] = std::get<std::int64_t>(field.value);
        }
    }
    write(boost::json::serialize(line));
}

void EventLog::write(const std::string& line) {
    // One write, so that lines of several processes on one pipe do not mix. A log that cannot be
    // written stops nothing: the ledger is the memory.
    const std::string whole = line + "\n";
    [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, whole.data(), whole.size());
}

}  // namespace card::observe
