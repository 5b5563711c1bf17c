#pragma once
// What the person at a reader hears and sees there of a notice. Pure.

#include "reader/link/messages.hpp"
#include "station/issuance/notice.hpp"

namespace card::desk {

/// Success where a card is finished, handed over, voided or taken over; nothing where somebody or
/// something is waited for; a refusal for all else that a card on the reader can come to.
[[nodiscard]] reader::Cue cue_of(issuance::Notice notice);

}  // namespace card::desk
