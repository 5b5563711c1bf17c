#include "sync/central/store.hpp"

#include <algorithm>

#include "sync/central/rows.hpp"

namespace card::central {

extern const std::string_view schema_script;  // schema.sql, built in

namespace {

constexpr std::int32_t application_id = 0x43454E54;  // "CENT"
constexpr std::int32_t schema_version = 1;
constexpr int conflict = 409;
constexpr int not_found = 404;

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
                                old_pass.port_areas};
    insert_renewal(desk.database, renewal, desk.moment.now);
    record_decision(desk.database, "submit", renewal.id, "", desk.moment.now);
    return {old_pass.pass.number, number, free, renewal.times_exchanged};
}

std::optional<Refusal> refusal(const Decision& decision, const RenewalState& state) {
    switch (decision.act) {
        case Act::approve:
            return refusal_to_approve(state, decision.payment_confirmed);
        case Act::hold:
            return refusal_to_hold(state);
        case Act::release:
            return refusal_to_release(state);
        case Act::withdraw:
            return refusal_to_withdraw(state);
    }
    return Refusal{"unknown_act", "不明的處理"};
}

void withdraw(sqlite::Database& database, RenewalRecord& record, const Decision& decision,
              Timestamp now) {
    record.state.status = RenewalStatus::withdrawn;
    must(database.run(
        "UPDATE renewal SET status='withdrawn', withdrawn_at=?, withdrawal_reason=? WHERE id=?",
        {to_rfc3339(now), decision.reason, record.id.value.text()}));
    set_pass_state(database, record.pass_number, PassState::cancelled);
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
        case Act::hold:
        case Act::release:
            record.state.held = decision.act == Act::hold;
            must(database.run("UPDATE renewal SET hold_reason=? WHERE id=?",
                              {record.state.held ? std::optional(decision.reason) : std::nullopt,
                               record.id.value.text()}));
            break;
        case Act::withdraw:
            withdraw(database, record, decision, now);
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
    switch (act) {
        case Act::approve:
            return "approve";
        case Act::hold:
            return "hold";
        case Act::release:
            return "release";
        case Act::withdraw:
            return "withdraw";
    }
    return "";
}

Result<Store> Store::open(const std::string& path, RandomSource& random, FeeRule fee_rule) {
    auto database = sqlite::Database::open(path, {application_id, schema_version, schema_script});
    if (!database) {
        return tl::make_unexpected(database.error());
    }
    return Store(std::move(*database), random, fee_rule);
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
        if (const auto refused = refusal(decision, record->state)) {
            return wire::Problem{conflict, refused->code, refused->words, false};
        }
        carry_out(database_, *record, decision, moment.now);
        return std::move(*find_by_number(database_, decision.pass_number));
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
