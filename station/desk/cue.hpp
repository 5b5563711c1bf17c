#pragma once
// What the person at a reader hears and sees there of a notice. Pure.

#include "reader/link/messages.hpp"
#include "station/issuance/notice.hpp"

namespace card::desk {

/// As the notice's tone on the screen, but that a card which is not the right one is refused, and a
/// sitting that was cancelled is silent.
[[nodiscard]] reader::Cue cue_of(issuance::Notice notice);

}  // namespace card::desk
