// What stations ask: the changes of their renewals, claims, authorisations.

#include <algorithm>
#include <charconv>

#include "sync/central/rows.hpp"

namespace card::central {
namespace {

constexpr int bad_request = 400;
constexpr int not_found = 404;
constexpr int conflict = 409;
constexpr int gone = 410;
constexpr int unprocessable = 422;

bool serves(const Station& station, const Port& port) {
    return std::find(station.ports.begin(), station.ports.end(), port) != station.ports.end();
}

std::optional<std::int64_t> parse_cursor(std::string_view cursor) {
    if (cursor.empty()) {
        return 0;
    }
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), value);
    const bool whole = error == std::errc{} && end == cursor.data() + cursor.size();
    return whole && value >= 0 ? std::optional(value) : std::nullopt;
}

Renewal for_station(const RenewalRecord& record) {
    return Renewal{record.id,
                   RenewalVersion(record.version),
                   record.state.status,
                   record.state.held,
                   record.pass_number,
                   record.old_pass_number,
                   record.valid_from,
                   record.state.valid_to,
                   record.pickup_port,
                   record.port_areas,
                   record.holder_name,
                   PersonalText(masked_id(record.id_number.reveal())),
                   data_warnings(record.holder_name, record.id_number),
                   record.photo};
}

void claim_one(sqlite::Database& database, const Station& station, const RenewalId& id,
               Moment moment, wire::ClaimAnswer& answer) {
    auto record = find_renewal(database, id);
    const Claimant claimant{station.name, record && serves(station, record->pickup_port),
                            moment.today, moment.now};
    const auto refused =
        record ? refusal_to_claim(record->state, old_pass_of(database, *record), claimant)
               : std::optional(Refusal{"unknown", "查無此換證申請"});
    if (refused) {
        answer.refused.push_back({id, refused->code, refused->words});
        return;
    }
    const Epoch epoch = grant_claim(record->state, claimant);
    save_state(database, *record, false);
    answer.granted.push_back({id, epoch, lease_s});
}

void release_one(sqlite::Database& database, const Station& station,
                 const wire::ReleaseRequest::Claim& claim, wire::ReleaseAnswer& answer) {
    auto record = find_renewal(database, claim.renewal);
    const auto refused = record ? refusal_to_release_claim(record->state, station.name, claim.epoch)
                                : std::optional(Refusal{"unknown", "查無此換證申請"});
    if (refused) {
        answer.refused.push_back({claim.renewal, refused->code, refused->words});
        return;
    }
    release_claim(record->state);
    save_state(database, *record, false);
    answer.released.push_back(claim.renewal);
}

struct EarlierGrant {
    Uuid id;
    Bytes request;
    bool ended;
};

std::optional<EarlierGrant> earlier_grant(sqlite::Database& database, const Uuid& key) {
    sqlite::Statement row = database.query(
        "SELECT id, sha256, ended_at FROM authorisation WHERE idempotency_key=?", {key.text()});
    if (!must(row.step())) {
        return std::nullopt;
    }
    return EarlierGrant{stored(Uuid::parse(row.text(0)), "id"), row.blob(1), !row.is_null(2)};
}

void write_grant(sqlite::Database& database, const Uuid& id, const Uuid& key,
                 const RenewalId& renewal, const wire::AuthorisationRequest& request,
                 const Bytes& hash, Timestamp now) {
    must(database.run(
        "INSERT INTO authorisation (id, idempotency_key, renewal, sha256, station, attempt, epoch,"
        " uid, granted_at, expires_at) VALUES (?,?,?,?,?,?,?,?,?,?)",
        {id.text(), key.text(), renewal.value.text(), hash, request.station,
         request.attempt.value.text(), request.epoch.value, request.card.hex(), to_rfc3339(now),
         to_rfc3339(now)}));
}

}  // namespace

Result<Reply<wire::RenewalPage>> Store::page(const Station& station, std::string_view cursor) {
    return in_transaction(database_, [&]() -> Reply<wire::RenewalPage> {
        const auto after = parse_cursor(cursor);
        if (!after) {
            return wire::Problem{bad_request, "bad_cursor", "the cursor is not one of ours", false};
        }
        if (*after > last_change(database_)) {
            return wire::Problem{gone, "cursor_expired", "start again with an empty cursor", false};
        }
        const auto found =
            find_renewals(database_,
                          "r.approved = 1 AND r.pickup_port IN (SELECT value FROM json_each(?))"
                          " AND r.change_seq > ? ORDER BY r.change_seq LIMIT ?",
                          {to_json_text(station.ports), *after, wire::max_page_size});
        wire::RenewalPage page;
        page.cursor = std::to_string(*after);
        for (const RenewalRecord& record : found) {
            page.renewals.push_back(for_station(record));
        }
        if (!found.empty()) {
            sqlite::Statement row = database_.query("SELECT change_seq FROM renewal WHERE id=?",
                                                    {found.back().id.value.text()});
            page.cursor = must(row.step()) ? row.text(0) : page.cursor;
        }
        return page;
    });
}

