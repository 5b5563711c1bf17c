#pragma once
// The station's memory: what the central said, which cards exist, everything that was done, and
// what the central is still owed. One SQLite file, one connection, each act one durable commit.
//
// Every method blocks on the disk and belongs to one thread. Failures are `stop_station` where the
// file cannot be trusted to be durable; `report_defect` where an act does not follow from the
// state.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cardformat/base/ports.hpp"
#include "cardformat/base/write_ahead.hpp"
#include "cardformat/crypto/seal.hpp"
#include "cardformat/pass/issued_card.hpp"
#include "cardformat/pass/renewal.hpp"
#include "sync/ledger/reserve.hpp"
#include "sync/sqlite/sqlite.hpp"
#include "sync/wire/messages.hpp"

namespace card::ledger {

struct StartedAttempt {
    AttemptId attempt;
    RenewalId renewal;
    Epoch epoch;
    CardUid uid;
    std::uint8_t key_generation;
    Bytes credential;
};

struct OutgoingFact {
    std::int64_t seq;
    std::string line;
};

/// What stands in the queues, for people.
struct Counts {
    std::int64_t to_produce = 0;
    std::int64_t in_doubt = 0;  ///< started, torn or authorised
    std::int64_t to_collect = 0;
    std::int64_t to_void = 0;  ///< condemned, or of a withdrawn renewal, and not over
    std::int64_t missing = 0;
    std::int64_t handed_over = 0;
    std::int64_t unacknowledged_facts = 0;
    std::optional<Timestamp> oldest_unacknowledged;  ///< when the oldest of them happened
    std::int64_t journal_records = 0;
};

/// What `Ledger::backup` made.
struct Backup {
    std::string file;
    std::int64_t octets;
    std::int64_t journal_records;
};

class Ledger {
  public:
    /// Proves both chains of hashes, so it reads every line once. The arguments by reference must
    /// outlive the ledger.
    static Result<Ledger> open(const std::string& path, const Clock& clock, RandomSource& random,
                               const SealingKey& key, Room room = {});

    // Upkeep.

    /// Whether the file was looked through for damage when it was opened; a large one takes longer
    /// than a start may.
    [[nodiscard]] bool checked_whole() const { return checked_whole_; }
    /// A copy of all that is committed, in a new file of the folder that has its name only once it
    /// is durable and was read back. The ledger's thread does nothing else meanwhile.
    Result<Backup> backup(const std::string& folder);
    /// The journal's lines after a record, octet for octet, in order.
    [[nodiscard]] Result<std::vector<std::string>> journal_after(std::int64_t record,
                                                                 std::int64_t limit);
    /// Whether there is room to begin new cards. Makes the reserve again where it can.
    [[nodiscard]] bool has_room() const;
    /// Gives the reserve up where the disk is full. True where that gave room: the act that failed
    /// may be tried once more.
    [[nodiscard]] bool make_room() const { return reserve_.release_if_full(); }
    /// Whether what the central has of this ledger is in it. It is not where an older state of the
    /// file was put back.
    [[nodiscard]] Result<bool> includes(const wire::Acknowledged& at_the_central);

    [[nodiscard]] Uuid incarnation() const { return incarnation_; }
    [[nodiscard]] Result<std::string> cursor();
    [[nodiscard]] Result<Counts> counts();

    /// The page and its cursor together. An older version than the stored one changes nothing. Is
    /// durable with the next act: a power cut before it has the same page pulled again. The holder
    /// of a renewal that is over is forgotten.
    Result<void> store_page(const wire::RenewalPage& page);
    [[nodiscard]] Result<std::optional<Renewal>> renewal(RenewalId id);
    [[nodiscard]] Result<std::optional<Renewal>> renewal_by_pass(const PassNumber& number);
    /// The renewal that exchanges this old pass: the newest, where there were several.
    [[nodiscard]] Result<std::optional<Renewal>> renewal_of_old_pass(const PassNumber& number);
    /// Approved, not held, without a card, oldest first.
    [[nodiscard]] Result<std::vector<Renewal>> to_produce(std::int64_t limit);
    /// All that are known, oldest first.
    [[nodiscard]] Result<std::vector<Renewal>> renewals(std::int64_t limit);

    /// Whether renewals that are picked up there come to this station.
    [[nodiscard]] Result<bool> serves(const Port& port);

    /// For how many seconds after its last answer the central allows hand-overs; the same again
    /// writes nothing.
    Result<void> store_offline_allowance(std::int64_t seconds);
    [[nodiscard]] Result<std::int64_t> offline_allowance();

    /// Whose letters are believed. Storing the same keys again writes nothing.
    Result<bool> store_letter_keys(const wire::LetterKeys& keys);
    [[nodiscard]] Result<wire::LetterKeys> letter_keys();

    /// The card with this UID that is not over.
    [[nodiscard]] Result<std::optional<IssuedCard>> card_by_uid(const CardUid& uid);
    /// The card of this renewal that is not over.
    [[nodiscard]] Result<std::optional<IssuedCard>> card_of(RenewalId id);
    /// Whether a card that is over was on this chip.
    [[nodiscard]] Result<bool> was_given_up(const CardUid& uid);

