// What a station asks about its own ledger: how far the central has its facts, the facts themselves
// after a restore, and the ledger that takes the place of a lost one.

#include "sync/central/rows.hpp"

namespace card::central {
namespace {

constexpr int not_found = 404;
constexpr int conflict = 409;
constexpr std::size_t hash_size = 32;

wire::Acknowledged head_of(sqlite::Database& database, const std::string& station,
                           const Uuid& incarnation) {
    sqlite::Statement row = database.query(
        "SELECT seq, sha256 FROM fact WHERE station=? AND incarnation=? ORDER BY seq DESC LIMIT 1",
        {station, incarnation.text()});
    if (must(row.step())) {
        return {incarnation, row.integer(0), row.blob(1)};
    }
    return {incarnation, 0, Bytes(hash_size, 0)};
}

/// The ledger that a station had last.
std::optional<Uuid> latest_incarnation(sqlite::Database& database, const std::string& station) {
    sqlite::Statement row = database.query(
        "SELECT incarnation FROM incarnation WHERE station=? ORDER BY number DESC LIMIT 1",
        {station});
    return must(row.step()) ? std::optional(stored(Uuid::parse(row.text(0)), "incarnation"))
                            : std::nullopt;
}

bool same(const wire::Acknowledged& left, const wire::Acknowledged& right) {
    return left.incarnation == right.incarnation && left.seq == right.seq &&
           left.head == right.head;
}

wire::Problem refused(std::string code, std::string detail) {
    return {conflict, std::move(code), std::move(detail), false};
}

/// Whether a ledger may be opened over the one before; nothing where it may.
std::optional<wire::Problem> refusal_to_open(sqlite::Database& database, const std::string& station,
                                             const wire::IncarnationNotice& notice) {
    const auto latest = latest_incarnation(database, station);
    if (!latest) {
        return notice.follows
                   ? std::optional(refused("incarnation_unknown", "this station had no ledger yet"))
                   : std::nullopt;
    }
    if (!notice.follows) {
        return refused("incarnation_follows", "name the ledger that this one follows");
    }
    if (!same(*notice.follows, head_of(database, station, *latest))) {
        return refused("incarnation_head",
                       "the ledger before has facts that were not fetched; its last is " +
                           std::to_string(head_of(database, station, *latest).seq));
    }
    return std::nullopt;
}

}  // namespace

Result<Reply<wire::Acknowledged>> Store::acknowledged(const Station& station,
                                                      const std::optional<Uuid>& incarnation) {
    return in_transaction(database_, [&]() -> Reply<wire::Acknowledged> {
        const auto asked = incarnation ? incarnation : latest_incarnation(database_, station.name);
        if (!asked) {
            return wire::Problem{not_found, "no_incarnation", "this station had no ledger yet",
                                 false};
        }
        return head_of(database_, station.name, *asked);
    });
}

Result<OwnFacts> Store::own_facts(const Station& station, const Uuid& incarnation,
                                  std::int64_t after) {
    return in_transaction(database_, [&] {
        sqlite::Statement rows = database_.query(
            "SELECT line FROM fact WHERE station=? AND incarnation=? AND seq>? ORDER BY seq"
            " LIMIT ?",
            {station.name, incarnation.text(), after, wire::max_fact_batch});
        OwnFacts facts;
        while (must(rows.step())) {
            const Bytes line = rows.blob(0);
            facts.lines.emplace_back(line.begin(), line.end());
        }
        return facts;
    });
}

Result<Reply<wire::Acknowledged>> Store::open_incarnation(const Station& station,
                                                          const Uuid& incarnation,
                                                          const wire::IncarnationNotice& notice,
                                                          Moment moment) {
    return in_transaction(database_, [&]() -> Reply<wire::Acknowledged> {
        sqlite::Statement known =
            database_.query("SELECT closed FROM incarnation WHERE station=? AND incarnation=?",
                            {station.name, incarnation.text()});
        if (must(known.step())) {
            if (known.integer(0) != 0) {
                return refused("incarnation_closed", "another ledger took this one's place");
            }
            return head_of(database_, station.name, incarnation);
        }
        if (auto problem = refusal_to_open(database_, station.name, notice)) {
            return std::move(*problem);
        }
        must(database_.run("UPDATE incarnation SET closed=1 WHERE station=?", {station.name}));
        const auto& follows = notice.follows;
        must(database_.run(
            "INSERT INTO incarnation (station, incarnation, opened_at, announced, follows,"
            " follows_seq, follows_head) VALUES (?,?,?,1,?,?,?)",
            {station.name, incarnation.text(), to_rfc3339(moment.now),
             follows ? std::optional(follows->incarnation.text()) : std::nullopt,
             follows ? std::optional(follows->seq) : std::nullopt,
             follows ? sqlite::Parameter(follows->head) : sqlite::Parameter(nullptr)}));
        return head_of(database_, station.name, incarnation);
    });
}

Result<void> Store::heartbeat(const Station& station, const wire::StationStatus& status,
                              Moment moment) {
    return in_transaction(
               database_,
               [&] {
                   must(database_.run("INSERT OR REPLACE INTO heartbeat VALUES (?,?,?,?,?,?,?)",
                                      {station.name, to_rfc3339(moment.now), to_rfc3339(status.at),
                                       status.incarnation.text(), status.facts_owed,
                                       status.cards_in_doubt, status.software}));
                   return true;
               })
        .map([](bool) {});
}

}  // namespace card::central
