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
    std::int64_t handed_over = 0;
    std::int64_t unacknowledged_facts = 0;
    std::optional<Timestamp> oldest_unacknowledged;  ///< when the oldest of them happened
    std::int64_t journal_records = 0;
};

class Ledger {
  public:
    /// Proves both chains of hashes, so it reads every line once. The arguments by reference must
    /// outlive the ledger.
    static Result<Ledger> open(const std::string& path, const Clock& clock, RandomSource& random,
                               const SealingKey& key);

    [[nodiscard]] Uuid incarnation() const { return incarnation_; }
    [[nodiscard]] Result<std::string> cursor();
    [[nodiscard]] Result<Counts> counts();

    /// The page and its cursor together. An older version than the stored one changes nothing.
    Result<void> store_page(const wire::RenewalPage& page);
    [[nodiscard]] Result<std::optional<Renewal>> renewal(RenewalId id);
    [[nodiscard]] Result<std::optional<Renewal>> renewal_by_pass(const PassNumber& number);
    /// The renewal that exchanges this old pass: the newest, where there were several.
    [[nodiscard]] Result<std::optional<Renewal>> renewal_of_old_pass(const PassNumber& number);
    /// Approved, not held, without a card, oldest first.
    [[nodiscard]] Result<std::vector<Renewal>> to_produce(std::int64_t limit);
    /// All that are known, oldest first.
    [[nodiscard]] Result<std::vector<Renewal>> renewals(std::int64_t limit);

    /// The card with this UID that is not spoiled.
    [[nodiscard]] Result<std::optional<IssuedCard>> card_by_uid(const CardUid& uid);
    /// The card of this renewal that is not spoiled.
    [[nodiscard]] Result<std::optional<IssuedCard>> card_of(RenewalId id);

    // Acts. Those that give a WriteAhead are what must be durable before a card is changed.
    Result<WriteAhead> start_attempt(const StartedAttempt& attempt);
    /// Takes an open card up again, and counts that.
    Result<WriteAhead> resume_attempt(AttemptId attempt);
    Result<void> record_torn(AttemptId attempt);
    Result<void> record_verified(AttemptId attempt);
    Result<void> record_spoiled(AttemptId attempt, std::string_view reason);
    Result<WriteAhead> record_authorised(AttemptId attempt, Uuid authorisation,
                                         std::string_view evidence);
    /// The proof again for a card that was authorised before; writes nothing.
    Result<WriteAhead> authorised_before(AttemptId attempt);
    /// Two facts at once, the card made live and the card handed over; gives the last one's seq.
    Result<std::int64_t> record_handed_over(AttemptId attempt);
    Result<void> record_refusal(RenewalId renewal, std::string_view reason);

    /// Facts not yet acknowledged, in order.
    [[nodiscard]] Result<std::vector<OutgoingFact>> outgoing(std::int64_t limit);
    Result<void> acknowledge(std::int64_t through_seq);
    [[nodiscard]] Result<bool> is_acknowledged(std::int64_t seq);
    /// The new pass that a fact is about.
    [[nodiscard]] Result<std::optional<PassNumber>> pass_of_fact(std::int64_t seq);

    /// The journal's lines that name this pass, in order, for people.
    [[nodiscard]] Result<std::vector<std::string>> history(const PassNumber& number);

  private:
    struct FactParts;
    Ledger(sqlite::Database database, const Clock& clock, RandomSource& random,
           const SealingKey& key)
        : database_(std::move(database)), clock_(&clock), random_(&random), key_(&key) {}

    Result<void> load_or_found();
    /// Every line follows from the one before, back to the first.
    Result<void> check_chain(std::string_view table, std::string_view order);
    [[nodiscard]] Result<PersonalText> open_personal(const std::string& context,
                                                     BytesView sealed) const;
    Uuid new_id();
    [[nodiscard]] Result<Renewal> read_renewal(const sqlite::Statement& row) const;
    [[nodiscard]] Result<std::vector<Renewal>> read_renewals(sqlite::Statement rows) const;
    [[nodiscard]] Result<IssuedCard> read_card(const sqlite::Statement& row) const;
    [[nodiscard]] Result<std::optional<IssuedCard>> find_card(sqlite::Statement rows) const;
    Result<IssuedCard> require_card(AttemptId attempt, std::initializer_list<CardStage> states);
    Result<void> upsert(const Renewal& renewal);
    /// Appends to the journal; gives the record's number.
    Result<std::int64_t> journal(std::string_view kind, RenewalId renewal, const IssuedCard* card,
                                 std::string_view detail);
    Result<std::int64_t> owe(wire::FactType type, RenewalId renewal, FactParts parts);
    /// Journal, new state and fact of a card in one commit.
    Result<std::int64_t> advance(const IssuedCard& card, CardStage next,
                                 std::initializer_list<wire::FactType> facts,
                                 std::string_view detail);

    sqlite::Database database_;
    const Clock* clock_;
    RandomSource* random_;
    const SealingKey* key_;
    Uuid incarnation_;
};

}  // namespace card::ledger
