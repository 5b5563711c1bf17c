#pragma once
// How long to wait before asking again. Pure: the randomness is an argument.

#include <chrono>
#include <cstdint>
#include <string_view>

#include "cardformat/base/time.hpp"

namespace card::uplink {

/// Doubles from the first delay to the longest, each drawn anew between zero and that ("full
/// jitter"), so that stations that lost the same central do not come back in step.
class Backoff {
  public:
    Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest)
        : first_(first), longest_(longest), current_(first) {}

    /// `random` is uniform over all values.
    std::chrono::milliseconds next(std::uint64_t random);
    void reset() { current_ = first_; }

  private:
    std::chrono::milliseconds first_;
    std::chrono::milliseconds longest_;
    std::chrono::milliseconds current_;
};

/// The longest that a server's wish to be left alone is followed.
inline constexpr std::chrono::seconds longest_wish{3600};

/// What a Retry-After header asks for: a number of seconds, or an HTTP date in its preferred form
/// (RFC 9110, 10.2.3 and 5.6.7). Zero where it asks for nothing that can be understood.
[[nodiscard]] std::chrono::seconds retry_after(std::string_view value, Timestamp now);

}  // namespace card::uplink
