#pragma once
// The one table between what the program means and what a person reads.

#include <string_view>

#include "cardformat/base/result.hpp"
#include "station/issuance/notice.hpp"

namespace card::observe {

/// How a notice looks and sounds.
enum class Tone : std::uint8_t {
    done,  ///< green, a tick, rising sound
    act,   ///< blue, an arrow: the operator's turn
    wait,  ///< grey, an hourglass
    stop,  ///< red, a cross, falling sound
};

struct Words {
    std::string_view name;  ///< stable
    Tone tone;
    std::string_view zh;  ///< what happened, and the next step
    std::string_view en;
};

[[nodiscard]] const Words& words(issuance::Notice notice);
[[nodiscard]] const Words& words(Fault fault);
/// In place of its fault's, while a reader hangs that no program can end.
[[nodiscard]] const Words& words_of_stuck_reader();
[[nodiscard]] std::string_view name(Tone tone);

}  // namespace card::observe
