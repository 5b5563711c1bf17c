#include "sync/central/rows.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "cardformat/crypto/hash.hpp"
#include "sync/wire/members.hpp"

namespace card::central {
namespace {

constexpr std::string_view pass_columns =
    "p.pass_no, p.state, p.valid_from, p.valid_to, p.has_photo, p.times_exchanged, p.company,"
    " p.holder_name, p.id_no, p.pass_kind, p.port_areas,"
    " EXISTS (SELECT 1 FROM renewal o WHERE o.old_pass_no = p.pass_no"
    "         AND o.status IN ('approved', 'produced')) AS open_application,"
    " p.sanction, p.sanction_until, p.email, p.photo_sha256";

constexpr std::string_view renewal_columns =
    "r.id, r.version, r.status, r.held, r.approved, r.payment, r.valid_to, r.claim_station, "
    "r.epoch,"
    " r.started_attempt, r.started_uid, r.attempt, r.uid, r.made_elsewhere, r.pass_no, "
    "r.old_pass_no,"
    " r.valid_from, r.pickup_port, r.free, r.times_exchanged, r.hold_reason, r.withdrawal_reason,"
    " r.issued_at, p.company, p.holder_name, p.id_no, p.port_areas, p.photo_sha256, r.lease_until,"
    " r.card_open, r.card_ended, r.spoiled_cards, r.card_missing, r.card_live, r.old_card_retired";

std::vector<std::string> texts_of(const std::string& json_text) {
    const auto value = stored(wire::parse_json(json_text, json_text.size()), "port_areas");
    std::vector<std::string> texts;
    const auto* array = value.if_array();
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
        const auto* text = (*array)[i].if_string();
        texts.emplace_back(text == nullptr ? "" : text->c_str());
    }
    return texts;
}

std::optional<AttemptId> attempt_in(const sqlite::Statement& row, int column) {
    const auto text = row.optional_text(column);
    return text ? std::optional(AttemptId(stored(Uuid::parse(*text), "attempt"))) : std::nullopt;
}

std::optional<CardUid> card_in(const sqlite::Statement& row, int column) {
    const auto text = row.optional_text(column);
    return text ? std::optional(stored(CardUid::parse(*text), "uid")) : std::nullopt;
}

std::optional<PhotoHash> photo_in(const sqlite::Statement& row, int column) {
    const auto octets = row.optional_blob(column);
    return octets ? std::optional(stored(wire::parse_photo_hash(to_hex(*octets)), "photo_sha256"))
                  : std::nullopt;
}

std::optional<Sanction> sanction_in(const sqlite::Statement& row, int column) {
    const auto kind = row.optional_text(column);
    const auto until = row.optional_text(column + 1);
    if (!kind) {
        return std::nullopt;
    }
    return Sanction{
        stored(parse_sanction_kind(*kind), "sanction"),
        until ? std::optional(stored(BusinessDay::parse(*until), "sanction_until")) : std::nullopt};
}

PassRecord pass_in(const sqlite::Statement& row) {
    return PassRecord{
        {stored(PassNumber::parse(row.text(0)), "pass_no"),
         stored(parse_pass_state(row.text(1)), "state"),
         stored(BusinessDay::parse(row.text(2)), "valid_from"),
         stored(BusinessDay::parse(row.text(3)), "valid_to"), row.integer(4) != 0,
         row.integer(11) != 0, static_cast<int>(row.integer(5)), sanction_in(row, 12)},
        row.text(6),
        PersonalText(row.text(7)),
        PersonalText(row.text(8)),
        row.text(9),
        texts_of(row.text(10)),
        row.text(14),
        photo_in(row, 15)};
}

RenewalState state_in(const sqlite::Statement& row) {
    RenewalState state;
    state.status = stored(parse_renewal_status(row.text(2)), "status");
    state.held = row.integer(3) != 0;
    state.approved = row.integer(4) != 0;
    state.payment = stored(parse_payment(row.text(5)), "payment");
    state.valid_to = stored(BusinessDay::parse(row.text(6)), "valid_to");
    state.claim_station = row.text(7);
    state.epoch = row.integer(8);
    state.started_attempt = attempt_in(row, 9);
    state.started_card = card_in(row, 10);
    state.attempt = attempt_in(row, 11);
    state.card = card_in(row, 12);
    state.made_elsewhere = row.integer(13) != 0;
    if (const auto lease = row.optional_text(28)) {
        state.lease_until = stored(parse_rfc3339(*lease), "lease_until");
    }
    state.card_open = row.integer(29) != 0;
    state.card_ended = row.integer(30) != 0;
    state.spoiled_cards = row.integer(31);
    state.card_missing = row.integer(32) != 0;
    state.card_live = row.integer(33) != 0;
    state.old_card_retired = row.integer(34) != 0;
    return state;
}

RenewalRecord renewal_in(const sqlite::Statement& row) {
    return RenewalRecord{RenewalId(stored(Uuid::parse(row.text(0)), "id")),
                         row.integer(1),
                         state_in(row),
                         stored(PassNumber::parse(row.text(14)), "pass_no"),
                         stored(PassNumber::parse(row.text(15)), "old_pass_no"),
                         stored(BusinessDay::parse(row.text(16)), "valid_from"),
                         stored(Port::parse(row.text(17)), "pickup_port"),
                         row.integer(18) != 0,
                         static_cast<int>(row.integer(19)),
                         row.text(20),
                         row.text(21),
                         row.text(22),
                         row.text(23),
                         PersonalText(row.text(24)),
                         PersonalText(row.text(25)),
                         texts_of(row.text(26)),
                         photo_in(row, 27)};
}

std::int64_t next_change(sqlite::Database& database) {
    must(database.run("UPDATE change_sequence SET last = last + 1"));
    return last_change(database);
}

std::optional<std::string> text_of(const std::optional<AttemptId>& attempt) {
    return attempt ? std::optional(attempt->value.text()) : std::nullopt;
}

std::optional<std::string> text_of(const std::optional<CardUid>& card) {
    return card ? std::optional(card->hex()) : std::nullopt;
}

std::optional<std::string> null_if_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

Bytes sha256_of(std::string_view octets) {
    const Sha256 hash = sha256(as_bytes(octets));
    return {hash.begin(), hash.end()};
}

std::string to_json_text(const std::vector<std::string>& texts) {
    return boost::json::serialize(wire::to_json(texts));
}

std::string to_json_text(const std::vector<Port>& ports) {
    std::vector<std::string> texts;
    texts.reserve(ports.size());
    for (const Port& port : ports) {
        texts.push_back(port.text());
    }
    return to_json_text(texts);
}

void insert_pass(sqlite::Database& database, const PassRecord& record,
                 const std::optional<PassNumber>& replaces) {
    const auto parts = minted_parts(record.pass.number);
    must(database.run(
        "INSERT INTO pass (pass_no, series, serial, company, id_no, holder_name, valid_from, "
        "valid_to,"
        " pass_kind, has_photo, photo_sha256, email, port_areas, state, times_exchanged, replaces)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        {record.pass.number.text(), parts ? std::optional(parts->series) : std::nullopt,
         parts ? std::optional(parts->serial) : std::nullopt, record.company,
         record.id_number.reveal(), record.holder_name.reveal(), record.pass.valid_from.iso(),
         record.pass.valid_to.iso(), record.pass_kind, record.pass.has_photo,
         record.photo ? sqlite::Parameter(BytesView(record.photo->value))
                      : sqlite::Parameter(nullptr),
         record.email, to_json_text(record.port_areas), name(record.pass.state),
         record.pass.times_exchanged, replaces ? std::optional(replaces->text()) : std::nullopt}));
}

