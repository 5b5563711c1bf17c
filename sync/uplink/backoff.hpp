#pragma once
// How long to wait before asking again. Pure: the randomness is an argument.

#include <chrono>
#include <cstdint>

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

}  // namespace card::uplink
