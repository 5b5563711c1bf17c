#include "sync/central/store.hpp"

#include <algorithm>
#include <array>

#include "sync/central/rows.hpp"

namespace card::central {

extern const std::string_view schema_script;  // schema.sql, built in

namespace {

constexpr std::int32_t application_id = 0x43454E54;  // "CENT"
constexpr std::int32_t schema_version = 2;
constexpr int conflict = 409;
constexpr int not_found = 404;
/// As commands, routes and the table of decisions name them.
constexpr std::array<std::string_view, 7> act_names{"approve",  "payment", "hold",  "release",
                                                    "withdraw", "fence",   "remake"};

int highest_serial(sqlite::Database& database, const Port& port, BusinessDay today) {
    // The series of a number is read off a number of it.
    const auto first = stored(next_number(port, today, 0), "series");
    const auto parts = stored(minted_parts(first), "series");
    sqlite::Statement row = database.query(
        "SELECT coalesce(max(serial), 0) FROM pass WHERE series = ?", {parts.series});
    return must(row.step()) ? static_cast<int>(row.integer(0)) : 0;
}

/// Where one application is written down.
struct Desk {
    sqlite::Database& database;
    RandomSource& random;
    FeeRule fee_rule;
    Port pickup_port;
    Moment moment;
};

Accepted accept(const Desk& desk, const PassRecord& old_pass) {
    const int serial = highest_serial(desk.database, desk.pickup_port, desk.moment.today);
    const PassNumber number = must(next_number(desk.pickup_port, desk.moment.today, serial));
    const bool free = is_free(old_pass.pass, desk.fee_rule);
    PassRecord new_pass = old_pass;
    new_pass.pass.number = number;
    new_pass.pass.state = PassState::pending;
    new_pass.pass.times_exchanged = old_pass.pass.times_exchanged + 1;
    new_pass.pass_kind = "RFID";
    insert_pass(desk.database, new_pass, old_pass.pass.number);

    RenewalState state;
    state.payment = free ? Payment::not_required : Payment::pending;
    state.valid_to = old_pass.pass.valid_to;
    const RenewalRecord renewal{RenewalId(new_uuid(desk.random, desk.moment.now)),
                                1,
                                state,
                                number,
                                old_pass.pass.number,
                                old_pass.pass.valid_from,
                                desk.pickup_port,
                                free,
                                new_pass.pass.times_exchanged,
                                {},
                                {},
                                {},
                                old_pass.company,
                                old_pass.holder_name,
                                old_pass.id_number,
                                old_pass.port_areas,
                                old_pass.photo};
    insert_renewal(desk.database, renewal, desk.moment.now);
    record_decision(desk.database, "submit", renewal.id, "", desk.moment.now);
    return {old_pass.pass.number, number, free, renewal.times_exchanged};
}

bool is_authorised(sqlite::Database& database, const RenewalRecord& record) {
    sqlite::Statement row =
        database.query("SELECT 1 FROM authorisation WHERE renewal=? AND ended_at IS NULL",
                       {record.id.value.text()});
    return must(row.step());
}

std::optional<Refusal> refusal(sqlite::Database& database, const Decision& decision,
                               const RenewalRecord& record) {
    const RenewalState& state = record.state;
    switch (decision.act) {
        case Act::approve:
            return refusal_to_approve(state, decision.payment_confirmed);
        case Act::confirm_payment:
            return refusal_to_confirm_payment(state);
        case Act::hold:
            return refusal_to_hold(state);
        case Act::release:
            return refusal_to_release(state);
        case Act::withdraw:
            return refusal_to_withdraw(state);
        case Act::fence:
            return refusal_to_fence(state, is_authorised(database, record));
        case Act::remake:
            return refusal_to_remake(state);
    }
    return Refusal{"unknown_act", "不明的處理"};
}

void set_held(sqlite::Database& database, RenewalRecord& record, bool held,
              const std::string& reason) {
    record.state.held = held;
    must(database.run("UPDATE renewal SET hold_reason=? WHERE id=?",
                      {held ? std::optional(reason) : std::nullopt, record.id.value.text()}));
}

void withdraw(sqlite::Database& database, RenewalRecord& record, const Decision& decision,
              Timestamp now) {
    record.state.status = RenewalStatus::withdrawn;
    must(database.run(
        "UPDATE renewal SET status='withdrawn', withdrawn_at=?, withdrawal_reason=? WHERE id=?",
        {to_rfc3339(now), decision.reason, record.id.value.text()}));
    set_pass_state(database, record.pass_number, PassState::cancelled);
    supersede_letter(database, record.id, now);
}

void carry_out(sqlite::Database& database, RenewalRecord& record, const Decision& decision,
               Timestamp now) {
    switch (decision.act) {
        case Act::approve:
            record.state.approved = true;
            if (record.state.payment == Payment::pending) {
                record.state.payment = Payment::confirmed;
            }
            break;
        case Act::confirm_payment:
            record.state.payment = Payment::confirmed;
            break;
        case Act::hold:
        case Act::release:
            set_held(database, record, decision.act == Act::hold, decision.reason);
            break;
        case Act::withdraw:
            withdraw(database, record, decision, now);
            break;
        case Act::fence:
            (void)fence(record.state);
            supersede_letter(database, record.id, now);
            break;
        case Act::remake:
            record.state.status = RenewalStatus::approved;
            record.state.made_elsewhere = false;
            break;
    }
    save_state(database, record, true);
    record_decision(database, name(decision.act), record.id, decision.reason, now);
}

std::optional<RenewalRecord> find_by_number(sqlite::Database& database, std::string_view number) {
    auto found = find_renewals(database, "r.pass_no = ?", {number});
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

wire::Problem no_such_renewal() {
    return {not_found, "unknown", "查無此換證申請", false};
}

}  // namespace

std::string_view name(Act act) {
    return act_names.at(static_cast<std::size_t>(act));
}

std::optional<Act> parse_act(std::string_view text) {
    const auto* found = std::find(act_names.begin(), act_names.end(), text);
    return found == act_names.end() ? std::nullopt
                                    : std::optional(static_cast<Act>(found - act_names.begin()));
}

Result<Store> Store::open(const std::string& path, RandomSource& random, FeeRule fee_rule,
                          LetterSigner signer) {
    auto database = sqlite::Database::open(path, {application_id, schema_version, schema_script});
    if (!database) {
        return tl::make_unexpected(database.error());
    }
    return Store(std::move(*database), random, fee_rule, std::move(signer));
}

Result<std::vector<PassRecord>> Store::eligible_passes() {
    return in_transaction(database_, [this] { return all_eligible(database_); });
}

Result<Submission> Store::submit(const std::vector<std::string>& pass_numbers,
                                 const Port& pickup_port, Moment moment) {
    return in_transaction(database_, [&] {
        const Desk desk{database_, *random_, fee_rule_, pickup_port, moment};
        Submission submission;
        for (const std::string& number : pass_numbers) {
            const auto pass = find_pass(database_, number);
            const auto words = pass ? refusal_to_add(pass->pass, moment.today)
                                    : std::optional(unknown_pass_words(number));
            if (words) {
                submission.refused.push_back({number, *words});
            } else {
                submission.accepted.push_back(accept(desk, *pass));
            }
        }
        return submission;
    });
}

Result<Reply<RenewalRecord>> Store::decide(const Decision& decision, Moment moment) {
    return in_transaction(database_, [&]() -> Reply<RenewalRecord> {
        auto record = find_by_number(database_, decision.pass_number);
        if (!record) {
            return no_such_renewal();
        }
        if (const auto refused = refusal(database_, decision, *record)) {
            return wire::Problem{conflict, refused->code, refused->words, false};
        }
        carry_out(database_, *record, decision, moment.now);
        return std::move(*find_by_number(database_, decision.pass_number));
    });
}

Result<Reply<PassRecord>> Store::sanction(const SanctionDecision& decision, Moment moment) {
    return in_transaction(database_, [&]() -> Reply<PassRecord> {
        auto pass = find_pass(database_, decision.pass_number);
        if (!pass) {
            return wire::Problem{not_found, "unknown", unknown_pass_words(decision.pass_number),
                                 false};
        }
        const std::optional<Sanction>& sanction = decision.sanction;
        const auto kind = sanction ? std::optional(name(sanction->kind)) : std::nullopt;
        const auto until =
            sanction && sanction->until ? std::optional(sanction->until->iso()) : std::nullopt;
        must(database_.run("UPDATE pass SET sanction=?, sanction_until=? WHERE pass_no=?",
                           {kind, until, decision.pass_number}));
        must(database_.run("INSERT INTO decision (at, act, pass_no, reason) VALUES (?,?,?,?)",
                           {to_rfc3339(moment.now), kind.value_or("reinstate"),
                            decision.pass_number, decision.reason}));
        pass->pass.sanction = sanction;
        return std::move(*pass);
    });
}

Result<std::vector<std::string>> Store::chain(std::string_view pass_number) {
    return in_transaction(database_, [&] {
        sqlite::Statement rows = database_.query(
            "WITH RECURSIVE link (number, replaces, depth) AS ("
            " SELECT pass_no, replaces, 0 FROM pass WHERE pass_no = ?"
            " UNION ALL SELECT p.pass_no, p.replaces, link.depth + 1 FROM pass p, link"
            "  WHERE p.pass_no = link.replaces) SELECT number FROM link ORDER BY depth DESC",
            {pass_number});
        std::vector<std::string> numbers;
        while (must(rows.step())) {
            numbers.push_back(rows.text(0));
        }
        return numbers;
    });
}

Result<std::vector<RenewalRecord>> Store::renewals() {
    return in_transaction(database_,
                          [this] { return find_renewals(database_, "1 ORDER BY r.pass_no", {}); });
}

Result<Reply<RenewalRecord>> Store::renewal(std::string_view pass_number) {
    return in_transaction(database_, [&]() -> Reply<RenewalRecord> {
        auto record = find_by_number(database_, pass_number);
        if (!record) {
            return no_such_renewal();
        }
        return std::move(*record);
    });
}

}  // namespace card::central
