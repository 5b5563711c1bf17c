#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include <boost/test/unit_test.hpp>

#include "cardformat/crypto/hash.hpp"
#include "cardformat/crypto/random.hpp"
#include "sync/ledger/ledger.hpp"
#include "sync/ledger/schema.hpp"
#include "tests/sync/failing_disk.hpp"

using namespace card;
using ledger::Ledger;
namespace fs = std::filesystem;

namespace {

constexpr sqlite::Schema ledger_file{0x43535431, 6, ""};

class SteppingClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override {
        return parse_rfc3339("2021-12-01T04:00:00.000Z").value() +
               std::chrono::milliseconds(++ticks_);
    }

  private:
    mutable int ticks_ = 0;
};

Uuid uuid(std::uint8_t last) {
    Bytes octets(Uuid::size, 0x11);
    octets.back() = last;
    return Uuid::from(octets).value();
}

RenewalId renewal_id(std::uint8_t last) {
    return RenewalId(uuid(last));
}
AttemptId attempt_id(std::uint8_t last) {
    return AttemptId(uuid(static_cast<std::uint8_t>(100 + last)));
}

CardUid uid(std::uint8_t last) {
    return CardUid::from(Bytes{0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, last}).value();
}

PassNumber number(std::uint8_t last) {
    return PassNumber::mint(Port::parse("KH").value(), 110, last).value();
}

PassNumber old_number(std::uint8_t last) {
    return PassNumber::mint(Port::parse("KL").value(), 109, last).value();
}

constexpr std::string_view holder_name = "吳添財 Wu Tiancai";
constexpr std::string_view masked_id = "E183*****";

Renewal renewal(std::uint8_t last) {
    return Renewal{renewal_id(last),
                   RenewalVersion(5),
                   RenewalStatus::approved,
                   false,
                   number(last),
                   old_number(last),
                   BusinessDay::parse("2020-12-02").value(),
                   BusinessDay::parse("2023-07-05").value(),
                   Port::parse("KH").value(),
                   {"KH", "KL"},
                   PersonalText(std::string(holder_name)),
                   PersonalText(std::string(masked_id)),
                   {"odd_id_number"}};
}

wire::RenewalPage page_of(std::vector<Renewal> renewals, std::string cursor = "c1") {
    return {std::move(renewals), std::move(cursor)};
}

ledger::StartedAttempt attempt(std::uint8_t last, std::uint8_t of_renewal, std::uint8_t on_card) {
    return {attempt_id(last),
            renewal_id(of_renewal),
            Epoch(3),
            uid(on_card),
            2,
            Bytes{0xD2, 0x84, 0x43, last}};
}

/// With nothing missing, and with a supervisor for the letter.
HandOverEvidence evidence() {
    return {LetterCheck::letter_signed, OldPassCheck::qr_number_matched, Collector::holder};
}
HandOverEvidence waived_evidence() {
    return {LetterCheck::letter_missing, OldPassCheck::visual, Collector::representative,
            Approval{StaffId::parse("s-17").value(), WaiverReason::not_received}};
}

template <class T>
bool is_defect(const Result<T>& result) {
    return !result && result.error().fault == Fault::report_defect;
}

template <class T>
std::optional<Failure> failure_of(const Result<T>& result) {
    return result ? std::nullopt : std::optional(result.error());
}

struct Fixture {
    Fixture() {
        std::string pattern = fs::temp_directory_path() / "ledger_tests.XXXXXX";
        folder = ::mkdtemp(pattern.data());
        for (std::size_t i = 0; i < 32; ++i) {
            key.fill()[i] = static_cast<std::uint8_t>(i);
        }
        open();
        BOOST_REQUIRE(book->store_page(page_of({renewal(1), renewal(2)})).has_value());
    }
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;
    ~Fixture() {
        book.reset();
        fs::remove_all(folder);
    }

    [[nodiscard]] std::string path() const { return folder / "ledger.db"; }
    Result<Ledger> opened(const std::string& file) {
        return Ledger::open(file, clock, random, key);
    }
    void open() { book.emplace(std::move(opened(path()).value())); }
    void reopen() {
        book.reset();
        open();
    }
    sqlite::Database raw() {
        return std::move(sqlite::Database::open(path(), ledger_file).value());
    }
    /// Changes the closed file from outside and opens it again.
    void tamper(std::string_view sql) {
        book.reset();
        BOOST_REQUIRE(raw().run(sql).has_value());
        open();
    }
    std::int64_t number_from(std::string_view sql) {
        auto database = raw();
        auto row = database.query(sql);
        BOOST_REQUIRE(row.step().value());
        return row.integer(0);
    }
    [[nodiscard]] CardStage stage(std::uint8_t of_renewal = 1) {
        return book->card_of(renewal_id(of_renewal)).value().value().stage;
    }
    void start() { BOOST_REQUIRE(book->start_attempt(attempt(1, 1, 1)).has_value()); }
    void start_and_verify() {
        start();
        BOOST_REQUIRE(book->record_verified(attempt_id(1)).has_value());
    }
    void start_to_authorised() {
        start_and_verify();
        BOOST_REQUIRE(book->record_authorised(attempt_id(1), uuid(9), evidence()).has_value());
    }
    void start_to_handed_over() {
        start_to_authorised();
        BOOST_REQUIRE(book->record_handed_over(attempt_id(1)).has_value());
    }
    [[nodiscard]] std::vector<wire::Fact> facts() {
        std::vector<wire::Fact> decoded;
        const auto owed = book->outgoing(1000).value();
        for (const auto& outgoing : owed) {
            decoded.push_back(wire::decode_fact(outgoing.line).value());
        }
        return decoded;
    }
    [[nodiscard]] std::vector<wire::FactType> fact_types() {
        std::vector<wire::FactType> types;
        for (const wire::Fact& fact : facts()) {
            types.push_back(fact.type);
        }
        return types;
    }

    fs::path folder;
    SteppingClock clock;
    SystemRandom random;
    SealingKey key;
    std::optional<Ledger> book;
};

using wire::FactType;

/// Every act on the first attempt, by name.
struct Act {
    std::string_view name;
    std::function<bool(Ledger&)> run;  ///< whether it was done; anything but a defect is an error
};

template <class T>
bool done(const Result<T>& result) {
    BOOST_TEST((result.has_value() || result.error().fault == Fault::report_defect));
    return result.has_value();
}

std::vector<Act> every_act() {
    return {
        {"resume", [](Ledger& book) { return done(book.resume_attempt(attempt_id(1))); }},
        {"torn", [](Ledger& book) { return done(book.record_torn(attempt_id(1))); }},
        {"verified", [](Ledger& book) { return done(book.record_verified(attempt_id(1))); }},
        {"spoiled", [](Ledger& book) { return done(book.record_spoiled(attempt_id(1), "r")); }},
        {"authorised",
         [](Ledger& book) {
             return done(book.record_authorised(attempt_id(1), uuid(9), evidence()));
         }},
        {"authorised before",
         [](Ledger& book) { return done(book.authorised_before(attempt_id(1))); }},
        {"handed over", [](Ledger& book) { return done(book.record_handed_over(attempt_id(1))); }},
        {"condemned",
         [](Ledger& book) {
             return done(book.record_condemned(attempt_id(1), VoidReason::expired));
         }},
        {"voided", [](Ledger& book) { return done(book.record_voided(attempt_id(1), "r")); }},
        {"missing", [](Ledger& book) { return done(book.record_missing(attempt_id(1))); }},
        {"found", [](Ledger& book) { return done(book.record_found(attempt_id(1))); }},
        {"written off", [](Ledger& book) {
             return done(book.record_written_off(attempt_id(1), StaffId::parse("s-17").value()));
         }}};
}

struct Stage {
    std::string_view name;
    std::function<void(Fixture&)> reach;
    std::vector<std::string_view> allowed;
};

