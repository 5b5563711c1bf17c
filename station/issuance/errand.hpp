#pragma once
// What the machines of the counter's errands have in common: a person puts a card on the reader or
// gives up, and reads what comes next.

#include <string>

#include "station/issuance/notice.hpp"

namespace card::issuance::errand {

// Events.
/// The card left, or the reader failed, before anything was written.
struct CardLost {};
struct Cancelled {};

// Actions.
struct WaitForCard {
    Notice notice;
};
/// The errand is over.
struct Finish {
    Notice notice;
    std::string code{};  ///< the central's reason, where it refused
};

}  // namespace card::issuance::errand
