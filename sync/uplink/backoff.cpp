#include "sync/uplink/backoff.hpp"

#include <algorithm>

namespace card::uplink {

std::chrono::milliseconds Backoff::next(std::uint64_t random) {
    const auto ceiling = static_cast<std::uint64_t>(current_.count());
    current_ = std::min(current_ * 2, longest_);
    return std::chrono::milliseconds(static_cast<std::int64_t>(random % (ceiling + 1)));
}

}  // namespace card::uplink
