// What stations report. A fact is stored before it is judged, and its judgement never unstores it.

#include <algorithm>

#include <boost/json/value.hpp>

#include "cardformat/crypto/hash.hpp"
#include "sync/central/rows.hpp"
#include "sync/wire/members.hpp"

namespace card::central {
namespace {

constexpr int bad_request = 400;
constexpr int conflict = 409;
constexpr std::size_t hash_size = 32;
constexpr std::string_view void_card = "void_card";

/// A line as it came, and as much of it as can be read.
struct Line {
    std::string octets;
    Bytes hash;
    std::optional<wire::Fact> fact;  ///< nothing where the line does not decode
    std::optional<Uuid> incarnation;
    std::optional<std::int64_t> seq;
    std::optional<Bytes> previous;
};

template <class Parse>
auto text_member(const boost::json::object& object, std::string_view name, Parse parse) {
    const auto* value = object.if_contains({name.data(), name.size()});
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? decltype(parse(std::string_view()))()
                           : parse(std::string_view(text->data(), text->size()));
}

Line read_line(const std::string& octets) {
    Line line{octets, sha256_of(octets), {}, {}, {}, {}};
    if (auto fact = wire::decode_fact(octets)) {
        line.incarnation = fact->incarnation;
        line.seq = fact->seq;
        line.previous = fact->previous;
        line.fact = std::move(*fact);
        return line;
    }
    const auto value = wire::parse_json(octets, wire::max_fact_size);
    const auto* object = value ? value->if_object() : nullptr;
    if (object != nullptr) {
        line.incarnation = text_member(*object, "incarnation", Uuid::parse);
        line.previous = text_member(*object, "previous", from_hex);
        const auto* seq = object->if_contains("seq");
        if (seq != nullptr && seq->is_int64()) {
            line.seq = seq->get_int64();
        }
    }
    return line;
}

struct Chain {
    std::string station;
    Uuid incarnation;
    std::int64_t seq = 0;
    Bytes head = Bytes(hash_size, 0);
};

Chain load_chain(sqlite::Database& database, const std::string& station, const Uuid& incarnation) {
    Chain chain{station, incarnation};
    sqlite::Statement row = database.query(
        "SELECT seq, sha256 FROM fact WHERE station=? AND incarnation=? ORDER BY seq DESC LIMIT 1",
        {station, incarnation.text()});
    if (must(row.step())) {
        chain.seq = row.integer(0);
        chain.head = row.blob(1);
    }
    return chain;
}

struct Known {
    std::int64_t seq;
    Bytes hash;
    std::string order;
};

/// A fact stored earlier: by its number, or by its octets where it has none to read.
std::optional<Known> find_known(sqlite::Database& database, const Chain& chain, const Line& line) {
    constexpr std::string_view in_chain =
        "SELECT seq, sha256, order_given FROM fact WHERE station=? AND incarnation=? AND ";
    const std::string incarnation = chain.incarnation.text();
    sqlite::Statement row = line.seq ? database.query(std::string(in_chain) + "seq=?",
                                                      {chain.station, incarnation, *line.seq})
                                     : database.query(std::string(in_chain) + "sha256=?",
                                                      {chain.station, incarnation, line.hash});
    if (!must(row.step())) {
        return std::nullopt;
    }
    return Known{row.integer(0), row.blob(1), row.text(2)};
}

bool is_authorised(sqlite::Database& database, const wire::Fact& fact) {
    if (!fact.authorisation || !fact.card || !fact.attempt) {
        return false;
    }
    sqlite::Statement row = database.query(
        "SELECT 1 FROM authorisation WHERE id=? AND renewal=? AND uid=? AND attempt=?"
        " AND ended_at IS NULL",
        {fact.authorisation->text(), fact.renewal.value.text(), fact.card->hex(),
         fact.attempt->value.text()});
    return must(row.step());
}

Effect judge(wire::FactType type, RenewalState& state, const CardEvent& event) {
    switch (type) {
        case wire::FactType::attempt_started:
            return attempt_started(state, event);
        case wire::FactType::torn:
            return card_torn(state, event);
        case wire::FactType::verified:
            return card_verified(state, event);
        case wire::FactType::spoiled:
            return card_ended(state, event, CardEnd::spoiled);
        case wire::FactType::missing:
            return card_missing(state, event);
        case wire::FactType::found:
            return card_found(state, event);
        case wire::FactType::voided:
            return card_ended(state, event, CardEnd::voided);
        case wire::FactType::written_off:
            return card_ended(state, event, CardEnd::written_off);
        case wire::FactType::old_pass_retired:
            return old_pass_retired(state, event);
        case wire::FactType::handover_aborted:
            return handover_aborted(state, event);
        case wire::FactType::card_activated:
            return card_activated(state, event);
        case wire::FactType::handed_over:
            return handed_over(state, event);
        case wire::FactType::handover_refused:
            return {};
    }
    return {};
}

/// Where facts are written down, and what makes letters.
struct Registry {
    sqlite::Database& database;
    RandomSource& random;
    const LetterSigner& signer;
    Timestamp now;
    BusinessDay today;
};

/// The letter commits with the fact that makes it due, or neither does.
void owe_letter(const Registry& registry, const RenewalRecord& record) {
    if (!registry.signer) {
        return;
    }
    const std::string qr = must(registry.signer(record));
    must(registry.database.run(
        "INSERT INTO letter (id, renewal, attempt, qr, made_at, made_on) VALUES (?,?,?,?,?,?)",
        {new_uuid(registry.random, registry.now).text(), record.id.value.text(),
         record.state.attempt->value.text(), qr, to_rfc3339(registry.now), registry.today.iso()}));
}

void carry_out(const Registry& registry, const RenewalRecord& record, const wire::Fact& fact,
               const Effect& effect) {
    sqlite::Database& database = registry.database;
    save_state(database, record, effect.changed);
    const std::string id = record.id.value.text();
    const std::string now = to_rfc3339(registry.now);
    if (effect.produced) {
        must(database.run(
            "UPDATE renewal SET credential=?, credential_sha256=?, produced_at=? WHERE id=?",
            {fact.credential, to_hex(sha256(fact.credential)), now, id}));
        owe_letter(registry, record);
    }
    if (effect.card_gone) {
        supersede_letter(database, record.id, registry.now);
    }
    if (effect.card_gone || effect.authorisation_over) {
        end_authorisations(database, record.id, registry.now);
    }
    if (effect.held_for_spoils) {
        must(database.run("UPDATE renewal SET hold_reason=? WHERE id=?", {spoils_hold_reason, id}));
    }
    if (effect.issued) {
        set_pass_state(database, record.old_pass_number, PassState::off);
        set_pass_state(database, record.pass_number, PassState::active);
        must(database.run("UPDATE renewal SET issued_at=? WHERE id=?", {now, id}));
    }
}

struct Judgement {
    wire::FactOutcome outcome = wire::FactOutcome::stored_unknown;
    std::string order;
};

Judgement apply(const Registry& registry, const std::string& station, const wire::Fact& fact) {
    auto record = find_renewal(registry.database, fact.renewal);
    if (!record) {
        return {};
    }
    const CardEvent event{station, fact.attempt, fact.epoch, fact.card,
                          is_authorised(registry.database, fact)};
    const bool incomplete = fact.type == wire::FactType::verified && fact.credential.empty();
    const Effect effect =
        incomplete ? Effect{.conflict = true} : judge(fact.type, record->state, event);
    if (effect.conflict) {
        return {wire::FactOutcome::stored_conflict,
                effect.void_card ? std::string(void_card) : std::string()};
    }
    carry_out(registry, *record, fact, effect);
    return {wire::FactOutcome::applied, {}};
}

wire::Problem fact_problem(std::string code, std::string_view why, const Chain& chain,
                           bool retryable) {
    return {conflict, std::move(code),
            std::string(why) + "; acked_through=" + std::to_string(chain.seq), retryable};
}

std::optional<wire::Problem> refused(const Line& line, const Chain& chain) {
    if (line.incarnation && *line.incarnation != chain.incarnation) {
        return fact_problem("fact_incarnation", "one request carries facts of one incarnation",
                            chain, false);
    }
    if (line.seq && *line.seq != chain.seq + 1) {
        return fact_problem("fact_gap", "facts before this one are missing", chain, true);
    }
    if (line.previous && *line.previous != chain.head) {
        return fact_problem("fact_chain_broken", "the fact does not follow the last one", chain,
                            false);
    }
    return std::nullopt;
}

wire::FactResult store_line(const Registry& registry, Chain& chain, const Line& line) {
    const Judgement judgement =
        line.fact ? apply(registry, chain.station, *line.fact) : Judgement{};
    ++chain.seq;
    chain.head = line.hash;
    must(registry.database.run(
        "INSERT INTO fact (station, incarnation, seq, line, sha256, received_at, type, renewal,"
        " outcome, order_given) VALUES (?,?,?,?,?,?,?,?,?,?)",
        {chain.station, chain.incarnation.text(), chain.seq, as_bytes(line.octets), line.hash,
         to_rfc3339(registry.now), line.fact ? std::optional(name(line.fact->type)) : std::nullopt,
         line.fact ? std::optional(line.fact->renewal.value.text()) : std::nullopt,
         name(judgement.outcome), judgement.order}));
    return {chain.seq, judgement.outcome, judgement.order};
}

/// A ledger that nobody announced is known from its first fact on.
bool may_write(const Registry& registry, const Chain& chain) {
    sqlite::Statement row =
        registry.database.query("SELECT closed FROM incarnation WHERE station=? AND incarnation=?",
                                {chain.station, chain.incarnation.text()});
    if (must(row.step())) {
        return row.integer(0) == 0;
    }
    must(registry.database.run(
        "INSERT INTO incarnation (station, incarnation, opened_at, announced) VALUES (?,?,?,0)",
        {chain.station, chain.incarnation.text(), to_rfc3339(registry.now)}));
    return true;
}

Reply<wire::FactsAnswer> record(const Registry& registry, const FactsRequest& request) {
    std::vector<Line> lines;
    std::transform(request.lines.begin(), request.lines.end(), std::back_inserter(lines),
                   read_line);
    const auto named = std::find_if(lines.begin(), lines.end(),
                                    [](const Line& line) { return line.incarnation.has_value(); });
    if (named == lines.end()) {
        return wire::Problem{bad_request, "fact_unreadable", "no fact of the request can be read",
                             false};
    }
    Chain chain = load_chain(registry.database, request.station.name, *named->incarnation);
    const bool open = may_write(registry, chain);
    wire::FactsAnswer answer;
    for (const Line& line : lines) {
        const auto known = find_known(registry.database, chain, line);
        if (known && known->hash != line.hash) {
            return fact_problem("fact_rewritten", "another fact is stored under this number", chain,
                                false);
        }
        if (known) {
            answer.results.push_back({known->seq, wire::FactOutcome::duplicate, known->order});
            continue;
        }
        if (!open) {
            return fact_problem("incarnation_closed", "another ledger took this one's place", chain,
                                false);
        }
        if (auto problem = refused(line, chain)) {
            return std::move(*problem);
        }
        answer.results.push_back(store_line(registry, chain, line));
    }
    answer.acked_through = chain.seq;
    return answer;
}

}  // namespace

Result<std::vector<Reply<wire::FactsAnswer>>> Store::record_facts(
    const std::vector<FactsRequest>& requests, Moment moment) {
    return in_transaction(database_, [&] {
        const Registry registry{database_, *random_, signer_, moment.now, moment.today};
        std::vector<Reply<wire::FactsAnswer>> replies;
        replies.reserve(requests.size());
        for (const FactsRequest& request : requests) {
            replies.push_back(record(registry, request));
        }
        return replies;
    });
}

}  // namespace card::central
