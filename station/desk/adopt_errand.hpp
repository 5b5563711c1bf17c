#pragma once
// A card that was made elsewhere is taken over at the counter.

#include <memory>

#include "station/desk/errand.hpp"

namespace card::desk {

struct AdoptRequest {
    PassNumber pass_number;
};

[[nodiscard]] std::unique_ptr<Errand> adopt_errand(ErrandPlace place, AdoptRequest request);

}  // namespace card::desk
