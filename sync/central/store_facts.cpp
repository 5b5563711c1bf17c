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
        "SELECT 1 FROM authorisation WHERE id=? AND renewal=? AND uid=? AND attempt=?",
        {fact.authorisation->text(), fact.renewal.value.text(), fact.card->hex(),
         fact.attempt->value.text()});
    return must(row.step());
}

Effect judge(wire::FactType type, RenewalState& state, const CardEvent& event) {
    switch (type) {
        case wire::FactType::attempt_started:
            return attempt_started(state, event);
        case wire::FactType::verified:
            return card_verified(state, event);
        case wire::FactType::spoiled:
        case wire::FactType::voided:
            return card_lost(state, event);
        case wire::FactType::card_activated:
            return card_activated(state, event);
        case wire::FactType::handed_over:
            return handed_over(state, event);
        case wire::FactType::torn:
        case wire::FactType::handover_refused:
            return {};
    }
    return {};
}

void carry_out(sqlite::Database& database, const RenewalRecord& record, const wire::Fact& fact,
               const Effect& effect, Timestamp now) {
    save_state(database, record, effect.changed);
    const std::string id = record.id.value.text();
    if (fact.type == wire::FactType::verified && effect.changed) {
        must(database.run(
            "UPDATE renewal SET credential=?, credential_sha256=?, produced_at=? WHERE id=?",
            {fact.credential, to_hex(sha256(fact.credential)), to_rfc3339(now), id}));
    }
    if (effect.issued) {
        set_pass_state(database, record.old_pass_number, PassState::off);
        set_pass_state(database, record.pass_number, PassState::active);
        must(database.run("UPDATE renewal SET issued_at=? WHERE id=?", {to_rfc3339(now), id}));
    }
}

struct Judgement {
    wire::FactOutcome outcome = wire::FactOutcome::stored_unknown;
    std::string order;
};

Judgement apply(sqlite::Database& database, const std::string& station, const wire::Fact& fact,
                Timestamp now) {
    auto record = find_renewal(database, fact.renewal);
    if (!record) {
        return {};
    }
    const CardEvent event{station, fact.attempt, fact.epoch, fact.card,
                          is_authorised(database, fact)};
    const bool incomplete = fact.type == wire::FactType::verified && fact.credential.empty();
    const Effect effect =
        incomplete ? Effect{.conflict = true} : judge(fact.type, record->state, event);
    if (effect.conflict) {
        return {wire::FactOutcome::stored_conflict,
                effect.void_card ? std::string(void_card) : std::string()};
    }
    carry_out(database, *record, fact, effect, now);
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

wire::FactResult store_line(sqlite::Database& database, Chain& chain, const Line& line,
                            Timestamp now) {
    const Judgement judgement =
        line.fact ? apply(database, chain.station, *line.fact, now) : Judgement{};
    ++chain.seq;
    chain.head = line.hash;
    must(database.run(
        "INSERT INTO fact (station, incarnation, seq, line, sha256, received_at, type, renewal,"
        " outcome, order_given) VALUES (?,?,?,?,?,?,?,?,?,?)",
        {chain.station, chain.incarnation.text(), chain.seq, as_bytes(line.octets), line.hash,
         to_rfc3339(now), line.fact ? std::optional(name(line.fact->type)) : std::nullopt,
         line.fact ? std::optional(line.fact->renewal.value.text()) : std::nullopt,
         name(judgement.outcome), judgement.order}));
    return {chain.seq, judgement.outcome, judgement.order};
}

}  // namespace

Result<Reply<wire::FactsAnswer>> Store::record_facts(const Station& station,
                                                     const std::vector<std::string>& octets,
                                                     Moment moment) {
    std::vector<Line> lines;
    std::transform(octets.begin(), octets.end(), std::back_inserter(lines), read_line);
    const auto named = std::find_if(lines.begin(), lines.end(),
                                    [](const Line& line) { return line.incarnation.has_value(); });
    if (named == lines.end()) {
        return wire::Problem{bad_request, "fact_unreadable", "no fact of the request can be read",
                             false};
    }
    return in_transaction(database_, [&]() -> Reply<wire::FactsAnswer> {
        Chain chain = load_chain(database_, station.name, *named->incarnation);
        wire::FactsAnswer answer;
        for (const Line& line : lines) {
            const auto known = find_known(database_, chain, line);
            if (known && known->hash != line.hash) {
                return fact_problem("fact_rewritten", "another fact is stored under this number",
                                    chain, false);
            }
            if (known) {
                answer.results.push_back({known->seq, wire::FactOutcome::duplicate, known->order});
                continue;
            }
            if (auto problem = refused(line, chain)) {
                return std::move(*problem);
            }
            answer.results.push_back(store_line(database_, chain, line, moment.now));
        }
        answer.acked_through = chain.seq;
        return answer;
    });
}

Result<wire::Acknowledged> Store::acknowledged(const Station& station, const Uuid& incarnation) {
    return in_transaction(database_, [&] {
        Chain chain = load_chain(database_, station.name, incarnation);
        return wire::Acknowledged{chain.seq, std::move(chain.head)};
    });
}

}  // namespace card::central
