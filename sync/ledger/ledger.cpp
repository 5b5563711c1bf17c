#include "sync/ledger/ledger.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include "cardformat/crypto/hash.hpp"
#include "sync/ledger/schema.hpp"
#include "sync/ledger/upkeep.hpp"
#include "sync/wire/members.hpp"

namespace card {

/// The ledger is the journal that may say "this is durable".
struct WriteAheadIssuer {
    static WriteAhead issue(CardUid uid, std::int64_t record) { return {uid, record}; }
};

namespace ledger {
namespace {

namespace json = boost::json;
using sqlite::Parameter;

/// How long a start may look for damage.
constexpr std::chrono::seconds check_budget{10};
constexpr std::size_t hash_size = 32;

constexpr std::string_view renewal_columns =
    "id, version, status, held, pass_no, old_pass_no, valid_from, valid_to, pickup_port, "
    "port_areas, data_warnings, holder_name_sealed, masked_id_sealed, photo_sha256 ";
constexpr std::string_view card_columns =
    "attempt, renewal, epoch, uid, key_generation, state, presentations, credential_sealed, "
    "authorisation, evidence, collector, supervisor, waiver, missing, condemned ";
/// Of cards that may still serve their renewal.
constexpr std::string_view not_over = "state NOT IN ('spoiled', 'voided', 'written_off')";

std::string to_json_text(const std::vector<std::string>& texts) {
    return json::serialize(wire::to_json(texts));
}

std::optional<std::vector<std::string>> parse_texts(const std::string& json_text) {
    const auto value = wire::parse_json(json_text, json_text.size());
    if (!value || !value->is_array()) {
        return std::nullopt;
    }
    std::vector<std::string> texts;
    for (const json::value& element : value->get_array()) {
        if (!element.is_string()) {
            return std::nullopt;
        }
        texts.emplace_back(element.get_string());
    }
    return texts;
}

std::optional<CardStage> parse_stage(std::string_view text) {
    for (const CardStage stage :
         {CardStage::started, CardStage::torn, CardStage::verified, CardStage::authorised,
          CardStage::handed_over, CardStage::spoiled, CardStage::voided, CardStage::written_off}) {
        if (name(stage) == text) {
            return stage;
        }
    }
    return std::nullopt;
}

std::string name_context(const std::string& id) {
    return "renewal.holder_name/" + id;
}
std::string masked_id_context(const std::string& id) {
    return "renewal.masked_id/" + id;
}
std::string credential_context(const std::string& attempt) {
    return "card.credential/" + attempt;
}

tl::unexpected<Failure> damaged(const char* what) {
    return fail(Fault::stop_station, std::string("the ledger holds an unreadable ") + what);
}

/// The chain's link to whatever comes after the last row of `table`.
Result<Bytes> head_of(sqlite::Database& database, std::string_view table, std::string_view order) {
    auto rows = database.query("SELECT sha256 FROM " + std::string(table) + " ORDER BY " +
                               std::string(order) + " DESC LIMIT 1");
    const auto found = rows.step();
    if (!found) {
        return tl::make_unexpected(found.error());
    }
    return *found ? rows.blob(0) : Bytes(hash_size, 0);
}

}  // namespace

struct Ledger::FactParts {
    const IssuedCard* card = nullptr;
    std::string_view reason;
};

Result<Ledger> Ledger::open(const std::string& path, const Clock& clock, RandomSource& random,
                            const SealingKey& key, Room room) {
    auto database = sqlite::Database::open(path, ledger_schema());
    if (!database) {
        return fail("ledger " + path, database.error());
    }
    const auto checked = database->quick_check(check_budget);
    if (!checked) {
        return fail("ledger " + path, checked.error());
    }
    Ledger ledger(std::move(*database), Reserve(path, room), clock, random, key);
    ledger.checked_whole_ = *checked;
    ledger.reserve_.fill();
    if (auto ready = ledger.load_or_found(); !ready) {
        return fail("ledger " + path, ready.error());
    }
    return ledger;
}

Result<void> Ledger::load_or_found() {
    if (auto intact = check_chains(database_); !intact) {
        return intact;
    }
    auto rows = database_.query("SELECT incarnation FROM station");
    const auto found = rows.step();
    if (!found) {
        return tl::make_unexpected(found.error());
    }
    if (*found) {
        const auto stored = Uuid::parse(rows.text(0));
        if (!stored) {
            return damaged("incarnation");
        }
        incarnation_ = *stored;
        return {};
    }
    incarnation_ = new_uuid(*random_, clock_->now());
    return database_
        .run("INSERT INTO station (only_row, incarnation) VALUES (1, ?)", {incarnation_.text()})
        .map([](std::int64_t) {});
}

Result<std::string> Ledger::cursor() {
    auto rows = database_.query("SELECT cursor FROM station");
    return rows.step().map([&](bool) { return rows.text(0); });
}

Result<Counts> Ledger::counts() {
    auto rows = database_.query(
        "SELECT (SELECT count(*) FROM renewal r WHERE status = 'approved' AND held = 0 AND NOT "
        "EXISTS"
        "   (SELECT 1 FROM card WHERE renewal = r.id AND " +
        std::string(not_over) +
        ")),"
        " (SELECT count(*) FROM card WHERE state IN ('started', 'torn', 'authorised')),"
        " (SELECT count(*) FROM card JOIN renewal ON renewal.id = card.renewal"
        "   WHERE state = 'verified' AND missing = 0 AND condemned IS NULL"
        "   AND status <> 'withdrawn'),"
        " (SELECT count(*) FROM card WHERE state = 'handed_over'),"
        " (SELECT count(*) FROM outbox WHERE acknowledged = 0),"
        " (SELECT json_extract(line, '$.at') FROM outbox WHERE acknowledged = 0"
        "  ORDER BY seq LIMIT 1),"
        " (SELECT coalesce(max(record), 0) FROM journal),"
        " (SELECT count(*) FROM card JOIN renewal ON renewal.id = card.renewal"
        "   WHERE state IN ('started', 'torn', 'verified', 'authorised')"
        "   AND (condemned IS NOT NULL OR status = 'withdrawn')),"
        " (SELECT count(*) FROM card WHERE missing = 1 AND " +
        std::string(not_over) + ")");
    return rows.step().map([&](bool) {
        const auto oldest = rows.optional_text(5);
        Counts counts;
        counts.to_produce = rows.integer(0);
        counts.in_doubt = rows.integer(1);
        counts.to_collect = rows.integer(2);
        counts.to_void = rows.integer(7);
        counts.missing = rows.integer(8);
        counts.handed_over = rows.integer(3);
        counts.unacknowledged_facts = rows.integer(4);
        counts.oldest_unacknowledged = oldest ? parse_rfc3339(*oldest) : std::nullopt;
        counts.journal_records = rows.integer(6);
        return counts;
    });
}

Result<void> Ledger::upsert(const Renewal& renewal) {
    const std::string id = renewal.id.value.text();
    const auto personal = [&](const std::string& context, const PersonalText& text) {
        return is_over(renewal.status) ? Bytes()
                                       : seal(*key_, *random_, context, as_bytes(text.reveal()));
    };
    return database_
        .run(
            "INSERT INTO renewal (id, version, status, held, pass_no, old_pass_no, valid_from,"
            " valid_to, pickup_port, port_areas, data_warnings, holder_name_sealed,"
            " masked_id_sealed, photo_sha256, arrived) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
            " (SELECT coalesce(max(arrived), 0) + 1 FROM renewal)) "
            "ON CONFLICT (id) DO UPDATE SET version = excluded.version, status = excluded.status,"
            " held = excluded.held, pass_no = excluded.pass_no, old_pass_no = excluded.old_pass_no,"
            " valid_from = excluded.valid_from, valid_to = excluded.valid_to,"
            " pickup_port = excluded.pickup_port, port_areas = excluded.port_areas,"
            " data_warnings = excluded.data_warnings,"
            " holder_name_sealed = excluded.holder_name_sealed,"
            " masked_id_sealed = excluded.masked_id_sealed,"
            " photo_sha256 = excluded.photo_sha256 "
            "WHERE excluded.version > renewal.version",
            {id, renewal.version.value, name(renewal.status), renewal.held ? 1 : 0,
             renewal.pass_number.text(), renewal.old_pass_number.text(), renewal.valid_from.iso(),
             renewal.valid_to.iso(), renewal.pickup_port.text(), to_json_text(renewal.port_areas),
             to_json_text(renewal.data_warnings), personal(name_context(id), renewal.holder_name),
             personal(masked_id_context(id), renewal.masked_id),
             renewal.photo ? Parameter(BytesView(renewal.photo->value)) : Parameter(nullptr)})
        .map([](std::int64_t) {});
}

Result<void> Ledger::store_page(const wire::RenewalPage& page) {
    auto transaction = sqlite::Transaction::begin(database_, sqlite::Durability::deferred);
    if (!transaction) {
        return tl::make_unexpected(transaction.error());
    }
    for (const Renewal& renewal : page.renewals) {
        if (auto stored = upsert(renewal); !stored) {
            return stored;
        }
    }
    auto moved = database_.run("UPDATE station SET cursor = ?", {page.cursor});
    if (!moved) {
        return tl::make_unexpected(moved.error());
    }
    return transaction->commit();
}

Result<PersonalText> Ledger::open_personal(const std::string& context, BytesView sealed) const {
    if (sealed.empty()) {
        return PersonalText{};
    }
    auto opened = open_sealed(*key_, context, sealed);
    if (!opened) {
        return tl::make_unexpected(opened.error());
    }
    PersonalText text(std::string(opened->begin(), opened->end()));
    wipe_octets(*opened);
    return text;
}

Result<Renewal> Ledger::read_renewal(const sqlite::Statement& row) const {
    const auto id = Uuid::parse(row.text(0));
    const auto status = parse_renewal_status(row.text(2));
    auto number = PassNumber::parse(row.text(4));
    auto old_number = PassNumber::parse(row.text(5));
    const auto from = BusinessDay::parse(row.text(6));
    const auto to = BusinessDay::parse(row.text(7));
    auto port = Port::parse(row.text(8));
    auto areas = parse_texts(row.text(9));
    auto warnings = parse_texts(row.text(10));
    const auto holder = open_personal(name_context(row.text(0)), row.blob(11));
    const auto masked_id = open_personal(masked_id_context(row.text(0)), row.blob(12));
    if (!holder || !masked_id) {
        return tl::make_unexpected(holder ? masked_id.error() : holder.error());
    }
    if (!id || !status || !number || !old_number || !from || !to || !port || !areas || !warnings) {
        return damaged("renewal");
    }
    std::optional<PhotoHash> photo;
    if (const auto hash = row.optional_blob(13)) {
        photo.emplace();
        if (hash->size() != photo->value.size()) {
            return damaged("photo");
        }
        std::copy(hash->begin(), hash->end(), photo->value.begin());
    }
    return Renewal{RenewalId{*id},
                   RenewalVersion{row.integer(1)},
                   *status,
                   row.integer(3) != 0,
                   std::move(*number),
                   std::move(*old_number),
                   *from,
                   *to,
                   std::move(*port),
                   std::move(*areas),
                   *holder,
                   *masked_id,
                   std::move(*warnings),
                   photo};
}

Result<std::vector<Renewal>> Ledger::read_renewals(sqlite::Statement rows) const {
    std::vector<Renewal> found;
    while (true) {
        const auto more = rows.step();
        if (!more) {
            return tl::make_unexpected(more.error());
        }
        if (!*more) {
            return found;
        }
        auto renewal = read_renewal(rows);
        if (!renewal) {
            return tl::make_unexpected(renewal.error());
        }
        found.push_back(std::move(*renewal));
    }
}

namespace {

Result<std::optional<Renewal>> first_of(Result<std::vector<Renewal>> found) {
    if (!found) {
        return tl::make_unexpected(found.error());
    }
    return found->empty() ? std::optional<Renewal>() : std::optional(std::move(found->front()));
}

std::string select_renewal(std::string_view rest) {
    return "SELECT " + std::string(renewal_columns) + "FROM renewal " + std::string(rest);
}

std::string select_card(std::string_view rest) {
    return "SELECT " + std::string(card_columns) + "FROM card " + std::string(rest);
}

}  // namespace

Result<std::optional<Renewal>> Ledger::renewal(RenewalId id) {
    return first_of(
        read_renewals(database_.query(select_renewal("WHERE id = ?"), {id.value.text()})));
}

Result<std::optional<Renewal>> Ledger::renewal_by_pass(const PassNumber& number) {
    return first_of(
        read_renewals(database_.query(select_renewal("WHERE pass_no = ?"), {number.text()})));
}

Result<std::optional<Renewal>> Ledger::renewal_of_old_pass(const PassNumber& number) {
    return first_of(read_renewals(database_.query(
        select_renewal(
            "WHERE old_pass_no = ? ORDER BY (status = 'withdrawn'), arrived DESC LIMIT 1"),
        {number.text()})));
}

Result<std::vector<Renewal>> Ledger::to_produce(std::int64_t limit) {
    return read_renewals(database_.query(
        select_renewal("WHERE status = 'approved' AND held = 0 AND NOT EXISTS (SELECT 1 FROM card"
                       " WHERE card.renewal = renewal.id AND " +
                       std::string(not_over) + ") ORDER BY arrived LIMIT ?"),
        {limit}));
}

Result<std::vector<Renewal>> Ledger::renewals(std::int64_t limit) {
    return read_renewals(database_.query(select_renewal("ORDER BY arrived LIMIT ?"), {limit}));
}

namespace {

/// Nothing where the card was not authorised; damage where the text is none that is written here.
Result<std::optional<HandOverEvidence>> read_evidence(const sqlite::Statement& row, int first) {
    const auto checks_text = row.optional_text(first);
    if (!checks_text) {
        return std::optional<HandOverEvidence>();
    }
    const auto checks = parse_checks(*checks_text);
    const auto collector = parse_collector(row.text(first + 1));
    if (!checks || !collector) {
        return damaged("evidence");
    }
    HandOverEvidence evidence{checks->letter, checks->old_pass, *collector};
    if (const auto staff = row.optional_text(first + 2)) {
        auto supervisor = StaffId::parse(*staff);
        const auto reason = parse_waiver_reason(row.text(first + 3));
        if (!supervisor || !reason) {
            return damaged("approval");
        }
        evidence.approval = Approval{std::move(*supervisor), *reason};
    }
    return std::optional(std::move(evidence));
}

/// For the journal: checks, collector, and who let pass what and why.
std::string in_words(const HandOverEvidence& evidence) {
    std::string text = checks_of(evidence) + " " + std::string(name(evidence.collector));
    if (evidence.approval) {
        text += " supervisor=" + evidence.approval->supervisor.text() +
                " reason=" + std::string(name(evidence.approval->reason));
    }
    return text;
}

}  // namespace

Result<IssuedCard> Ledger::read_card(const sqlite::Statement& row) const {
    const auto attempt = Uuid::parse(row.text(0));
    const auto renewal = Uuid::parse(row.text(1));
    const auto uid = CardUid::parse(row.text(3));
    const auto stage = parse_stage(row.text(5));
    const auto authorisation = row.optional_text(8);
    const auto parsed = authorisation ? Uuid::parse(*authorisation) : std::nullopt;
    if (!attempt || !renewal || !uid || !stage || parsed.has_value() != authorisation.has_value()) {
        return damaged("card");
    }
    auto credential = open_sealed(*key_, credential_context(row.text(0)), row.blob(7));
    if (!credential) {
        return tl::make_unexpected(credential.error());
    }
    auto evidence = read_evidence(row, 9);
    const auto condemned = row.optional_text(14);
    const auto why = condemned ? parse_void_reason(*condemned) : std::nullopt;
    if (why.has_value() != condemned.has_value()) {
        return damaged("reason to void a card");
    }
    if (!evidence) {
        return tl::make_unexpected(evidence.error());
    }
    return IssuedCard{AttemptId{*attempt},
                      RenewalId{*renewal},
                      Epoch{row.integer(2)},
                      *uid,
                      static_cast<std::uint8_t>(row.integer(4)),
                      *stage,
                      row.integer(6),
                      std::move(*credential),
                      parsed,
                      std::move(*evidence),
                      row.integer(13) != 0,
                      why};
}

Result<std::optional<IssuedCard>> Ledger::find_card(sqlite::Statement rows) const {
    const auto found = rows.step();
    if (!found) {
        return tl::make_unexpected(found.error());
    }
    if (!*found) {
        return std::optional<IssuedCard>();
    }
    return read_card(rows).map([](IssuedCard card) { return std::optional(std::move(card)); });
}

Result<bool> Ledger::serves(const Port& port) {
    auto rows =
        database_.query("SELECT 1 FROM renewal WHERE pickup_port = ? LIMIT 1", {port.text()});
    return rows.step();
}

Result<void> Ledger::store_offline_allowance(std::int64_t seconds) {
    return database_
        .run("UPDATE station SET offline_handover_s = ?1 WHERE offline_handover_s <> ?1", {seconds})
        .map([](std::int64_t) {});
}

Result<std::int64_t> Ledger::offline_allowance() {
    auto rows = database_.query("SELECT offline_handover_s FROM station");
    return rows.step().map([&](bool) { return rows.integer(0); });
}

Result<wire::LetterKeys> Ledger::letter_keys() {
    auto rows = database_.query("SELECT point FROM letter_key ORDER BY position");
    wire::LetterKeys keys;
    while (true) {
        const auto more = rows.step();
        if (!more) {
            return tl::make_unexpected(more.error());
        }
        if (!*more) {
            return keys;
        }
        keys.points.push_back(rows.blob(0));
    }
}

Result<bool> Ledger::store_letter_keys(const wire::LetterKeys& keys) {
    const auto stored = letter_keys();
    if (!stored || stored->points == keys.points) {
        return stored.map([](const wire::LetterKeys&) { return false; });
    }
    auto transaction = sqlite::Transaction::begin(database_);
    if (!transaction) {
        return tl::make_unexpected(transaction.error());
    }
    auto done = database_.run("DELETE FROM letter_key");
    for (const Bytes& point : keys.points) {
        if (done) {
            done = database_.run("INSERT INTO letter_key (point) VALUES (?)", {point});
        }
    }
    if (!done) {
        return tl::make_unexpected(done.error());
    }
    return transaction->commit().map([] { return true; });
}

Result<std::optional<IssuedCard>> Ledger::card_by_uid(const CardUid& uid) {
    return find_card(
        database_.query(select_card("WHERE uid = ? AND " + std::string(not_over)), {uid.hex()}));
}

Result<bool> Ledger::was_given_up(const CardUid& uid) {
    auto rows = database_.query(
        "SELECT 1 FROM card WHERE uid = ? AND NOT (" + std::string(not_over) + ") LIMIT 1",
        {uid.hex()});
    return rows.step();
}

Result<std::optional<IssuedCard>> Ledger::card_of(RenewalId id) {
    return find_card(database_.query(select_card("WHERE renewal = ? AND " + std::string(not_over)),
                                     {id.value.text()}));
}

Result<IssuedCard> Ledger::require_card(AttemptId attempt,
                                        std::initializer_list<CardStage> states) {
    auto card =
        find_card(database_.query(select_card("WHERE attempt = ?"), {attempt.value.text()}));
    if (!card) {
        return tl::make_unexpected(card.error());
    }
    if (!*card || std::find(states.begin(), states.end(), (*card)->stage) == states.end()) {
        return fail(Fault::report_defect,
                    "attempt " + attempt.value.text() + " is " +
                        (*card ? std::string(name((*card)->stage)) : "unknown") +
                        ", which this act does not follow");
    }
    return std::move(**card);
}

Result<std::int64_t> Ledger::journal(std::string_view kind, std::optional<RenewalId> renewal,
                                     const IssuedCard* card, std::string_view detail) {
    auto previous = head_of(database_, "journal", "record");
    if (!previous) {
        return tl::make_unexpected(previous.error());
    }
    const std::string id = renewal ? renewal->value.text() : std::string();
    auto pass = database_.query("SELECT pass_no FROM renewal WHERE id = ?", {id});
    auto last = database_.query("SELECT coalesce(max(record), 0) FROM journal");
    const auto pass_found = pass.step();
    const auto last_found = last.step();
    if (!pass_found || !last_found) {
        return tl::make_unexpected(pass_found ? last_found.error() : pass_found.error());
    }
    const std::int64_t record = last.integer(0) + 1;
    json::object line{{"record", record},
                      {"previous", to_hex(*previous)},
                      {"at", to_rfc3339(clock_->now())},
                      {"kind", kind}};
    if (renewal) {
        line["renewal"] = id;
        line["pass_no"] = pass.text(0);
    }
    if (card != nullptr) {
        line["attempt"] = card->attempt.value.text();
        line["uid"] = card->uid.hex();
        line["epoch"] = card->epoch.value;
        line["key_generation"] = card->key_generation;
        line["credential_sha256"] = to_hex(sha256(card->credential));
    }
    if (!detail.empty()) {
        line["detail"] = detail;
    }
    const std::string text = json::serialize(line);
    return database_
        .run("INSERT INTO journal VALUES (?, ?, ?)",
             {record, text, BytesView(sha256(as_bytes(text)))})
        .map([record](std::int64_t) { return record; });
}

Result<std::int64_t> Ledger::owe(wire::FactType type, RenewalId renewal, FactParts parts) {
    auto previous = head_of(database_, "outbox", "seq");
    if (!previous) {
        return tl::make_unexpected(previous.error());
    }
    auto last = database_.query("SELECT coalesce(max(seq), 0) FROM outbox");
    if (const auto found = last.step(); !found) {
        return tl::make_unexpected(found.error());
    }
    wire::Fact fact{};
    fact.id = new_uuid(*random_, clock_->now());
    fact.incarnation = incarnation_;
    fact.seq = last.integer(0) + 1;
    fact.previous = std::move(*previous);
    fact.at = clock_->now();
    fact.type = type;
    fact.renewal = renewal;
    fact.reason = parts.reason;
    if (parts.card != nullptr) {
        fact.attempt = parts.card->attempt;
        fact.epoch = parts.card->epoch;
        fact.card = parts.card->uid;
        if (type == wire::FactType::verified) {
            fact.credential = parts.card->credential;
        }
        fact.authorisation = parts.card->authorisation;
        if (const auto& evidence = parts.card->evidence;
            evidence && type == wire::FactType::handed_over) {
            fact.evidence = checks_of(*evidence);
            fact.collector = name(evidence->collector);
            if (evidence->approval) {
                fact.supervisor = evidence->approval->supervisor.text();
                fact.reason = name(evidence->approval->reason);
            }
        }
    }
    const std::string line = wire::encode(fact);
    return database_
        .run("INSERT INTO outbox (seq, line, sha256) VALUES (?, ?, ?)",
             {fact.seq, line, BytesView(sha256(as_bytes(line)))})
        .map([&fact](std::int64_t) { return fact.seq; });
}

/// How a card comes into the ledger.
struct Ledger::Beginning {
    CardStage stage;
    std::string_view kind;  ///< the journal's word
    wire::FactType fact;
    std::string_view reason = {};  ///< for the fact
};

Result<std::int64_t> Ledger::begin(const StartedAttempt& attempt, const Beginning& beginning) {
    auto transaction = sqlite::Transaction::begin(database_);
    if (!transaction) {
        return tl::make_unexpected(transaction.error());
    }
    const IssuedCard card{attempt.attempt,
                          attempt.renewal,
                          attempt.epoch,
                          attempt.uid,
                          attempt.key_generation,
                          beginning.stage,
                          1,
                          attempt.credential,
                          std::nullopt,
                          std::nullopt};
    auto record = journal(beginning.kind, card.renewal, &card, {});
    if (!record) {
        return record;
    }
    const std::string id = card.attempt.value.text();
    auto inserted = database_.run(
        "INSERT INTO card (attempt, renewal, epoch, uid, key_generation, state, credential_sealed,"
        " credential_sha256, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {id, card.renewal.value.text(), card.epoch.value, card.uid.hex(), card.key_generation,
         name(card.stage), seal(*key_, *random_, credential_context(id), card.credential),
         BytesView(sha256(card.credential)), *record});
    if (!inserted) {
        return fail("a new card", inserted.error());
    }
    if (auto owed = owe(beginning.fact, card.renewal, {&card, beginning.reason}); !owed) {
        return owed;
    }
    return transaction->commit().map([&] { return *record; });
}

Result<WriteAhead> Ledger::start_attempt(const StartedAttempt& attempt) {
    const Beginning started{CardStage::started, "attempt_started", wire::FactType::attempt_started};
    return begin(attempt, started).map([&](std::int64_t record) {
        return WriteAheadIssuer::issue(attempt.uid, record);
    });
}

Result<void> Ledger::record_adopted(const StartedAttempt& made) {
    const Beginning adopted{CardStage::verified, "adopted", wire::FactType::verified, "adopted"};
    return begin(made, adopted).map([](std::int64_t) {});
}

/// One act on a card: what it becomes, what is written of it, and what the central is owed.
struct Ledger::Step {
    CardStage next;
    std::string_view kind;  ///< the journal's word
    std::initializer_list<wire::FactType> facts;
    std::string_view detail;       ///< for the journal
    std::string_view reason;       ///< for the facts
    std::string_view reader = {};  ///< whose row of spoiled cards grows or ends
};

Result<std::int64_t> Ledger::advance(const IssuedCard& card, CardStage next,
                                     std::initializer_list<wire::FactType> facts,
                                     std::string_view detail) {
    return take(card, Step{next, name(next), facts, detail, detail});
}

Result<void> Ledger::note_line(std::string_view reader, bool spoiled) {
    if (reader.empty()) {
        return {};
    }
    auto noted = spoiled ? database_.run(
                               "INSERT INTO production_line VALUES (?, 1)"
                               " ON CONFLICT (reader) DO UPDATE SET spoils = spoils + 1",
                               {reader})
                         : database_.run("DELETE FROM production_line WHERE reader = ?", {reader});
    return noted.map([](std::int64_t) {});
}

Result<std::int64_t> Ledger::take(const IssuedCard& card, const Step& step) {
    auto transaction = sqlite::Transaction::begin(database_);
    if (!transaction) {
        return tl::make_unexpected(transaction.error());
    }
    auto record = journal(step.kind, card.renewal, &card, step.detail);
    if (!record) {
        return record;
    }
    const auto& evidence = card.evidence;
    const bool approved = evidence && evidence->approval;
    auto updated = database_.run(
        "UPDATE card SET state = ?, record = ?, presentations = ?, authorisation = ?, evidence = ?,"
        " collector = ?, supervisor = ?, waiver = ?, missing = ?, condemned = ? WHERE attempt = ?",
        {name(step.next), *record, card.presentations,
         card.authorisation.has_value() ? Parameter(card.authorisation->text())
                                        : Parameter(nullptr),
         evidence ? Parameter(checks_of(*evidence)) : Parameter(nullptr),
         evidence ? Parameter(name(evidence->collector)) : Parameter(nullptr),
         approved ? Parameter(evidence->approval->supervisor.text()) : Parameter(nullptr),
         approved ? Parameter(name(evidence->approval->reason)) : Parameter(nullptr),
         card.missing ? 1 : 0,
         card.condemned ? Parameter(name(*card.condemned)) : Parameter(nullptr),
         card.attempt.value.text()});
    if (!updated) {
        return updated;
    }
    if (auto noted = note_line(step.reader, is_over(step.next)); !noted) {
        return tl::make_unexpected(noted.error());
    }
    std::int64_t last_seq = 0;
    for (const wire::FactType type : step.facts) {
        auto owed = owe(type, card.renewal, {&card, step.reason});
        if (!owed) {
            return owed;
        }
        last_seq = *owed;
    }
    if (auto committed = transaction->commit(); !committed) {
        return tl::make_unexpected(committed.error());
    }
    return step.facts.size() == 0 ? *record : last_seq;
}

Result<WriteAhead> Ledger::resume_attempt(AttemptId attempt) {
    auto card = require_card(attempt, {CardStage::started, CardStage::torn});
    if (!card) {
        return tl::make_unexpected(card.error());
    }
    ++card->presentations;
    const Step resumed{CardStage::started, "attempt_resumed", {}, {}, {}};
    return take(*card, resumed).map([&](std::int64_t record) {
        return WriteAheadIssuer::issue(card->uid, record);
    });
}

Result<void> Ledger::record_torn(AttemptId attempt) {
    auto card = require_card(attempt, {CardStage::started, CardStage::torn});
    if (!card) {
        return tl::make_unexpected(card.error());
    }
    return advance(*card, CardStage::torn, {wire::FactType::torn}, {}).map([](std::int64_t) {});
}

Result<void> Ledger::record_verified(AttemptId attempt, std::string_view reader) {
    auto card = require_card(attempt, {CardStage::started});
    if (!card) {
        return tl::make_unexpected(card.error());
    }
    return take(*card, {CardStage::verified,
                        name(CardStage::verified),
                        {wire::FactType::verified},
                        {},
                        {},
                        reader})
        .map([](std::int64_t) {});
}

Result<void> Ledger::record_spoiled(AttemptId attempt, std::string_view reason,
                                    std::string_view reader, const std::optional<StaffId>& staff) {
    auto card = require_card(
        attempt, {CardStage::started, CardStage::torn, CardStage::verified, CardStage::authorised});
    if (!card) {
        return tl::make_unexpected(card.error());
    }
    const std::string detail =
        std::string(reason) + (staff ? " supervisor=" + staff->text() : std::string());
    return take(*card, {CardStage::spoiled,
                        name(CardStage::spoiled),
                        {wire::FactType::spoiled},
                        detail,
                        reason,
                        reader})
        .map([](std::int64_t) {});
}

Result<std::int64_t> Ledger::spoils_in_a_row(std::string_view reader) {
    auto rows = database_.query("SELECT spoils FROM production_line WHERE reader = ?", {reader});
    return rows.step().map([&](bool found) { return found ? rows.integer(0) : 0; });
}

Result<void> Ledger::resume_line(std::string_view reader, const StaffId& staff) {
    auto transaction = sqlite::Transaction::begin(database_);
    if (!transaction) {
        return tl::make_unexpected(transaction.error());
    }
    const std::string detail = std::string(reader) + " supervisor=" + staff.text();
    if (auto record = journal("line_resumed", std::nullopt, nullptr, detail); !record) {
        return tl::make_unexpected(record.error());
    }
    if (auto noted = note_line(reader, false); !noted) {
        return noted;
    }
    return transaction->commit();
}

Result<WriteAhead> Ledger::record_condemned(AttemptId attempt, VoidReason reason) {
    auto card = require_card(attempt, {CardStage::verified, CardStage::authorised});
    if (!card) {
        return tl::make_unexpected(card.error());
    }
    card->condemned = reason;
    return take(*card, {card->stage, "condemned", {}, name(reason), {}})
        .map([&](std::int64_t record) { return WriteAheadIssuer::issue(card->uid, record); });
}

Result<std::optional<PassNumber>> Ledger::condemn_by_order(std::int64_t seq) {
    auto cards = find_card(database_.query(
        select_card("WHERE attempt = (SELECT json_extract(line, '$.attempt') FROM outbox"
                    " WHERE seq = ?) AND condemned IS NULL AND " +
                    std::string(not_over)),
        {seq}));
    if (!cards) {
        return tl::make_unexpected(cards.error());
    }
    if (!*cards) {
        return std::optional<PassNumber>();
    }
    IssuedCard& card = **cards;
    card.condemned = VoidReason::ordered;
    const Step condemned{card.stage, "condemned", {}, name(VoidReason::ordered), {}};
    if (auto taken = take(card, condemned); !taken) {
        return tl::make_unexpected(taken.error());
    }
    return pass_of_fact(seq);
}

Result<void> Ledger::record_voided(AttemptId attempt, std::string_view reason) {
    auto card = require_card(attempt, {CardStage::verified, CardStage::authorised});
    if (!card) {
        return tl::make_unexpected(card.error());
    }
    return advance(*card, CardStage::voided, {wire::FactType::voided}, reason)
        .map([](std::int64_t) {});
}

Result<void> Ledger::record_missing(AttemptId attempt) {
    auto card = require_card(attempt, {CardStage::started, CardStage::torn, CardStage::verified});
    if (!card) {
        return tl::make_unexpected(card.error());
    }
    card->missing = true;
    return take(*card, {card->stage, "missing", {wire::FactType::missing}, {}, {}})
        .map([](std::int64_t) {});
}

Result<void> Ledger::record_found(AttemptId attempt) {
    auto card = require_card(attempt, {CardStage::started, CardStage::torn, CardStage::verified});
    if (!card) {
        return tl::make_unexpected(card.error());
    }
    card->missing = false;
    return take(*card, {card->stage, "found", {wire::FactType::found}, {}, {}})
        .map([](std::int64_t) {});
}

Result<void> Ledger::record_written_off(AttemptId attempt, const StaffId& staff) {
    auto card = require_card(attempt, {CardStage::started, CardStage::torn, CardStage::verified});
    if (!card) {
        return tl::make_unexpected(card.error());
    }
    const std::string detail = "supervisor=" + staff.text();
    return take(*card, {CardStage::written_off,
                        name(CardStage::written_off),
                        {wire::FactType::written_off},
                        detail,
                        "written_off"})
        .map([](std::int64_t) {});
}

Result<WriteAhead> Ledger::record_authorised(AttemptId attempt, Uuid authorisation,
                                             const HandOverEvidence& evidence) {
    auto card = require_card(attempt, {CardStage::verified, CardStage::authorised});
    if (!card) {
        return tl::make_unexpected(card.error());
    }
    card->authorisation = authorisation;
    card->evidence = evidence;
    return advance(*card, CardStage::authorised, {}, in_words(evidence))
        .map([&](std::int64_t record) { return WriteAheadIssuer::issue(card->uid, record); });
}

Result<WriteAhead> Ledger::authorised_before(AttemptId attempt) {
    auto card = require_card(attempt, {CardStage::authorised});
    if (!card) {
        return tl::make_unexpected(card.error());
    }
    auto rows =
        database_.query("SELECT record FROM card WHERE attempt = ?", {attempt.value.text()});
    return rows.step().map(
        [&](bool) { return WriteAheadIssuer::issue(card->uid, rows.integer(0)); });
}

Result<std::int64_t> Ledger::record_handed_over(AttemptId attempt) {
    auto card = require_card(attempt, {CardStage::authorised});
    if (!card) {
        return tl::make_unexpected(card.error());
    }
    return advance(*card, CardStage::handed_over,
                   {wire::FactType::card_activated, wire::FactType::handed_over}, {});
}

Result<void> Ledger::record_refusal(RenewalId renewal, std::string_view reason) {
    auto transaction = sqlite::Transaction::begin(database_);
    if (!transaction) {
        return tl::make_unexpected(transaction.error());
    }
    if (auto record = journal("handover_refused", renewal, nullptr, reason); !record) {
        return tl::make_unexpected(record.error());
    }
    if (auto owed = owe(wire::FactType::handover_refused, renewal, {nullptr, reason}); !owed) {
        return tl::make_unexpected(owed.error());
    }
    return transaction->commit();
}

Result<std::vector<OutgoingFact>> Ledger::outgoing(std::int64_t limit) {
    auto rows = database_.query(
        "SELECT seq, line FROM outbox WHERE acknowledged = 0 ORDER BY seq LIMIT ?", {limit});
    std::vector<OutgoingFact> facts;
    while (true) {
        const auto more = rows.step();
        if (!more) {
            return tl::make_unexpected(more.error());
        }
        if (!*more) {
            return facts;
        }
        facts.push_back({rows.integer(0), rows.text(1)});
    }
}

Result<void> Ledger::acknowledge(std::int64_t through_seq) {
    auto transaction = sqlite::Transaction::begin(database_, sqlite::Durability::deferred);
    if (!transaction) {
        return tl::make_unexpected(transaction.error());
    }
    auto updated = database_.run(
        "UPDATE outbox SET acknowledged = 1 WHERE acknowledged = 0 AND seq <= ?", {through_seq});
    if (!updated) {
        return tl::make_unexpected(updated.error());
    }
    return transaction->commit();
}

Result<bool> Ledger::is_acknowledged(std::int64_t seq) {
    auto rows = database_.query("SELECT acknowledged FROM outbox WHERE seq = ?", {seq});
    return rows.step().map([&](bool found) { return found && rows.integer(0) != 0; });
}

Result<std::optional<PassNumber>> Ledger::pass_of_fact(std::int64_t seq) {
    auto rows = database_.query(
        "SELECT pass_no FROM renewal WHERE id ="
        " (SELECT json_extract(line, '$.renewal') FROM outbox WHERE seq = ?)",
        {seq});
    const auto found = rows.step();
    if (!found) {
        return tl::make_unexpected(found.error());
    }
    if (!*found) {
        return std::optional<PassNumber>();
    }
    auto number = PassNumber::parse(rows.text(0));
    if (!number) {
        return damaged("pass number");
    }
    return std::optional(std::move(*number));
}

Result<std::vector<std::string>> Ledger::history(const PassNumber& number) {
    return journal_with("$.pass_no", number.text());
}

Result<std::vector<std::string>> Ledger::history(const CardUid& uid) {
    return journal_with("$.uid", uid.hex());
}

Result<std::vector<std::string>> Ledger::journal_with(std::string_view member,
                                                      const std::string& value) {
    auto rows =
        database_.query("SELECT line FROM journal WHERE json_extract(line, ?) = ? ORDER BY record",
                        {member, value});
    std::vector<std::string> lines;
    while (true) {
        const auto more = rows.step();
        if (!more) {
            return tl::make_unexpected(more.error());
        }
        if (!*more) {
            return lines;
        }
        lines.push_back(rows.text(0));
    }
}

}  // namespace ledger
}  // namespace card
