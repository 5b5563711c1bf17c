#include "station/observe/catalogue.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace card::observe {
namespace {

using enum FieldName;

struct FieldEntry {
    FieldName id;
    std::string_view name;
    std::string_view meaning;
};

constexpr std::array field_entries{
    FieldEntry{pass_no, "pass_no", "the new pass's number, as printed"},
    FieldEntry{attempt, "attempt", "id of one card's writing, a UUID"},
    FieldEntry{reader, "reader", "the reader, as the configuration names it"},
    FieldEntry{notice, "notice", "what the operator was shown, by its stable name"},
    FieldEntry{status, "status", "the renewal's, at the central"},
    FieldEntry{code, "code", "why, as a stable word"},
    FieldEntry{count, "count", "how many"},
    FieldEntry{seq, "seq", "number of a fact in the outbox"},
    FieldEntry{fault, "fault", "what must happen next, by its stable name"},
    FieldEntry{detail, "detail", "the cause in words; names no person and no secret"},
    FieldEntry{date, "date", "a day"},
    FieldEntry{generation, "generation", "number of a generation of keys"},
    FieldEntry{staff, "staff", "who answered for it, by the id that was typed in; not proven"},
};

constexpr std::array entries{
    CatalogueEntry{EventId::station_ready,
                   "station.ready",
                   "5ba075b3c2da4004a5510b283576b56d",
                   Level::notice,
                   EventClass::operational,
                   {},
                   "The ledger is open, the readers' workers run, the control socket listens.",
                   "Begins work.",
                   "Nothing."},
    CatalogueEntry{EventId::station_stopped,
                   "station.stopped",
                   "f05881a1d9aa40a9b4cbf5006e3e443c",
                   Level::notice,
                   EventClass::operational,
                   {},
                   "The station ends because it was asked to.",
                   "Waits until it runs again.",
                   "Nothing."},
    CatalogueEntry{EventId::keys_unsafe,
                   "keys.unsafe",
                   "0f8911da06fa41a09f070cfe710296bd",
                   Level::warning,
                   EventClass::security,
                   {},
                   "The keys are in plain files: a development key store.",
                   "Nothing.",
                   "Never write cards for real holders with it."},
    CatalogueEntry{
        EventId::keys_incomplete,
        "keys.incomplete",
        "459a811c589d46b8abefd43e778fdf2c",
        Level::warning,
        EventClass::security,
        {code, generation},
        "A generation of keys is not whole, so it is not used; `code` says of which keys.",
        "Nothing.",
        "Finish it with `cardtool keys roll`, or delete what is there of it."},
    CatalogueEntry{EventId::business_date_fixed,
                   "business_date.fixed",
                   "5ff3457a7d454a9398cd6ef125c618a9",
                   Level::warning,
                   EventClass::security,
                   {date},
                   "The business day is set by configuration and not by the clock.",
                   "Nothing.",
                   "Remove `business_date` from the configuration unless this is a demonstration."},
    CatalogueEntry{EventId::central_in_the_clear,
                   "central.plain_http",
                   "c49ed3cc2cf3445c92fe8ca03c83109c",
                   Level::warning,
                   EventClass::security,
                   {},
                   "The central is reached by plain HTTP on this machine, without certificates.",
                   "Nothing.",
                   "Use https:// and [tls] unless this is a demonstration."},
    CatalogueEntry{
        EventId::certificate_expires,
        "certificate.expires",
        "89b9455e9c574094adb3fe3fca219751",
        Level::warning,
        EventClass::security,
        {date},
        "The station's certificate for the central expires on `date`, in 30 days or less.",
        "Nothing.",
        "Have it renewed, put it in its place, and start the station again."},
    CatalogueEntry{EventId::central_reached,
                   "central.reached",
                   "0a7c625c3d034f7099c79c5563188d6c",
                   Level::notice,
                   EventClass::operational,
                   {},
                   "The central answers again.",
                   "Nothing.",
                   "Nothing."},
    CatalogueEntry{EventId::central_away,
                   "central.away",
                   "ab2fca6611634a29b0dc560fe37d6e10",
                   Level::warning,
                   EventClass::operational,
                   {detail},
                   "The central cannot be reached; the station goes on trying.",
                   "Goes on writing cards that are claimed; hand-overs wait.",
                   "Check network and central when it lasts longer than some minutes."},
    CatalogueEntry{
        EventId::central_unproven,
        "central.unproven",
        "e00cd68da2d1435ba9e17bc5fbdee15a",
        Level::error,
        EventClass::security,
        {detail},
        "Station and central do not accept each other's certificates; the station goes on trying.",
        "Goes on writing cards that are claimed; hand-overs wait.",
        "`detail` says whose and why: renew the certificate, or correct [tls], clock or address."},
    CatalogueEntry{
        EventId::central_answer_refused,
        "central.refused",
        "2abe5e893aa94eddb6ab3cef0b6b609e",
        Level::error,
        EventClass::operational,
        {detail},
        "The central refuses what the station sends, for a reason that does not pass by itself.",
        "Nothing.",
        "Read `detail`; the facts stay in the ledger until this is mended."},
    CatalogueEntry{EventId::renewal_received,
                   "renewal.received",
                   "a6cdceed61be49c1872a308b62f62ed0",
                   Level::info,
                   EventClass::audit,
                   {pass_no, status},
                   "A renewal came, or changed at the central.",
                   "Nothing.",
                   "Nothing."},
    CatalogueEntry{EventId::renewal_claimed,
                   "renewal.claimed",
                   "b0a1110e375f4480b48e120f5145e168",
                   Level::info,
                   EventClass::audit,
                   {pass_no},
                   "The central gave this station the renewal to make.",
                   "Nothing.",
                   "Nothing."},
    CatalogueEntry{EventId::claim_refused,
                   "renewal.claim_refused",
                   "b5d536b724d645f68fe609b8fd9dd34d",
                   Level::warning,
                   EventClass::audit,
                   {pass_no, code},
                   "The central does not let this station make the renewal.",
                   "Nothing.",
                   "See `code`; ask the central's desk."},
    CatalogueEntry{EventId::reader_up,
                   "reader.up",
                   "28a49bc89f90430dbdbd8aa2810a2997",
                   Level::notice,
                   EventClass::operational,
                   {reader},
                   "The reader is there.",
                   "Nothing.",
                   "Nothing."},
    CatalogueEntry{EventId::reader_down,
                   "reader.down",
                   "30d26238ef13429b9309cab19a4bc16a",
                   Level::warning,
                   EventClass::operational,
                   {reader, fault, detail},
                   "The reader cannot be used.",
                   "Checks the reader's cable.",
                   "See `fault`: cable, pcscd, or permission."},
    CatalogueEntry{EventId::worker_lost,
                   "reader.worker_lost",
                   "f398d6b5615749599fe838169341e7ff",
                   Level::warning,
                   EventClass::operational,
                   {reader, detail},
                   "A reader's worker process ended or hung and is being started again.",
                   "Waits some seconds.",
                   "If it repeats, change the reader."},
    CatalogueEntry{EventId::card_refused,
                   "card.refused",
                   "3161962eab584e51889d80408b90e1f4",
                   Level::notice,
                   EventClass::audit,
                   {pass_no, reader, notice},
                   "A card on a production reader was refused and not changed.",
                   "Takes another card.",
                   "See `notice`; many in a row mean wrong stock."},
    CatalogueEntry{EventId::card_started,
                   "card.started",
                   "83ca9e0ea0af4dd681e7fbb5d5c816f3",
                   Level::info,
                   EventClass::audit,
                   {pass_no, attempt, reader, detail},
                   "The intent to write this card is durable; writing begins.",
                   "Leaves the card in place.",
                   "Nothing."},
    CatalogueEntry{EventId::card_resumed,
                   "card.resumed",
                   "97ab7c7702b8455c908a4dbe4e7cbbea",
                   Level::notice,
                   EventClass::audit,
                   {pass_no, attempt, reader, detail},
                   "A card whose writing was interrupted is taken up again.",
                   "Leaves the card in place.",
                   "Nothing."},
    CatalogueEntry{EventId::card_torn,
                   "card.torn",
                   "9f15b1437c284c8ab6792b2c2fa5b6de",
                   Level::warning,
                   EventClass::audit,
                   {pass_no, attempt, reader, detail},
                   "The card left before it was finished; its state is in doubt.",
                   "Puts the same card back on the reader.",
                   "See that nobody throws the card away; many of one reader mean a bad reader."},
    CatalogueEntry{EventId::card_verified,
                   "card.verified",
                   "669b27402da24a8bbb9fefb31c9d71a5",
                   Level::notice,
                   EventClass::audit,
                   {pass_no, attempt, reader, detail},
                   "The card is finished and was read back as a gate reads; it opens nothing yet.",
                   "Files the card for collection.",
                   "Nothing."},
    CatalogueEntry{EventId::card_spoiled,
                   "card.spoiled",
                   "9d7309e451b1420597196ed9f57b06d2",
                   Level::warning,
                   EventClass::audit,
                   {pass_no, attempt, reader, detail},
                   "The card is given up.",
                   "Puts it into the void box and takes a blank one.",
                   "Count the void box; the renewal can be made again."},
    CatalogueEntry{EventId::hand_over_begun,
                   "handover.begun",
                   "a5b3b1a8ebb94f23b6e9b66177dcfa07",
                   Level::info,
                   EventClass::audit,
                   {pass_no, reader, code},
                   "An old pass was read and its renewal found.",
                   "Taps the new card.",
                   "Nothing."},
    CatalogueEntry{EventId::hand_over_refused,
                   "handover.refused",
                   "98e436c246a34774a3ff698ef8d59c63",
                   Level::notice,
                   EventClass::audit,
                   {pass_no, reader, code},
                   "The counter refused, and recorded why.",
                   "Hands nothing over; tells the holder why.",
                   "See `code`."},
    CatalogueEntry{EventId::hand_over_authorised,
                   "handover.authorised",
                   "9bb440b25ea547d5913481f140effba2",
                   Level::info,
                   EventClass::audit,
                   {pass_no, reader, code},
                   "The central allowed this card to be made live, and that is durable.",
                   "Leaves the card in place.",
                   "Nothing."},
    CatalogueEntry{EventId::hand_over_interrupted,
                   "handover.interrupted",
                   "f8210fb94e284938a3a7e0831ddbe123",
                   Level::warning,
                   EventClass::audit,
                   {pass_no, reader, code},
                   "The card left while it was being activated; its state is in doubt.",
                   "Puts the same card back on the reader.",
                   "See that the card stays at the counter."},
    CatalogueEntry{EventId::hand_over_done,
                   "handover.done",
                   "9d78b96b3d364cfea0fc604e7a136890",
                   Level::notice,
                   EventClass::audit,
                   {pass_no, reader, code},
                   "The card is live and handed over; the central is owed that.",
                   "Waits for the acknowledgement.",
                   "Nothing."},
    CatalogueEntry{EventId::hand_over_acknowledged,
                   "handover.acknowledged",
                   "9f08c1cfc9404bf8aab5772495a0e13d",
                   Level::notice,
                   EventClass::audit,
                   {pass_no, reader, code},
                   "The central has it: old pass off, new card on.",
                   "Gives the card to the holder.",
                   "Nothing."},
    CatalogueEntry{EventId::hand_over_ended,
                   "handover.ended",
                   "c9c5ed4031244735ab36971d0fd78e78",
                   Level::info,
                   EventClass::audit,
                   {pass_no, reader, notice},
                   "A sitting ended without a card being handed over.",
                   "Does what the screen says.",
                   "See `notice`."},
    CatalogueEntry{EventId::facts_acknowledged,
                   "facts.acknowledged",
                   "36b3961b30a947f786a560274ed04993",
                   Level::info,
                   EventClass::operational,
                   {seq},
                   "The central has all facts up to `seq`.",
                   "Nothing.",
                   "Nothing."},
    CatalogueEntry{EventId::fact_conflict,
                   "fact.conflict",
                   "3f4eed0edfa74a6cad87b8a54683699c",
                   Level::error,
                   EventClass::audit,
                   {pass_no, seq, code},
                   "A fact contradicts what the central knows.",
                   "Sets the card aside.",
                   "Follow `code`, such as void_card."},
    CatalogueEntry{EventId::ledger_failed,
                   "ledger.failed",
                   "c7d69cc5dced42878c42a15b52156043",
                   Level::critical,
                   EventClass::operational,
                   {fault, detail},
                   "The ledger cannot be trusted to be durable; the station stops.",
                   "Stops work; hands nothing over.",
                   "Check disk space and disk; start the station again; keep the file."},
    CatalogueEntry{
        EventId::defect_found,
        "station.defect",
        "152c12eae6d04ad8a7848ca78f13f99e",
        Level::error,
        EventClass::operational,
        {pass_no, reader, detail},
        "The program found itself in a state that must not be; that desk stopped its card.",
        "Sets the card aside.",
        "Report `detail`."},
    CatalogueEntry{
        EventId::ledger_behind,
        "ledger.behind",
        "89ca70852ae342c097329ccfd4d3e3f6",
        Level::critical,
        EventClass::audit,
        {seq},
        "The central has facts of this ledger, up to `seq`, that are not in it: an older state of "
        "the file was put back. No new card is begun and no fact is sent.",
        "Makes no cards; hand-overs wait.",
        "Put the newest file back. If it is lost, compare the cards of the last days with the "
        "central before a new ledger is begun."},
    CatalogueEntry{EventId::ledger_room_low,
                   "ledger.room_low",
                   "76fec47738a14bb88bf9e86098d860e5",
                   Level::error,
                   EventClass::operational,
                   {},
                   "The disk has little room left, or the ledger used up its reserve to finish a "
                   "card. No new card is begun.",
                   "Finishes nothing new; calls IT.",
                   "Make room on the ledger's disk; the station goes on by itself."},
    CatalogueEntry{EventId::ledger_room_back,
                   "ledger.room_back",
                   "df0139d360f54b498a86d60b88261e4d",
                   Level::notice,
                   EventClass::operational,
                   {},
                   "There is room for new cards again.",
                   "Goes on.",
                   "Nothing."},
    CatalogueEntry{EventId::ledger_check_unfinished,
                   "ledger.check_unfinished",
                   "62bbbb369006489dbd1e8f583326efb5",
                   Level::warning,
                   EventClass::operational,
                   {},
                   "The ledger is so large that the start did not look through all of it for "
                   "damage. Its chains were proven.",
                   "Nothing.",
                   "Make a backup at a quiet time: it looks through the whole copy."},
    CatalogueEntry{EventId::ledger_backup_made,
                   "ledger.backup_made",
                   "5cec3a27d3b9473ca1e9df544261cfeb",
                   Level::notice,
                   EventClass::audit,
                   {count},
                   "A copy of the ledger was made, synced and proven; `count` records of the "
                   "journal are in it.",
                   "Nothing.",
                   "Move it to another machine."},
    CatalogueEntry{EventId::ledger_backup_failed,
                   "ledger.backup_failed",
                   "d544dfc4beac4e968035a1d48060cd78",
                   Level::error,
                   EventClass::operational,
                   {detail},
                   "No backup was made; the ledger itself is not touched.",
                   "Nothing.",
                   "Read `detail`; make room or correct the folder, and try again."},
    CatalogueEntry{EventId::hand_over_waived,
                   "handover.waived",
                   "0274b002fd154fe28cf7d8c332e0cd31",
                   Level::warning,
                   EventClass::audit,
                   {pass_no, reader, code, staff},
                   "A supervisor let a hand-over go on with less than letter, old pass and holder; "
                   "`code` says why. The ledger has what was checked.",
                   "Goes on.",
                   "Look whether one name or one reason comes often."},
    CatalogueEntry{EventId::letter_keys_stored,
                   "letter_keys.stored",
                   "a20b7b009e2943b9810510f58099a23a",
                   Level::notice,
                   EventClass::security,
                   {count},
                   "The central told other keys for pick-up letters than before; `count` are "
                   "believed now.",
                   "Nothing.",
                   "Nothing, where the central began or changed its letter key."},
};

constexpr bool is_message_id(std::string_view text) {
    return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// An event that is not in the table, or stands at another's place, is no program.
constexpr bool complete() {
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (entries[i].id != static_cast<EventId>(i) || !is_message_id(entries[i].message_id)) {
            return false;
        }
    }
    for (std::size_t i = 0; i < field_entries.size(); ++i) {
        if (field_entries[i].id != static_cast<FieldName>(i)) {
            return false;
        }
    }
    return entries.back().id == EventId::letter_keys_stored && field_entries.back().id == staff;
}
static_assert(complete());

constexpr std::array all_field_names = [] {
    std::array<FieldName, field_entries.size()> names{};
    std::transform(field_entries.begin(), field_entries.end(), names.begin(),
                   [](const FieldEntry& field) { return field.id; });
    return names;
}();

}  // namespace

std::span<const CatalogueEntry> catalogue() {
    return entries;
}

const CatalogueEntry& entry(EventId id) {
    return entries.at(static_cast<std::size_t>(id));
}

std::span<const FieldName> field_names() {
    return all_field_names;
}

std::string_view name(Level level) {
    switch (level) {
        case Level::critical:
            return "critical";
        case Level::error:
            return "error";
        case Level::warning:
            return "warning";
        case Level::notice:
            return "notice";
        case Level::info:
            return "info";
    }
    return "critical";
}

std::string_view name(EventClass event_class) {
    constexpr std::array<std::string_view, 3> names{"audit", "operational", "security"};
    return names.at(static_cast<std::size_t>(event_class));
}

std::string_view name(FieldName field) {
    return field_entries.at(static_cast<std::size_t>(field)).name;
}

std::string_view meaning(FieldName field) {
    return field_entries.at(static_cast<std::size_t>(field)).meaning;
}

}  // namespace card::observe