std::vector<Stage> every_stage() {
    return {
        {"unknown", [](Fixture&) {}, {}},
        {"started",
         [](Fixture& f) { f.start(); },
         {"resume", "torn", "verified", "spoiled", "missing", "found", "written off"}},
        {"torn",
         [](Fixture& f) {
             f.start();
             (void)f.book->record_torn(attempt_id(1));
         },
         {"resume", "torn", "spoiled", "missing", "found", "written off"}},
        {"verified",
         [](Fixture& f) { f.start_and_verify(); },
         {"spoiled", "authorised", "condemned", "voided", "missing", "found", "written off"}},
        {"authorised",
         [](Fixture& f) { f.start_to_authorised(); },
         {"spoiled", "authorised", "authorised before", "handed over", "condemned", "voided"}},
        {"handed over", [](Fixture& f) { f.start_to_handed_over(); }, {}},
        {"spoiled",
         [](Fixture& f) {
             f.start();
             (void)f.book->record_spoiled(attempt_id(1), "r");
         },
         {}},
    };
}

bool allowed(const Stage& stage, const Act& act) {
    return std::find(stage.allowed.begin(), stage.allowed.end(), act.name) != stage.allowed.end();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ledger_renewals, Fixture)

BOOST_AUTO_TEST_CASE(a_stored_renewal_comes_back_whole) {
    const auto found = book->renewal(renewal_id(1)).value();
    BOOST_REQUIRE(found);
    BOOST_TEST((found->version == RenewalVersion(5)));
    BOOST_TEST((found->status == RenewalStatus::approved));
    BOOST_TEST(!found->held);
    BOOST_TEST((found->pass_number == number(1)));
    BOOST_TEST((found->old_pass_number == old_number(1)));
    BOOST_TEST(found->valid_from.iso() == "2020-12-02");
    BOOST_TEST(found->valid_to.iso() == "2023-07-05");
    BOOST_TEST(found->pickup_port.text() == "KH");
    BOOST_TEST((found->port_areas == std::vector<std::string>{"KH", "KL"}));
    BOOST_TEST(found->holder_name.reveal() == holder_name);
    BOOST_TEST(found->masked_id.reveal() == masked_id);
    BOOST_TEST((found->data_warnings == std::vector<std::string>{"odd_id_number"}));
}

BOOST_AUTO_TEST_CASE(a_renewal_is_found_by_its_numbers) {
    BOOST_TEST((book->renewal_by_pass(number(2)).value()->id == renewal_id(2)));
    BOOST_TEST((book->renewal_of_old_pass(old_number(2)).value()->id == renewal_id(2)));
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_not_found) {
    BOOST_TEST(!book->renewal(renewal_id(9)).value().has_value());
    BOOST_TEST(!book->renewal_by_pass(old_number(1)).value().has_value());
    BOOST_TEST(!book->renewal_of_old_pass(number(1)).value().has_value());
    BOOST_TEST(!book->card_by_uid(uid(1)).value().has_value());
    BOOST_TEST(!book->card_of(renewal_id(1)).value().has_value());
}

BOOST_AUTO_TEST_CASE(a_blank_name_and_no_areas_come_back_empty) {
    Renewal bare = renewal(3);
    bare.holder_name = PersonalText();
    bare.masked_id = PersonalText();
    bare.port_areas.clear();
    bare.data_warnings.clear();
    BOOST_REQUIRE(book->store_page(page_of({bare})).has_value());
    const auto found = book->renewal(renewal_id(3)).value().value();
    BOOST_TEST(found.holder_name.reveal().empty());
    BOOST_TEST(found.masked_id.reveal().empty());
    BOOST_TEST(found.port_areas.empty());
    BOOST_TEST(found.data_warnings.empty());
}

BOOST_AUTO_TEST_CASE(a_port_area_with_a_space_comes_back_as_one) {
    Renewal spaced = renewal(3);
    spaced.port_areas = {"KH 1", "KL"};
    BOOST_REQUIRE(book->store_page(page_of({spaced})).has_value());
    BOOST_TEST((book->renewal(renewal_id(3)).value()->port_areas ==
                std::vector<std::string>{"KH 1", "KL"}));
}

BOOST_AUTO_TEST_CASE(a_name_with_a_line_feed_does_not_run_into_the_id_number) {
    Renewal broken = renewal(3);
    broken.holder_name = PersonalText("Wu\nTiancai");
    BOOST_REQUIRE(book->store_page(page_of({broken})).has_value());
    BOOST_TEST(book->renewal(renewal_id(3)).value()->masked_id.reveal() == masked_id);
}

BOOST_AUTO_TEST_CASE(a_newer_version_replaces_everything) {
    Renewal newer = renewal(1);
    newer.version = RenewalVersion(6);
    newer.status = RenewalStatus::withdrawn;
    newer.held = true;
    newer.port_areas = {"TC"};
    newer.holder_name = PersonalText("李");
    BOOST_REQUIRE(book->store_page(page_of({newer})).has_value());
    const auto found = book->renewal(renewal_id(1)).value().value();
    BOOST_TEST((found.status == RenewalStatus::withdrawn));
    BOOST_TEST(found.held);
    BOOST_TEST((found.port_areas == std::vector<std::string>{"TC"}));
}

BOOST_AUTO_TEST_CASE(a_newer_name_replaces_the_holders) {
    Renewal newer = renewal(1);
    newer.version = RenewalVersion(6);
    newer.holder_name = PersonalText("李");
    BOOST_REQUIRE(book->store_page(page_of({newer})).has_value());
    BOOST_TEST(book->renewal(renewal_id(1)).value()->holder_name.reveal() == "李");
}

BOOST_AUTO_TEST_CASE(the_holder_is_forgotten_once_the_renewal_is_over) {
    for (const RenewalStatus over : {RenewalStatus::issued, RenewalStatus::withdrawn}) {
        const std::uint8_t number = over == RenewalStatus::issued ? 1 : 2;
        Renewal newer = renewal(number);
        newer.version = RenewalVersion(7);
        newer.status = over;
        BOOST_REQUIRE(book->store_page(page_of({newer})).has_value());
        const auto found = book->renewal(renewal_id(number)).value().value();
        BOOST_TEST(found.holder_name.reveal().empty(), name(over));
        BOOST_TEST(found.masked_id.reveal().empty(), name(over));
    }
    auto database = raw();
    auto rows = database.query(
        "SELECT count(*) FROM renewal WHERE length(holder_name_sealed) > 0 OR"
        " length(masked_id_sealed) > 0");
    BOOST_REQUIRE(rows.step().has_value());
    BOOST_TEST(rows.integer(0) == 0);
}

BOOST_AUTO_TEST_CASE(an_older_or_equal_version_changes_nothing) {
    for (const std::int64_t version : {std::int64_t{4}, std::int64_t{5}}) {
        Renewal stale = renewal(1);
        stale.version = RenewalVersion(version);
        stale.status = RenewalStatus::withdrawn;
        stale.holder_name = PersonalText("other");
        BOOST_REQUIRE(book->store_page(page_of({stale})).has_value());
        const auto found = book->renewal(renewal_id(1)).value().value();
        BOOST_TEST((found.status == RenewalStatus::approved));
        BOOST_TEST(found.holder_name.reveal() == holder_name);
        BOOST_TEST((found.version == RenewalVersion(5)));
    }
}

BOOST_AUTO_TEST_CASE(a_new_ledger_has_the_empty_cursor) {
    auto fresh = std::move(opened(folder / "fresh.db").value());
    BOOST_TEST(fresh.cursor().value().empty());
}

BOOST_AUTO_TEST_CASE(a_page_and_its_cursor_are_stored_together) {
    BOOST_REQUIRE(book->store_page(page_of({renewal(3)}, "c2")).has_value());
    reopen();
    BOOST_TEST(book->cursor().value() == "c2");
    BOOST_TEST(book->renewal(renewal_id(3)).value().has_value());
}

BOOST_AUTO_TEST_CASE(a_page_that_cannot_be_stored_moves_neither_renewals_nor_cursor) {
    Renewal twin = renewal(4);
    twin.pass_number = number(1);  // of the first renewal
    BOOST_TEST(!book->store_page(page_of({renewal(3), twin}, "c2")).has_value());
    BOOST_TEST(!book->renewal(renewal_id(3)).value().has_value());
    BOOST_TEST(book->cursor().value() == "c1");
}

