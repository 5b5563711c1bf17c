#include "station/issuance/clock_watch.hpp"

namespace card::issuance {
namespace {

std::optional<std::chrono::seconds> beyond_tolerance(std::chrono::milliseconds difference) {
    const auto seconds = std::chrono::round<std::chrono::seconds>(difference);
    return std::chrono::abs(seconds) > clock_tolerance ? std::optional(seconds) : std::nullopt;
}

}  // namespace

std::optional<std::chrono::seconds> clock_jump(const ClockReading& before,
                                               const ClockReading& now) {
    return beyond_tolerance((now.wall - before.wall) - (now.running - before.running));
}

std::optional<std::chrono::seconds> clock_difference(const ClockReading& asked,
                                                     const ClockReading& answered,
                                                     Timestamp central) {
    // The central looked at its clock somewhere between; the middle errs by half at most.
    const auto round_trip = answered.running - asked.running;
    return beyond_tolerance(answered.wall - round_trip / 2 - central);
}

}  // namespace card::issuance
