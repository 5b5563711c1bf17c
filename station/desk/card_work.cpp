#include "station/desk/card_work.hpp"

#include "cardformat/credential/pass_credential.hpp"

namespace card::desk {
namespace {

constexpr std::int64_t max_listed = 500;

}  // namespace

Result<std::vector<ListedWork>> list_work(ledger::Ledger& ledger, const TrustList& trusted,
                                          BusinessDay today) {
    auto renewals = ledger.renewals(max_listed);
    if (!renewals) {
        return tl::make_unexpected(renewals.error());
    }
    std::vector<ListedWork> listed;
    for (const Renewal& renewal : *renewals) {
        auto card = ledger.card_of(renewal.id);
        if (!card) {
            return tl::make_unexpected(card.error());
        }
        bool fits = true;
        if (*card) {
            const auto credential = verify_credential((*card)->credential, trusted);
            fits = credential && carries(*credential, renewal);
        }
        if (const auto item = issuance::work_of(renewal, *card, fits, today)) {
            listed.push_back({renewal.pass_number, *item, std::move(*card)});
        }
    }
    return listed;
}

Result<Reported> carry_out(ledger::Ledger& ledger, const PassNumber& number,
                           issuance::Report report, const std::optional<StaffId>& staff) {
    const auto renewal = ledger.renewal_by_pass(number);
    if (!renewal) {
        return tl::make_unexpected(renewal.error());
    }
    if (!*renewal) {
        return Reported{};
    }
    const auto card = ledger.card_of((*renewal)->id);
    if (!card) {
        return tl::make_unexpected(card.error());
    }
    if (const auto refused = issuance::refusal_of(report, *card, staff.has_value())) {
        return Reported{refused, true};
    }
    const AttemptId attempt = (*card)->attempt;
    Result<void> done;
    switch (report) {
        case issuance::Report::missing:
            done = ledger.record_missing(attempt);
            break;
        case issuance::Report::found:
            done = ledger.record_found(attempt);
            break;
        case issuance::Report::written_off:
            done = ledger.record_written_off(attempt, *staff);
            break;
    }
    return done.map([] { return Reported{std::nullopt, true}; });
}

}  // namespace card::desk