std::optional<PassRecord> find_pass(sqlite::Database& database, std::string_view number) {
    sqlite::Statement rows = database.query(
        "SELECT " + std::string(pass_columns) + " FROM pass p WHERE p.pass_no = ?", {number});
    return must(rows.step()) ? std::optional(pass_in(rows)) : std::nullopt;
}

std::vector<PassRecord> all_eligible(sqlite::Database& database) {
    sqlite::Statement rows = database.query("SELECT " + std::string(pass_columns) +
                                            " FROM pass p WHERE p.state = 'active'"
                                            " AND NOT open_application ORDER BY p.pass_no");
    std::vector<PassRecord> found;
    while (must(rows.step())) {
        found.push_back(pass_in(rows));
    }
    return found;
}

void set_pass_state(sqlite::Database& database, const PassNumber& number, PassState state) {
    must(database.run("UPDATE pass SET state = ? WHERE pass_no = ?", {name(state), number.text()}));
}

std::vector<RenewalRecord> find_renewals(sqlite::Database& database, std::string_view where,
                                         sqlite::Parameters parameters) {
    sqlite::Statement rows = database.query(
        "SELECT " + std::string(renewal_columns) +
            " FROM renewal r JOIN pass p ON p.pass_no = r.pass_no WHERE " + std::string(where),
        parameters);
    std::vector<RenewalRecord> found;
    while (must(rows.step())) {
        found.push_back(renewal_in(rows));
    }
    return found;
}

