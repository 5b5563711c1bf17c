#pragma once
// The cards that need somebody, and what a person reports of them: the rules of station/issuance on
// what the ledger has.

#include "cardformat/credential/cose.hpp"
#include "station/issuance/plastic.hpp"
#include "sync/ledger/ledger.hpp"

namespace card::desk {

struct ListedWork {
    PassNumber pass_number;
    issuance::WorkItem item;
    std::optional<IssuedCard> card;
};

[[nodiscard]] Result<std::vector<ListedWork>> list_work(ledger::Ledger& ledger,
                                                        const TrustList& trusted,
                                                        BusinessDay today);

struct Reported {
    std::optional<issuance::Notice> refused;
    bool known = false;  ///< the ledger has a renewal of this number
};

/// Records the report, where the card is one that it can be said of.
[[nodiscard]] Result<Reported> carry_out(ledger::Ledger& ledger, const PassNumber& number,
                                         issuance::Report report,
                                         const std::optional<StaffId>& staff);

}  // namespace card::desk