BOOST_AUTO_TEST_CASE(an_empty_page_moves_the_cursor) {
    BOOST_REQUIRE(book->store_page(page_of({}, "c9")).has_value());
    BOOST_TEST(book->cursor().value() == "c9");
}

BOOST_AUTO_TEST_CASE(the_queue_is_in_order_of_arrival_and_a_change_keeps_its_place) {
    Renewal first = renewal(1);
    first.version = RenewalVersion(8);
    BOOST_REQUIRE(book->store_page(page_of({renewal(3), first})).has_value());
    const auto queue = book->to_produce(10).value();
    BOOST_REQUIRE(queue.size() == 3U);
    BOOST_TEST((queue[0].id == renewal_id(1)));
    BOOST_TEST((queue[2].id == renewal_id(3)));
}

BOOST_AUTO_TEST_CASE(only_approved_renewals_that_are_not_held_and_have_no_card_are_to_be_made) {
    Renewal held = renewal(3);
    held.held = true;
    Renewal withdrawn = renewal(4);
    withdrawn.status = RenewalStatus::withdrawn;
    BOOST_REQUIRE(book->store_page(page_of({held, withdrawn})).has_value());
    start();
    const auto queue = book->to_produce(10).value();
    BOOST_REQUIRE(queue.size() == 1U);
    BOOST_TEST((queue[0].id == renewal_id(2)));
}

