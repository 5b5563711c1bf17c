#pragma once
// A card is made void at the counter, by its tap, or given up unseen under a
// supervisor.

#include <memory>

#include "station/desk/errand.hpp"
#include "station/issuance/voiding.hpp"

namespace card::desk {

struct VoidRequest {
    PassNumber pass_number;
    VoidReason reason;
    bool without_tap = false;
    std::optional<StaffId> supervisor;
};

[[nodiscard]] std::unique_ptr<Errand> void_errand(ErrandPlace place, VoidRequest request);

}  // namespace card::desk
