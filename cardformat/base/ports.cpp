#include "cardformat/base/ports.hpp"

#include <array>

namespace card {

Uuid new_uuid(RandomSource& random, Timestamp now) {
    std::array<std::uint8_t, 10> octets{};
    random.fill(octets);
    return Uuid::v7(static_cast<std::uint64_t>(now.time_since_epoch().count()), octets);
}

}  // namespace card