BOOST_AUTO_TEST_CASE(a_spoiled_card_puts_its_renewal_back_into_the_queue) {
    start();
    BOOST_REQUIRE(book->record_spoiled(attempt_id(1), "chip_damaged").has_value());
    BOOST_TEST(book->to_produce(10).value().size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_newest_renewal_of_an_old_pass_is_found_and_a_withdrawn_one_last) {
    Renewal again = renewal(3);
    again.old_pass_number = old_number(1);
    BOOST_REQUIRE(book->store_page(page_of({again})).has_value());
    BOOST_TEST((book->renewal_of_old_pass(old_number(1)).value()->id == renewal_id(3)));
    again.version = RenewalVersion(6);
    again.status = RenewalStatus::withdrawn;
    BOOST_REQUIRE(book->store_page(page_of({again})).has_value());
    BOOST_TEST((book->renewal_of_old_pass(old_number(1)).value()->id == renewal_id(1)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(ledger_acts, Fixture)

BOOST_AUTO_TEST_CASE(an_act_that_does_not_follow_is_a_defect_in_every_stage) {
    for (const Stage& stage : every_stage()) {
        for (const Act& act : every_act()) {
            if (!allowed(stage, act)) {
                Fixture fresh;
                stage.reach(fresh);
                BOOST_TEST(!act.run(*fresh.book), stage.name << ": " << act.name);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(an_act_that_does_not_follow_leaves_no_record_and_no_fact) {
    for (const Stage& stage : every_stage()) {
        for (const Act& act : every_act()) {
            if (!allowed(stage, act)) {
                Fixture fresh;
                stage.reach(fresh);
                const auto lines = fresh.book->history(number(1)).value();
                const auto owed = fresh.facts().size();
                (void)act.run(*fresh.book);
                BOOST_TEST((fresh.book->history(number(1)).value() == lines), stage.name);
                BOOST_TEST(fresh.facts().size() == owed, stage.name << ": " << act.name);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(an_act_that_follows_is_done_in_every_stage) {
    for (const Stage& stage : every_stage()) {
        for (const Act& act : every_act()) {
            if (allowed(stage, act)) {
                Fixture fresh;
                stage.reach(fresh);
                BOOST_TEST(act.run(*fresh.book), stage.name << ": " << act.name);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_started_card_comes_back_whole) {
    start();
    const auto card = book->card_by_uid(uid(1)).value().value();
    BOOST_TEST((card.attempt == attempt_id(1)));
    BOOST_TEST((card.renewal == renewal_id(1)));
    BOOST_TEST((card.epoch == Epoch(3)));
    BOOST_TEST(static_cast<int>(card.key_generation) == 2);
    BOOST_TEST((card.stage == CardStage::started));
    BOOST_TEST(card.presentations == 1);
    BOOST_TEST((card.credential == attempt(1, 1, 1).credential));
    BOOST_TEST(!card.authorisation.has_value());
    BOOST_TEST(!card.evidence.has_value());
}

BOOST_AUTO_TEST_CASE(the_proof_of_a_start_names_its_card_and_record) {
    const auto proof = book->start_attempt(attempt(1, 1, 1)).value();
    BOOST_TEST((proof.uid() == uid(1)));
    BOOST_TEST(proof.record() == 1);
}

BOOST_AUTO_TEST_CASE(a_resumed_card_counts_its_presentations) {
    start();
    BOOST_REQUIRE(book->record_torn(attempt_id(1)).has_value());
    const auto proof = book->resume_attempt(attempt_id(1)).value();
    BOOST_TEST((proof.uid() == uid(1)));
    BOOST_TEST(proof.record() == 3);
    BOOST_TEST(book->card_by_uid(uid(1)).value()->presentations == 2);
    BOOST_TEST((stage() == CardStage::started));
}

BOOST_AUTO_TEST_CASE(an_attempt_for_an_unknown_renewal_is_a_defect) {
    BOOST_TEST(is_defect(book->start_attempt(attempt(1, 9, 1))));
}

BOOST_AUTO_TEST_CASE(a_renewal_has_one_card_at_a_time) {
    start();
    BOOST_TEST(is_defect(book->start_attempt(attempt(2, 1, 2))));
}

BOOST_AUTO_TEST_CASE(a_card_serves_one_renewal_at_a_time) {
    start();
    BOOST_TEST(is_defect(book->start_attempt(attempt(2, 2, 1))));
}

BOOST_AUTO_TEST_CASE(an_attempt_is_started_once) {
    start();
    BOOST_TEST(is_defect(book->start_attempt(attempt(1, 2, 2))));
}

BOOST_AUTO_TEST_CASE(a_refused_start_leaves_no_record_and_no_fact) {
    start();
    (void)book->start_attempt(attempt(2, 2, 1));
    BOOST_TEST(book->history(number(2)).value().empty());
    BOOST_TEST(facts().size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_adopted_card_is_a_verified_one_that_the_central_is_told_of) {
    BOOST_REQUIRE(book->record_adopted(attempt(1, 1, 1)).has_value());
    reopen();
    const IssuedCard card = book->card_by_uid(uid(1)).value().value();
    BOOST_TEST((card.stage == CardStage::verified));
    BOOST_TEST((card.attempt == attempt_id(1)));
    BOOST_TEST((card.epoch == Epoch(3)));
    BOOST_TEST((card.credential == attempt(1, 1, 1).credential));
    BOOST_REQUIRE((fact_types() == std::vector{wire::FactType::verified}));
    BOOST_TEST(facts().front().reason == "adopted");
    BOOST_TEST((facts().front().credential == card.credential));
    BOOST_TEST(book->history(number(1)).value().front().find("\"adopted\"") != std::string::npos);
    BOOST_TEST(book->record_authorised(attempt_id(1), uuid(9), evidence()).has_value());
}

BOOST_AUTO_TEST_CASE(what_has_a_card_or_is_one_is_not_adopted) {
    start();
    BOOST_TEST(is_defect(book->record_adopted(attempt(2, 1, 2))));
    BOOST_TEST(is_defect(book->record_adopted(attempt(2, 2, 1))));
    BOOST_TEST(is_defect(book->record_adopted(attempt(1, 2, 2))));
    BOOST_TEST(is_defect(book->record_adopted(attempt(2, 9, 2))));
    BOOST_TEST(book->history(number(2)).value().empty());
    BOOST_TEST(facts().size() == 1U);
}

BOOST_AUTO_TEST_CASE(after_a_spoil_another_card_and_the_same_chip_may_be_used) {
    start();
    BOOST_REQUIRE(book->record_spoiled(attempt_id(1), "chip_damaged").has_value());
    BOOST_TEST(book->start_attempt(attempt(2, 1, 2)).has_value());
    BOOST_TEST(book->start_attempt(attempt(3, 2, 1)).has_value());
}

BOOST_AUTO_TEST_CASE(a_spoiled_card_is_not_found_by_its_uid) {
    start();
    BOOST_REQUIRE(book->record_spoiled(attempt_id(1), "chip_damaged").has_value());
    BOOST_TEST(!book->card_by_uid(uid(1)).value().has_value());
}

BOOST_AUTO_TEST_CASE(an_authorisation_is_remembered_with_its_evidence) {
    start_to_authorised();
    const auto card = book->card_by_uid(uid(1)).value().value();
    BOOST_TEST((card.authorisation == uuid(9)));
    BOOST_TEST((card.evidence == evidence()));
    BOOST_TEST((card.stage == CardStage::authorised));
}

BOOST_AUTO_TEST_CASE(the_proof_of_an_authorisation_is_given_again_after_reopening) {
    start_and_verify();
    const auto first = book->record_authorised(attempt_id(1), uuid(9), evidence()).value();
    reopen();
    const auto again = book->authorised_before(attempt_id(1)).value();
    BOOST_TEST((again.uid() == first.uid()));
    BOOST_TEST(again.record() == first.record());
}

BOOST_AUTO_TEST_CASE(giving_a_proof_again_writes_nothing) {
    start_to_authorised();
    const auto lines = book->history(number(1)).value().size();
    (void)book->authorised_before(attempt_id(1));
    BOOST_TEST(book->history(number(1)).value().size() == lines);
}

BOOST_AUTO_TEST_CASE(counts_tell_each_queue) {
    start();
    auto counts = book->counts().value();
    BOOST_TEST(counts.to_produce == 1);
    BOOST_TEST(counts.in_doubt == 1);
    BOOST_REQUIRE(book->record_verified(attempt_id(1)).has_value());
    counts = book->counts().value();
    BOOST_TEST(counts.in_doubt == 0);
    BOOST_TEST(counts.to_collect == 1);
    BOOST_REQUIRE(book->record_authorised(attempt_id(1), uuid(9), evidence()).has_value());
    BOOST_REQUIRE(book->record_handed_over(attempt_id(1)).has_value());
    counts = book->counts().value();
    BOOST_TEST(counts.to_collect == 0);
    BOOST_TEST(counts.handed_over == 1);
    BOOST_TEST(counts.unacknowledged_facts == 4);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(ledger_facts, Fixture)

BOOST_AUTO_TEST_CASE(a_whole_issuance_owes_four_facts_in_order) {
    start_to_handed_over();
    BOOST_TEST((fact_types() == std::vector{FactType::attempt_started, FactType::verified,
                                            FactType::card_activated, FactType::handed_over}));
}

BOOST_AUTO_TEST_CASE(a_torn_and_a_spoiled_card_are_told) {
    start();
    BOOST_REQUIRE(book->record_torn(attempt_id(1)).has_value());
    BOOST_REQUIRE(book->record_spoiled(attempt_id(1), "chip_damaged").has_value());
    BOOST_TEST((fact_types() ==
                std::vector{FactType::attempt_started, FactType::torn, FactType::spoiled}));
    BOOST_TEST(facts().back().reason == "chip_damaged");
}

BOOST_AUTO_TEST_CASE(a_fact_names_renewal_attempt_epoch_and_card) {
    start();
    const auto fact = facts().at(0);
    BOOST_TEST((fact.renewal == renewal_id(1)));
    BOOST_TEST((fact.attempt == attempt_id(1)));
    BOOST_TEST((fact.epoch == Epoch(3)));
    BOOST_TEST((fact.card == uid(1)));
    BOOST_TEST((fact.incarnation == book->incarnation()));
}

BOOST_AUTO_TEST_CASE(only_the_verified_fact_carries_the_credential) {
    start_to_handed_over();
    for (const wire::Fact& fact : facts()) {
        const Bytes expected =
            fact.type == FactType::verified ? attempt(1, 1, 1).credential : Bytes();
        BOOST_TEST((fact.credential == expected), name(fact.type));
    }
}

BOOST_AUTO_TEST_CASE(the_facts_of_a_hand_over_carry_authorisation_and_evidence) {
    start_to_handed_over();
    const auto all = facts();
    BOOST_TEST((all[2].authorisation == uuid(9)));
    BOOST_TEST((all[3].authorisation == uuid(9)));
    BOOST_TEST(all[3].evidence == "letter_signed+qr_number_matched");
    BOOST_TEST(all[3].collector == "holder");
    BOOST_TEST(all[3].supervisor == "");
    BOOST_TEST(all[3].reason == "");
}

BOOST_AUTO_TEST_CASE(what_a_supervisor_let_pass_stands_in_card_journal_and_fact) {
    start_and_verify();
    BOOST_REQUIRE(book->record_authorised(attempt_id(1), uuid(9), waived_evidence()).has_value());
    reopen();
    BOOST_TEST((book->card_by_uid(uid(1)).value()->evidence == waived_evidence()));
    BOOST_TEST(book->history(number(1)).value().back().find(
                   "letter_missing+visual representative supervisor=s-17 reason=not_received") !=
               std::string::npos);
    BOOST_REQUIRE(book->record_handed_over(attempt_id(1)).has_value());
    const wire::Fact told = facts().back();
    BOOST_TEST(told.evidence == "letter_missing+visual");
    BOOST_TEST(told.collector == "representative");
    BOOST_TEST(told.supervisor == "s-17");
    BOOST_TEST(told.reason == "not_received");
}

BOOST_AUTO_TEST_CASE(the_keys_of_letters_are_kept_and_the_same_ones_write_nothing) {
    const wire::LetterKeys keys{{Bytes(65, 4), Bytes(65, 5)}};
    BOOST_TEST(book->store_letter_keys(keys).value());
    BOOST_TEST(!book->store_letter_keys(keys).value());
    reopen();
    BOOST_TEST((book->letter_keys().value().points == keys.points));
    BOOST_TEST(book->store_letter_keys({{Bytes(65, 6)}}).value());
    BOOST_TEST(book->letter_keys().value().points.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_offline_allowance_is_kept_and_is_none_at_first) {
    BOOST_TEST(book->offline_allowance().value() == 0);
    BOOST_REQUIRE(book->store_offline_allowance(3600).has_value());
    reopen();
    BOOST_TEST(book->offline_allowance().value() == 3600);
}

BOOST_AUTO_TEST_CASE(the_history_of_a_chip_has_the_lines_that_name_it) {
    start();
    BOOST_REQUIRE(book->record_spoiled(attempt_id(1), "chip_damaged").has_value());
    BOOST_REQUIRE(book->start_attempt(attempt(2, 1, 2)).has_value());
    BOOST_TEST(book->history(uid(1)).value().size() == 2U);
    BOOST_TEST(book->history(uid(2)).value().size() == 1U);
    BOOST_TEST(book->history(number(1)).value().size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_port_is_served_once_a_renewal_of_it_came) {
    BOOST_TEST(book->serves(Port::parse("KH").value()).value());
    BOOST_TEST(!book->serves(Port::parse("KL").value()).value());
}

BOOST_AUTO_TEST_CASE(a_hand_over_gives_the_number_of_its_last_fact) {
    start_to_authorised();
    BOOST_TEST(book->record_handed_over(attempt_id(1)).value() == 4);
}

BOOST_AUTO_TEST_CASE(a_refusal_is_recorded_and_owed_without_a_card) {
    BOOST_REQUIRE(book->record_refusal(renewal_id(1), "wrong_new_card").has_value());
    const auto fact = facts().at(0);
    BOOST_TEST((fact.type == FactType::handover_refused));
    BOOST_TEST(fact.reason == "wrong_new_card");
    BOOST_TEST(!fact.attempt.has_value());
    BOOST_TEST(!fact.card.has_value());
    BOOST_TEST(book->history(number(1)).value().size() == 1U);
}

BOOST_AUTO_TEST_CASE(facts_stay_owed_until_they_are_acknowledged) {
    start_to_handed_over();
    BOOST_REQUIRE(book->acknowledge(2).has_value());
    BOOST_TEST(book->is_acknowledged(2).value());
    BOOST_TEST(!book->is_acknowledged(3).value());
    const auto owed = book->outgoing(10).value();
    BOOST_REQUIRE(owed.size() == 2U);
    BOOST_TEST(owed[0].seq == 3);
}

BOOST_AUTO_TEST_CASE(an_acknowledgement_survives_reopening_and_is_not_taken_back) {
    start_to_handed_over();
    BOOST_REQUIRE(book->acknowledge(4).has_value());
    reopen();
    BOOST_REQUIRE(book->acknowledge(1).has_value());
    BOOST_TEST(book->outgoing(10).value().empty());
}

BOOST_AUTO_TEST_CASE(an_acknowledgement_of_the_future_does_not_cover_later_facts) {
    start();
    BOOST_REQUIRE(book->acknowledge(99).has_value());
    BOOST_REQUIRE(book->record_verified(attempt_id(1)).has_value());
    BOOST_TEST(book->outgoing(10).value().size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_unknown_fact_is_not_acknowledged) {
    BOOST_TEST(!book->is_acknowledged(7).value());
}

BOOST_AUTO_TEST_CASE(outgoing_facts_come_in_portions) {
    start_to_handed_over();
    BOOST_TEST(book->outgoing(3).value().size() == 3U);
}

BOOST_AUTO_TEST_CASE(numbers_of_facts_have_no_gap_over_reopening_and_acknowledgements) {
    start();
    BOOST_REQUIRE(book->acknowledge(1).has_value());
    reopen();
    BOOST_REQUIRE(book->record_verified(attempt_id(1)).has_value());
    BOOST_TEST(facts().at(0).seq == 2);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(ledger_chains, Fixture)

namespace {

/// The link that each stored line names, and the hash beside it, recomputed from the text.
void check_chain(Fixture& fixture, std::string_view table, std::string_view order,
                 const std::function<std::string(const std::string&)>& previous_of) {
    fixture.book.reset();
    auto database = fixture.raw();
    auto rows = database.query("SELECT " + std::string(order) + ", line, sha256 FROM " +
                               std::string(table) + " ORDER BY 1");
    Bytes link(32, 0);
    std::int64_t expected = 1;
    while (rows.step().value()) {
        const std::string line = rows.text(1);
        BOOST_TEST(rows.integer(0) == expected++);
        BOOST_TEST(previous_of(line) == to_hex(link));
        const Sha256 hash = sha256(as_bytes(line));
        link.assign(hash.begin(), hash.end());
        BOOST_TEST((rows.blob(2) == link));
    }
    BOOST_TEST(expected > 1);
}

std::string member(const std::string& line, const std::string& name) {
    const std::string head = "\"" + name + "\":\"";
    const std::size_t begin = line.find(head) + head.size();
    return line.substr(begin, line.find('"', begin) - begin);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_journal_is_a_chain_without_gaps_over_reopening) {
    start_to_handed_over();
    reopen();
    BOOST_REQUIRE(book->record_refusal(renewal_id(2), "held").has_value());
    check_chain(*this, "journal", "record",
                [](const std::string& line) { return member(line, "previous"); });
}

BOOST_AUTO_TEST_CASE(the_outbox_is_a_chain_without_gaps_over_reopening) {
    start_to_handed_over();
    BOOST_REQUIRE(book->acknowledge(4).has_value());
    reopen();
    BOOST_REQUIRE(book->record_refusal(renewal_id(2), "held").has_value());
    check_chain(*this, "outbox", "seq", [](const std::string& line) {
        return to_hex(wire::decode_fact(line).value().previous);
    });
}

BOOST_AUTO_TEST_CASE(the_history_of_a_pass_is_told_in_order_and_for_it_alone) {
    start_to_handed_over();
    BOOST_REQUIRE(book->record_refusal(renewal_id(2), "held").has_value());
    const auto lines = book->history(number(1)).value();
    std::vector<std::string> kinds;
    for (const std::string& line : lines) {
        kinds.push_back(member(line, "kind"));
    }
    BOOST_TEST((kinds == std::vector<std::string>{"attempt_started", "verified", "authorised",
                                                  "handed_over"}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(ledger_files, Fixture)

namespace {

std::string octets_of(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

}  // namespace

BOOST_AUTO_TEST_CASE(personal_text_stands_in_no_file_of_the_ledger) {
    start_to_handed_over();
    std::size_t looked_at = 0;
    for (const auto& file : fs::directory_iterator(folder)) {
        const std::string octets = octets_of(file.path());
        looked_at += octets.size();
        for (const std::string_view text : {"吳添財", "Tiancai", "E183"}) {
            BOOST_TEST(octets.find(text) == std::string::npos, file.path());
        }
    }
    BOOST_TEST(looked_at > 4096U);
}

BOOST_AUTO_TEST_CASE(two_equal_names_are_sealed_differently) {
    book.reset();
    BOOST_TEST(number_from("SELECT count(DISTINCT holder_name_sealed) FROM renewal") == 2);
}

BOOST_AUTO_TEST_CASE(everything_is_there_after_reopening) {
    start_to_authorised();
    const Uuid incarnation = book->incarnation();
    reopen();
    BOOST_TEST((book->incarnation() == incarnation));
    BOOST_TEST((stage() == CardStage::authorised));
    BOOST_TEST(book->renewal(renewal_id(1)).value()->holder_name.reveal() == holder_name);
    BOOST_TEST(facts().size() == 2U);
}

BOOST_AUTO_TEST_CASE(each_new_ledger_is_another_incarnation) {
    auto fresh = std::move(opened(folder / "fresh.db").value());
    BOOST_TEST((fresh.incarnation() != book->incarnation()));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_database_is_refused) {
    std::ofstream(folder / "text.db") << std::string(8192, 'x');
    BOOST_TEST(!opened(folder / "text.db").has_value());
}

BOOST_AUTO_TEST_CASE(the_database_of_another_program_is_refused_and_left_as_it_was) {
    const fs::path foreign = folder / "foreign.db";
    {
        auto database = sqlite::Database::open(
            foreign, {0x11223344, 1, "CREATE TABLE thing (id INTEGER PRIMARY KEY) STRICT;"});
        BOOST_REQUIRE(database.has_value());
    }
    const auto refused = opened(foreign);
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().fault == Fault::correct_configuration));
    auto database = std::move(sqlite::Database::open(foreign, {0x11223344, 1, ""}).value());
    auto row = database.query("SELECT count(*) FROM sqlite_schema");
    BOOST_REQUIRE(row.step().value());
    BOOST_TEST(row.integer(0) == 1);
}

BOOST_AUTO_TEST_CASE(a_ledger_of_a_newer_schema_is_refused) {
    book.reset();
    BOOST_REQUIRE(raw().execute("PRAGMA user_version=99").has_value());
    BOOST_TEST(!opened(path()).has_value());
}

BOOST_AUTO_TEST_CASE(a_ledger_in_a_folder_that_is_not_there_is_refused) {
    BOOST_TEST(!opened(folder / "absent" / "ledger.db").has_value());
}

BOOST_AUTO_TEST_CASE(a_changed_name_stops_the_station) {
    book.reset();
    {
        auto database = raw();
        auto row =
            database.query("SELECT holder_name_sealed FROM renewal WHERE version = 5 LIMIT 1");
        BOOST_REQUIRE(row.step().value());
        Bytes sealed = row.blob(0);
        BOOST_REQUIRE(row.finish().has_value());
        sealed.back() ^= 0x01;
        BOOST_REQUIRE(
            database.run("UPDATE renewal SET holder_name_sealed = ?", {sealed}).has_value());
    }
    open();
    const auto found = book->renewal(renewal_id(1));
    BOOST_REQUIRE(!found);
    BOOST_TEST((found.error().fault == Fault::stop_station));
}

BOOST_AUTO_TEST_CASE(a_name_moved_to_another_renewal_stops_the_station) {
    tamper(
        "UPDATE renewal SET holder_name_sealed = (SELECT holder_name_sealed FROM renewal"
        " WHERE pass_no = 'KHPS110-000002') WHERE pass_no = 'KHPS110-000001'");
    const auto found = book->renewal(renewal_id(1));
    BOOST_REQUIRE(!found);
    BOOST_TEST((found.error().fault == Fault::stop_station));
}

BOOST_AUTO_TEST_CASE(a_changed_credential_stops_the_station) {
    start();
    tamper("UPDATE card SET credential_sealed = zeroblob(40)");
    const auto found = book->card_by_uid(uid(1));
    BOOST_REQUIRE(!found);
    BOOST_TEST((found.error().fault == Fault::stop_station));
}

BOOST_AUTO_TEST_CASE(a_credential_that_is_too_short_to_be_sealed_stops_the_station) {
    start();
    tamper("UPDATE card SET credential_sealed = x'00'");
    const auto found = book->card_by_uid(uid(1));
    BOOST_REQUIRE(!found);
    BOOST_TEST((found.error().fault == Fault::stop_station));
}

BOOST_AUTO_TEST_CASE(another_sealing_key_stops_the_station_at_the_first_name) {
    book.reset();
    key.fill()[0] ^= 0x01;
    open();
    const auto found = book->renewal(renewal_id(1));
    BOOST_REQUIRE(!found);
    BOOST_TEST((found.error().fault == Fault::stop_station));
}

BOOST_AUTO_TEST_CASE(a_uid_that_cannot_be_read_stops_the_station) {
    start();
    tamper("UPDATE card SET uid = 'nonsense'");
    const auto found = book->card_of(renewal_id(1));
    BOOST_REQUIRE(!found);
    BOOST_TEST((found.error().fault == Fault::stop_station));
}

BOOST_AUTO_TEST_CASE(the_failure_of_a_sealed_value_does_not_repeat_it) {
    tamper("UPDATE renewal SET holder_name_sealed = CAST('E183' AS BLOB)");
    const auto found = book->renewal(renewal_id(1));
    BOOST_REQUIRE(!found);
    BOOST_TEST(found.error().detail.find("E183") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_edited_line_is_noticed_when_the_ledger_is_opened) {
    start();
    book.reset();
    const fs::path copy = folder / "edited.db";
    for (const char* edit :
         {"UPDATE journal SET line = replace(line, 'started', 'spoiled')",
          "UPDATE journal SET sha256 = zeroblob(32)", "UPDATE outbox SET line = 'nonsense'"}) {
        fs::copy_file(path(), copy, fs::copy_options::overwrite_existing);
        BOOST_REQUIRE(sqlite::Database::open(copy, ledger_file).value().run(edit));
        const auto refused = opened(copy);
        BOOST_REQUIRE_MESSAGE(!refused, edit);
        BOOST_TEST((refused.error().fault == Fault::stop_station), edit);
    }
}

BOOST_AUTO_TEST_CASE(a_missing_line_is_noticed_when_the_ledger_is_opened) {
    start_to_authorised();
    book.reset();
    BOOST_REQUIRE(raw().run("DELETE FROM outbox WHERE seq = 1"));
    BOOST_TEST(!opened(path()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(ledger_crashes, Fixture)

namespace {

/// What the files would be after a power cut now, opened under another name.
struct Survivor {
    explicit Survivor(Fixture& fixture) : path(fixture.folder / "survivor.db") {
        for (const char* suffix : {"", "-wal"}) {
            const fs::path source = fixture.path() + suffix;
            if (fs::exists(source)) {
                fs::copy_file(source, path.string() + suffix, fs::copy_options::overwrite_existing);
            }
        }
        book.emplace(std::move(fixture.opened(path).value()));
    }
    Survivor(const Survivor&) = delete;
    Survivor& operator=(const Survivor&) = delete;
    ~Survivor() {
        book.reset();
        for (const char* suffix : {"", "-wal", "-shm"}) {
            fs::remove(path.string() + suffix);
        }
    }

    fs::path path;
    std::optional<Ledger> book;
};

std::string picture(Ledger& book) {
    std::ostringstream text;
    for (std::uint8_t i = 1; i <= 3; ++i) {
        const auto card = book.card_of(renewal_id(i)).value();
        text << (card ? name(card->stage) : "no card") << ' ' << (card ? card->presentations : 0)
             << ' ' << (card ? to_hex(card->credential) : "") << ' '
             << (card && card->authorisation ? card->authorisation->text() : "") << '\n';
        const auto lines = book.history(number(i)).value();
        for (const auto& line : lines) {
            text << line << '\n';
        }
        text << book.renewal(renewal_id(i)).value().has_value() << '\n';
    }
    const auto owed = book.outgoing(1000).value();
    for (const auto& fact : owed) {
        text << fact.line << '\n';
    }
    text << book.cursor().value() << book.incarnation().text();
    return text.str();
}

}  // namespace

BOOST_AUTO_TEST_CASE(after_a_crash_behind_any_act_that_act_is_there) {
    const std::vector<std::pair<std::string_view, std::function<bool()>>> acts{
        {"start", [&] { return book->start_attempt(attempt(1, 1, 1)).has_value(); }},
        {"torn", [&] { return book->record_torn(attempt_id(1)).has_value(); }},
        {"resume", [&] { return book->resume_attempt(attempt_id(1)).has_value(); }},
        {"verified", [&] { return book->record_verified(attempt_id(1)).has_value(); }},
        {"page", [&] { return book->store_page(page_of({renewal(3)}, "c3")).has_value(); }},
        {"authorised",
         [&] { return book->record_authorised(attempt_id(1), uuid(9), evidence()).has_value(); }},
        {"handed over", [&] { return book->record_handed_over(attempt_id(1)).has_value(); }},
        {"refusal", [&] { return book->record_refusal(renewal_id(2), "held").has_value(); }},
        {"acknowledge", [&] { return book->acknowledge(3).has_value(); }},
        {"second start", [&] { return book->start_attempt(attempt(2, 2, 2)).has_value(); }},
        {"spoiled", [&] { return book->record_spoiled(attempt_id(2), "r").has_value(); }},
        {"adopted", [&] { return book->record_adopted(attempt(3, 3, 3)).has_value(); }},
    };
    for (const auto& [name, act] : acts) {
        BOOST_TEST_REQUIRE(act(), name);
        Survivor survivor(*this);
        BOOST_TEST((picture(*survivor.book) == picture(*book)), name);
    }
}

BOOST_AUTO_TEST_CASE(a_wal_cut_short_anywhere_leaves_the_state_before_the_act) {
    book.reset();
    open();  // the wal starts anew
    start();
    const std::string before = picture(*book);
    const auto before_size = fs::file_size(path() + "-wal");
    BOOST_REQUIRE(book->record_verified(attempt_id(1)).has_value());
    const auto after_size = fs::file_size(path() + "-wal");
    BOOST_REQUIRE(after_size > before_size);
    for (auto size = before_size; size < after_size; size += 1024) {
        const fs::path cut = folder / "cut.db";
        fs::copy_file(path(), cut, fs::copy_options::overwrite_existing);
        fs::copy_file(path() + "-wal", cut.string() + "-wal", fs::copy_options::overwrite_existing);
        fs::resize_file(cut.string() + "-wal", size);
        auto survivor = opened(cut);
        BOOST_REQUIRE(survivor.has_value());
        BOOST_TEST((picture(*survivor) == before), size);
        survivor = fail(Fault::report_defect, "closed");
        fs::remove(cut.string() + "-wal");
        fs::remove(cut.string() + "-shm");
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(ledger_upkeep, Fixture)

BOOST_AUTO_TEST_CASE(a_backup_is_a_ledger_of_the_same_content) {
    start_to_handed_over();
    const auto made = book->backup(folder).value();
    BOOST_TEST(made.journal_records == 4);
    BOOST_TEST(static_cast<std::uint64_t>(made.octets) == fs::file_size(made.file));
    auto copy = opened(made.file).value();
    BOOST_TEST(copy.incarnation().text() == book->incarnation().text());
    BOOST_TEST((copy.card_of(renewal_id(1)).value().value().stage == CardStage::handed_over));
    BOOST_TEST(copy.history(number(1)).value() == book->history(number(1)).value());
}

BOOST_AUTO_TEST_CASE(a_backup_is_for_its_owner_only_and_leaves_nothing_unfinished) {
    const auto made = book->backup(folder).value();
    BOOST_TEST(
        (fs::status(made.file).permissions() == (fs::perms::owner_read | fs::perms::owner_write)));
    for (const auto& entry : fs::directory_iterator(folder)) {
        BOOST_TEST(!entry.path().string().ends_with(".part"), entry.path());
    }
}

BOOST_AUTO_TEST_CASE(two_backups_are_two_files) {
    BOOST_TEST(book->backup(folder).value().file != book->backup(folder).value().file);
}

BOOST_AUTO_TEST_CASE(a_backup_into_no_folder_is_refused_and_does_not_stop_the_station) {
    for (const std::string place : {"relative", "/nonexistent/folder", ""}) {
        const auto made = book->backup(place);
        BOOST_REQUIRE(!made);
        BOOST_TEST((made.error().fault == Fault::correct_input), place);
    }
}

BOOST_AUTO_TEST_CASE(a_backup_that_the_disk_refuses_leaves_no_file_and_no_doubt_about_the_ledger) {
    book.reset();
    const FailingDisk disk;
    open();
    start();
    const fs::path place = folder / "backups";
    fs::create_directory(place);
    for (const auto what : {FailingDisk::What::sync, FailingDisk::What::write}) {
        FailingDisk::fail(what, 1, SQLITE_IOERR);
        const auto made = book->backup(place);
        if (FailingDisk::failed()) {
            BOOST_REQUIRE(!made);
            BOOST_TEST((made.error().fault == Fault::correct_input));
            BOOST_TEST(fs::is_empty(place));
        }
        FailingDisk::recover();
    }
    BOOST_TEST(book->record_verified(attempt_id(1)).has_value());
    book.reset();
}

BOOST_AUTO_TEST_CASE(the_journal_is_read_in_pages) {
    start_to_handed_over();
    const auto all = book->journal_after(0, 1000).value();
    BOOST_TEST(all.size() == 4U);
    BOOST_TEST(book->journal_after(2, 1000).value() ==
               std::vector<std::string>(all.begin() + 2, all.end()));
    BOOST_TEST(book->journal_after(1, 2).value() ==
               std::vector<std::string>(all.begin() + 1, all.begin() + 3));
    BOOST_TEST(book->journal_after(4, 1000).value().empty());
}

BOOST_AUTO_TEST_CASE(a_ledger_includes_what_the_central_has_of_it) {
    start_to_handed_over();
    BOOST_TEST(book->includes({Uuid(), 0, Bytes(32, 0)}).value());
    const auto owed = book->outgoing(1000).value();
    for (const auto& fact : owed) {
        const Sha256 head = sha256(as_bytes(fact.line));
        BOOST_TEST(book->includes({Uuid(), fact.seq, Bytes(head.begin(), head.end())}).value());
    }
}

BOOST_AUTO_TEST_CASE(an_older_state_of_the_file_does_not_include_what_the_central_has) {
    start();
    const auto older = book->backup(folder).value();
    BOOST_REQUIRE(book->record_verified(attempt_id(1)).has_value());
    const auto owed = book->outgoing(1000).value();
    const Sha256 head = sha256(as_bytes(owed.back().line));
    auto restored = opened(older.file).value();
    BOOST_TEST(
        !restored.includes({Uuid(), owed.back().seq, Bytes(head.begin(), head.end())}).value());
}

BOOST_AUTO_TEST_CASE(another_fact_at_the_same_place_is_not_included) {
    start();
    BOOST_TEST(!book->includes({Uuid(), 1, Bytes(32, 7)}).value());
}

BOOST_AUTO_TEST_CASE(the_reserve_lies_beside_the_ledger_where_there_is_room) {
    book.reset();
    book.emplace(std::move(Ledger::open(path(), clock, random, key, {64 * 1024, 1}).value()));
    BOOST_TEST(fs::file_size(path() + ".reserve") == 64U * 1024);
    BOOST_TEST(book->has_room());
}

BOOST_AUTO_TEST_CASE(a_floor_that_the_disk_does_not_have_means_no_room) {
    book.reset();
    fs::remove(path() + ".reserve");
    const std::uint64_t too_much = fs::space(folder).capacity + 1;
    book.emplace(
        std::move(Ledger::open(path(), clock, random, key, {64 * 1024, too_much}).value()));
    BOOST_TEST(!book->has_room());
    BOOST_TEST(!fs::exists(path() + ".reserve"));
}

BOOST_AUTO_TEST_CASE(a_reserve_is_not_given_up_while_the_disk_has_room) {
    BOOST_TEST(!book->make_room());
    BOOST_TEST(fs::exists(path() + ".reserve"));
}

namespace {

/// A whole life of a card; the first act that fails, if one does.
std::optional<Failure> live_a_life(Ledger& book) {
    const std::vector<std::function<std::optional<Failure>()>> acts{
        [&] { return failure_of(book.start_attempt(attempt(1, 1, 1))); },
        [&] { return failure_of(book.record_torn(attempt_id(1))); },
        [&] { return failure_of(book.resume_attempt(attempt_id(1))); },
        [&] { return failure_of(book.record_verified(attempt_id(1))); },
        [&] { return failure_of(book.acknowledge(2)); },
        [&] { return failure_of(book.record_authorised(attempt_id(1), uuid(9), evidence())); },
        [&] { return failure_of(book.record_handed_over(attempt_id(1))); },
    };
    for (const auto& act : acts) {
        if (auto failure = act()) {
            return failure;
        }
    }
    return std::nullopt;
}

/// Lets each operation of a kind fail in a life of its own, from the first to the last.
void fail_each(FailingDisk::What what, int code) {
    int reached = 0;
    for (int number = 1;; ++number) {
        Fixture fresh;
        fresh.book.reset();
        const FailingDisk disk;
        fresh.open();
        FailingDisk::fail(what, number, code);
        const auto failure = live_a_life(*fresh.book);
        const bool failed = FailingDisk::failed();
        FailingDisk::recover();
        if (failed) {
            ++reached;
            BOOST_REQUIRE_MESSAGE(failure, "operation " << number << " failed and nobody said so");
            BOOST_TEST((failure->fault == Fault::stop_station), failure->detail);
        }
        fresh.reopen();  // proves the chains
        fresh.book.reset();
        if (!failed) {
            BOOST_TEST(!failure);
            break;
        }
    }
    BOOST_TEST(reached >= 6);  // each act but the acknowledgement has at least one
}

}  // namespace

BOOST_AUTO_TEST_CASE(
    an_act_syncs_once_and_what_the_central_will_tell_again_waits_for_the_next_act) {
    Fixture fresh;
    fresh.book.reset();
    const FailingDisk disk;
    fresh.open();
    const auto syncs_of = [](const auto& act) {
        const int before = FailingDisk::syncs();
        BOOST_REQUIRE(act().has_value());
        return FailingDisk::syncs() - before;
    };
    BOOST_TEST(syncs_of([&] { return fresh.book->start_attempt(attempt(1, 1, 1)); }) >= 1);
    BOOST_TEST(syncs_of([&] { return fresh.book->store_page(page_of({renewal(3)}, "c3")); }) == 0);
    BOOST_TEST(syncs_of([&] { return fresh.book->acknowledge(1); }) == 0);
    BOOST_TEST(syncs_of([&] { return fresh.book->record_verified(attempt_id(1)); }) == 1);
}

BOOST_AUTO_TEST_CASE(a_sync_that_fails_fails_its_act_and_the_file_stays_whole) {
    fail_each(FailingDisk::What::sync, SQLITE_IOERR_FSYNC);
}

BOOST_AUTO_TEST_CASE(a_full_disk_fails_the_act_and_the_file_stays_whole) {
    fail_each(FailingDisk::What::write, SQLITE_FULL);
}

BOOST_AUTO_TEST_CASE(a_write_that_fails_fails_its_act_and_the_file_stays_whole) {
    fail_each(FailingDisk::What::write, SQLITE_IOERR_WRITE);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// A ledger as version 2 left it, with one card that was handed over.
void write_version_2(const std::string& path) {
    std::ifstream script(LEDGER_SCHEMA_2);
    std::ostringstream text;
    text << script.rdbuf();
    const std::string statements = text.str();
    auto old = sqlite::Database::open(path, sqlite::Schema{0x43535431, 2, statements}).value();
    const std::string line = R"({"previous":")" + std::string(64, '0') + R"("})";
    const Sha256 digest = sha256(as_bytes(line));
    const std::string id = uuid(1).text();
    BOOST_REQUIRE(old.run("INSERT INTO station VALUES (1, ?, 'c1')", {uuid(7).text()}).has_value());
    BOOST_REQUIRE(
        old.run("INSERT INTO journal VALUES (1, ?, ?)", {line, BytesView(digest)}).has_value());
    BOOST_REQUIRE(old.run("INSERT INTO renewal VALUES (?, 5, 'issued', 0, 'KHPS110-000001',"
                          " 'KLPS109-000001', '2020-12-02', '2023-07-05', 'KH', '[]', '[]',"
                          " x'01', x'02', NULL, 1)",
                          {id})
                      .has_value());
    SealingKey key;
    for (std::size_t i = 0; i < 32; ++i) {
        key.fill()[i] = static_cast<std::uint8_t>(i);
    }
    SystemRandom random;
    const std::string attempt = attempt_id(1).value.text();
    BOOST_REQUIRE(
        old.run("INSERT INTO card (attempt, renewal, epoch, uid, key_generation, state,"
                " credential_sealed, credential_sha256, authorisation, evidence, record)"
                " VALUES (?, ?, 3, ?, 2, 'handed_over', ?, x'', ?, 'qr_number_matched',"
                " 1)",
                {attempt, id, uid(1).hex(),
                 seal(key, random, "card.credential/" + attempt, Bytes{1}), uuid(9).text()})
            .has_value());
}

/// Every column of every table, in words, without regard to their order.
std::vector<std::string> columns_of(sqlite::Database database) {
    auto rows = database.query(
        "SELECT t.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" FROM"
        " sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY 1");
    std::vector<std::string> found;
    while (rows.step().value()) {
        found.push_back(rows.text(0));
    }
    return found;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ledger_migrations, Fixture)

BOOST_AUTO_TEST_CASE(a_ledger_of_version_2_is_brought_up_with_what_is_in_it) {
    const std::string old = folder / "old.db";
    write_version_2(old);
    auto migrated = opened(old).value();
    const auto card = migrated.card_by_uid(uid(1)).value().value();
    BOOST_TEST((card.stage == CardStage::handed_over));
    BOOST_REQUIRE(card.evidence.has_value());
    BOOST_TEST((card.evidence->letter == LetterCheck::letter_missing));
    BOOST_TEST((card.evidence->old_pass == OldPassCheck::qr_number_matched));
    BOOST_TEST(migrated.renewal(renewal_id(1)).value()->holder_name.reveal().empty());
}

BOOST_AUTO_TEST_CASE(a_migrated_ledger_has_the_columns_of_a_new_one) {
    const std::string old = folder / "old.db";
    write_version_2(old);
    BOOST_REQUIRE(opened(old).has_value());
    const auto migrated = columns_of(sqlite::Database::open(old, ledger_file).value());
    BOOST_TEST((migrated == columns_of(raw())));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(ledger_cards_that_are_given_up, Fixture)

BOOST_AUTO_TEST_CASE(a_condemned_card_stays_condemned_and_gives_a_proof_for_its_chip) {
    start_and_verify();
    const auto proof = book->record_condemned(attempt_id(1), VoidReason::expired).value();
    BOOST_TEST((proof.uid() == uid(1)));
    reopen();
    BOOST_TEST((book->card_of(renewal_id(1)).value()->condemned == VoidReason::expired));
    BOOST_TEST(book->counts().value().to_void == 1);
    BOOST_TEST(book->counts().value().to_collect == 0);
}

BOOST_AUTO_TEST_CASE(a_voided_or_written_off_card_frees_its_renewal_and_its_chip) {
    for (const bool voided : {true, false}) {
        Fixture f;
        f.start_and_verify();
        if (voided) {
            BOOST_REQUIRE(f.book->record_voided(attempt_id(1), "expired").has_value());
        } else {
            BOOST_REQUIRE(f.book->record_missing(attempt_id(1)).has_value());
            BOOST_REQUIRE(
                f.book->record_written_off(attempt_id(1), StaffId::parse("s-17").value()));
        }
        BOOST_TEST(!f.book->card_of(renewal_id(1)).value().has_value());
        BOOST_TEST(f.book->was_given_up(uid(1)).value());
        BOOST_TEST(f.book->start_attempt(attempt(2, 1, 2)).has_value());
        BOOST_TEST((f.facts()[voided ? 2 : 3].type ==
                    (voided ? FactType::voided : FactType::written_off)));
    }
}

BOOST_AUTO_TEST_CASE(a_missing_card_is_found_in_the_state_that_it_was_lost_in) {
    start();
    BOOST_REQUIRE(book->record_torn(attempt_id(1)).has_value());
    BOOST_REQUIRE(book->record_missing(attempt_id(1)).has_value());
    BOOST_TEST(book->card_of(renewal_id(1)).value()->missing);
    BOOST_TEST(book->counts().value().missing == 1);
    BOOST_REQUIRE(book->record_found(attempt_id(1)).has_value());
    BOOST_TEST(!book->card_of(renewal_id(1)).value()->missing);
    BOOST_TEST((stage() == CardStage::torn));
}

BOOST_AUTO_TEST_CASE(the_centrals_order_condemns_the_card_of_the_fact_once) {
    start_and_verify();
    BOOST_TEST((book->condemn_by_order(2).value() == number(1)));
    BOOST_TEST((book->card_of(renewal_id(1)).value()->condemned == VoidReason::ordered));
    BOOST_TEST(!book->condemn_by_order(2).value().has_value());
    BOOST_TEST(!book->condemn_by_order(99).value().has_value());
}

BOOST_AUTO_TEST_CASE(spoiled_cards_in_a_row_are_counted_for_each_reader_and_survive) {
    start();
    BOOST_REQUIRE(book->record_spoiled(attempt_id(1), "chip_damaged", "left").has_value());
    BOOST_REQUIRE(book->start_attempt(attempt(2, 1, 2)).has_value());
    BOOST_REQUIRE(book->record_spoiled(attempt_id(2), "chip_damaged", "left").has_value());
    reopen();
    BOOST_TEST(book->spoils_in_a_row("left").value() == 2);
    BOOST_TEST(book->spoils_in_a_row("right").value() == 0);
    BOOST_REQUIRE(book->start_attempt(attempt(3, 1, 3)).has_value());
    BOOST_REQUIRE(book->record_verified(attempt_id(3), "left").has_value());
    BOOST_TEST(book->spoils_in_a_row("left").value() == 0);
}

BOOST_AUTO_TEST_CASE(a_reader_goes_on_once_somebody_looked_and_that_is_in_the_journal) {
    start();
    BOOST_REQUIRE(book->record_spoiled(attempt_id(1), "chip_damaged", "left").has_value());
    BOOST_REQUIRE(book->resume_line("left", StaffId::parse("s-17").value()).has_value());
    BOOST_TEST(book->spoils_in_a_row("left").value() == 0);
    BOOST_TEST(book->journal_after(2, 10).value().front().find("left supervisor=s-17") !=
               std::string::npos);
    reopen();
}

BOOST_AUTO_TEST_SUITE_END()