    // Acts. Those that give a WriteAhead are what must be durable before a card is changed.
    Result<WriteAhead> start_attempt(const StartedAttempt& attempt);
    /// A card that was made elsewhere is this renewal's from now on, finished and not live. The
    /// central is told as of any verified card, with the reason `adopted`.
    Result<void> record_adopted(const StartedAttempt& made);
    /// Takes an open card up again, and counts that.
    Result<WriteAhead> resume_attempt(AttemptId attempt);
    Result<void> record_torn(AttemptId attempt);
    /// A good card ends the row of spoiled ones on its reader.
    Result<void> record_verified(AttemptId attempt, std::string_view reader = {});
    /// Counted against the reader, where one is named; `staff` is who answers for a card that was
    /// given up unseen.
    Result<void> record_spoiled(AttemptId attempt, std::string_view reason,
                                std::string_view reader = {},
                                const std::optional<StaffId>& staff = {});
    /// Cards spoiled in a row on this reader.
    [[nodiscard]] Result<std::int64_t> spoils_in_a_row(std::string_view reader);
    /// Somebody looked at the reader; `staff` is who said so.
    Result<void> resume_line(std::string_view reader, const StaffId& staff);

    /// The card must be made unusable: from now on it serves nobody. Again for one that is
    /// condemned already. A finished or authorised card.
    Result<WriteAhead> record_condemned(AttemptId attempt, VoidReason reason);
    /// The central's answer to a fact ordered its card void. Gives the card's pass, where a card of
    /// ours is condemned by that now.
    Result<std::optional<PassNumber>> condemn_by_order(std::int64_t seq);
    /// It is unusable.
    Result<void> record_voided(AttemptId attempt, std::string_view reason);
    Result<void> record_missing(AttemptId attempt);
    Result<void> record_found(AttemptId attempt);
    Result<void> record_written_off(AttemptId attempt, const StaffId& staff);
    Result<WriteAhead> record_authorised(AttemptId attempt, Uuid authorisation,
                                         const HandOverEvidence& evidence);
    /// The proof again for a card that was authorised before; writes nothing.
    Result<WriteAhead> authorised_before(AttemptId attempt);
    /// Two facts at once, the card made live and the card handed over; gives the last one's seq.
    Result<std::int64_t> record_handed_over(AttemptId attempt);
    Result<void> record_refusal(RenewalId renewal, std::string_view reason);

    /// Facts not yet acknowledged, in order.
    [[nodiscard]] Result<std::vector<OutgoingFact>> outgoing(std::int64_t limit);
    /// Is durable with the next act: a power cut before it has the facts sent again.
    Result<void> acknowledge(std::int64_t through_seq);
    [[nodiscard]] Result<bool> is_acknowledged(std::int64_t seq);
    /// The new pass that a fact is about.
    [[nodiscard]] Result<std::optional<PassNumber>> pass_of_fact(std::int64_t seq);

    /// The journal's lines that name this pass, or this chip, in order, for people.
    [[nodiscard]] Result<std::vector<std::string>> history(const PassNumber& number);
    [[nodiscard]] Result<std::vector<std::string>> history(const CardUid& uid);

  private:
    struct FactParts;
    struct Beginning;
    Ledger(sqlite::Database database, Reserve reserve, const Clock& clock, RandomSource& random,
           const SealingKey& key)
        : database_(std::move(database)),
          reserve_(std::move(reserve)),
          clock_(&clock),
          random_(&random),
          key_(&key) {}

    Result<void> load_or_found();
    [[nodiscard]] Result<PersonalText> open_personal(const std::string& context,
                                                     BytesView sealed) const;
    [[nodiscard]] Result<Renewal> read_renewal(const sqlite::Statement& row) const;
    [[nodiscard]] Result<std::vector<Renewal>> read_renewals(sqlite::Statement rows) const;
    [[nodiscard]] Result<IssuedCard> read_card(const sqlite::Statement& row) const;
    [[nodiscard]] Result<std::optional<IssuedCard>> find_card(sqlite::Statement rows) const;
    Result<IssuedCard> require_card(AttemptId attempt, std::initializer_list<CardStage> states);
    Result<void> upsert(const Renewal& renewal);
    /// Appends to the journal; gives the record's number.
    Result<std::int64_t> journal(std::string_view kind, std::optional<RenewalId> renewal,
                                 const IssuedCard* card, std::string_view detail);
    Result<std::int64_t> owe(wire::FactType type, RenewalId renewal, FactParts parts);
    /// A new card's row, its journal and its fact in one commit; gives the journal's record.
    Result<std::int64_t> begin(const StartedAttempt& attempt, const Beginning& beginning);
    /// Journal, new state and fact of a card in one commit.
    Result<std::int64_t> advance(const IssuedCard& card, CardStage next,
                                 std::initializer_list<wire::FactType> facts,
                                 std::string_view detail);
    struct Step;
    Result<std::int64_t> take(const IssuedCard& card, const Step& step);
    Result<std::vector<std::string>> journal_with(std::string_view member,
                                                  const std::string& value);
    Result<void> note_line(std::string_view reader, bool spoiled);

    sqlite::Database database_;
    Reserve reserve_;
    const Clock* clock_;
    RandomSource* random_;
    const SealingKey* key_;
    Uuid incarnation_;
    bool checked_whole_ = false;
};

}  // namespace card::ledger
