#pragma once
// Whether the station's clock can be believed: against a clock that nobody sets, and against the
// central's. Pure.

#include <chrono>
#include <optional>

#include "cardformat/base/time.hpp"

namespace card::issuance {

/// More than a slow answer or a corrected drift makes.
inline constexpr std::chrono::seconds clock_tolerance{30};

/// One look at both clocks. `running` counts from some moment on and is never set, asleep or awake.
struct ClockReading {
    Timestamp wall;
    std::chrono::milliseconds running;
};

/// By how much the wall clock was set between two looks; nothing within the tolerance.
[[nodiscard]] std::optional<std::chrono::seconds> clock_jump(const ClockReading& before,
                                                             const ClockReading& now);

/// How far the wall clock is ahead of the central's, whose answer came between the two looks;
/// nothing within the tolerance.
[[nodiscard]] std::optional<std::chrono::seconds> clock_difference(const ClockReading& asked,
                                                                   const ClockReading& answered,
                                                                   Timestamp central);

}  // namespace card::issuance