std::optional<RenewalRecord> find_renewal(sqlite::Database& database, const RenewalId& id) {
    auto found = find_renewals(database, "r.id = ?", {id.value.text()});
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

OldPass old_pass_of(sqlite::Database& database, const RenewalRecord& renewal) {
    const auto pass = find_pass(database, renewal.old_pass_number.text());
    if (!pass) {
        throw Aborted{{Fault::stop_station, "an old pass is not there"}};
    }
    return {pass->pass.state, pass->pass.sanction};
}

void insert_renewal(sqlite::Database& database, const RenewalRecord& record, Timestamp now) {
    must(database.run(
        "INSERT INTO renewal (id, version, change_seq, status, approved, pass_no, old_pass_no,"
        " valid_from, valid_to, pickup_port, free, payment, times_exchanged, made_elsewhere,"
        " submitted_at) VALUES (?,1,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        {record.id.value.text(), next_change(database), name(record.state.status),
         record.state.approved, record.pass_number.text(), record.old_pass_number.text(),
         record.valid_from.iso(), record.state.valid_to.iso(), record.pickup_port.text(),
         record.free, name(record.state.payment), record.times_exchanged,
         record.state.made_elsewhere, to_rfc3339(now)}));
}

void save_state(sqlite::Database& database, const RenewalRecord& record, bool changed) {
    const RenewalState& state = record.state;
    must(database.run(
        "UPDATE renewal SET status=?, held=?, approved=?, payment=?, claim_station=?, epoch=?,"
        " started_attempt=?, started_uid=?, attempt=?, uid=?,"
        " credential=iif(?10 IS NULL, NULL, credential),"
        " credential_sha256=iif(?10 IS NULL, NULL, credential_sha256), lease_until=?,"
        " card_open=?, card_ended=?, spoiled_cards=?, card_missing=?, card_live=?,"
        " old_card_retired=?, made_elsewhere=? WHERE id=?",
        {name(state.status), state.held, state.approved, name(state.payment),
         null_if_empty(state.claim_station), state.epoch, text_of(state.started_attempt),
         text_of(state.started_card), text_of(state.attempt), text_of(state.card),
         state.lease_until ? std::optional(to_rfc3339(*state.lease_until)) : std::nullopt,
         state.card_open, state.card_ended, state.spoiled_cards, state.card_missing,
         state.card_live, state.old_card_retired, state.made_elsewhere, record.id.value.text()}));
    if (changed) {
        must(database.run("UPDATE renewal SET version = version + 1, change_seq = ? WHERE id = ?",
                          {next_change(database), record.id.value.text()}));
    }
}

void end_authorisations(sqlite::Database& database, const RenewalId& renewal, Timestamp now) {
    must(database.run("UPDATE authorisation SET ended_at=? WHERE renewal=? AND ended_at IS NULL",
                      {to_rfc3339(now), renewal.value.text()}));
}

std::int64_t last_change(sqlite::Database& database) {
    sqlite::Statement row = database.query("SELECT last FROM change_sequence");
    if (!must(row.step())) {
        throw Aborted{{Fault::stop_station, "change_sequence is empty"}};
    }
    return row.integer(0);
}

void record_decision(sqlite::Database& database, std::string_view act, const RenewalId& renewal,
                     std::string_view reason, Timestamp now) {
    must(database.run(
        "INSERT INTO decision (at, act, renewal, reason) VALUES (?,?,?,?)",
        {to_rfc3339(now), act, renewal.value.text(), null_if_empty(std::string(reason))}));
}

}  // namespace card::central