Result<Reply<wire::ClaimAnswer>> Store::claim(const Station& station,
                                              const wire::ClaimRequest& request, Moment moment) {
    return in_transaction(database_, [&]() -> Reply<wire::ClaimAnswer> {
        const Bytes hash = sha256_of(station.name + "\n" + encode(request));
        sqlite::Statement earlier = database_.query(
            "SELECT sha256, answer FROM claim WHERE claim_id=?", {request.claim_id.text()});
        if (must(earlier.step())) {
            if (earlier.blob(0) != hash) {
                return wire::Problem{unprocessable, "claim_id_reused",
                                     "this claim id was used for another claim", false};
            }
            return stored(wire::decode_claim_answer(earlier.text(1)), "answer");
        }
        wire::ClaimAnswer answer;
        for (const RenewalId& id : request.renewals) {
            claim_one(database_, station, id, moment, answer);
        }
        must(database_.run(
            "INSERT INTO claim (claim_id, station, sha256, answer, granted_at) VALUES (?,?,?,?,?)",
            {request.claim_id.text(), station.name, hash, encode(answer), to_rfc3339(moment.now)}));
        return answer;
    });
}

Result<wire::ReleaseAnswer> Store::release(const Station& station,
                                           const wire::ReleaseRequest& request) {
    return in_transaction(database_, [&] {
        wire::ReleaseAnswer answer;
        for (const wire::ReleaseRequest::Claim& claim : request.claims) {
            release_one(database_, station, claim, answer);
        }
        return answer;
    });
}

Result<wire::HeldClaims> Store::held_claims(const Station& station,
                                            const std::optional<RenewalId>& after) {
    return in_transaction(database_, [&] {
        wire::HeldClaims held;
        for (const RenewalRecord& record :
             find_renewals(database_, "r.claim_station = ? AND r.id > ? ORDER BY r.id LIMIT ?",
                           {station.name, after ? after->value.text() : std::string(),
                            wire::max_page_size})) {
            const RenewalState& state = record.state;
            held.claims.push_back({record.id, Epoch(state.epoch), state.status,
                                   state.attempt ? state.attempt : state.started_attempt,
                                   state.attempt ? state.card : state.started_card});
        }
        return held;
    });
}

Result<Reply<PhotoFile>> Store::photo(const Station& station, const PhotoHash& hash) {
    return in_transaction(database_, [&]() -> Reply<PhotoFile> {
        sqlite::Statement row = database_.query(
            "SELECT f.media_type, f.octets FROM photo f WHERE f.sha256 = ?1 AND EXISTS ("
            " SELECT 1 FROM pass p JOIN renewal r ON r.pass_no = p.pass_no"
            " WHERE p.photo_sha256 = ?1 AND r.approved = 1"
            " AND r.status IN ('approved', 'produced')"
            " AND r.pickup_port IN (SELECT value FROM json_each(?2)))",
            {BytesView(hash.value), to_json_text(station.ports)});
        if (!must(row.step())) {
            return wire::Problem{not_found, "unknown", "no such photo for this station", false};
        }
        Bytes octets = row.blob(1);
        PhotoFile photo{row.text(0), PersonalText(std::string(octets.begin(), octets.end()))};
        wipe_octets(octets);
        return photo;
    });
}

Result<Reply<wire::Authorisation>> Store::authorise(const Station& station,
                                                    const Uuid& idempotency_key,
                                                    const RenewalId& renewal,
                                                    const wire::AuthorisationRequest& request,
                                                    Moment moment) {
    return in_transaction(database_, [&]() -> Reply<wire::Authorisation> {
        const auto record = find_renewal(database_, renewal);
        if (!record) {
            return wire::Problem{not_found, "unknown", "查無此換證申請", false};
        }
        const Bytes hash = sha256_of(renewal.value.text() + "\n" + encode(request));
        const auto earlier = earlier_grant(database_, idempotency_key);
        if (earlier && earlier->request != hash) {
            return wire::Problem{unprocessable, "idempotency_key_reused",
                                 "this Idempotency-Key was used for another request", false};
        }
        if (!serves(station, record->pickup_port)) {
            return wire::Problem{conflict, "not_yours",
                                 "此證領證港區為" + record->pickup_port.name(), false};
        }
        // Asked again even for an earlier grant: it must not outlive a withdrawal.
        const HandOver asked{station.name, request.attempt, request.epoch, request.card};
        const OldPass old_pass = old_pass_of(database_, *record);
        if (const auto refused =
                refusal_to_authorise(record->state, old_pass, asked, moment.today)) {
            return wire::Problem{conflict, refused->code, refused->words, false};
        }
        if (earlier && earlier->ended) {
            return wire::Problem{conflict, "authorisation_over", "此次領證已取消，請重新辦理",
                                 false};
        }
        const Uuid id = earlier ? earlier->id : new_uuid(*random_, moment.now);
        if (!earlier) {
            write_grant(database_, id, idempotency_key, renewal, request, hash, moment.now);
        }
        must(database_.run(
            "UPDATE authorisation SET expires_at=? WHERE id=?",
            {to_rfc3339(moment.now + std::chrono::seconds(authorisation_s)), id.text()}));
        return wire::Authorisation{id, authorisation_s};
    });
}

}  // namespace card::central
