#pragma once
// What makes a reader light up and sound, model by model. Pure.

#include "cardformat/base/bytes.hpp"
#include "reader/hotplug/known_readers.hpp"
#include "reader/link/messages.hpp"

namespace card::reader {

/// The pseudo-APDU, which the reader obeys itself and the card never sees. Empty for no cue. Green
/// and one beep for success, red and three for a refusal; the reader answers when it is done,
/// within 0.6 s.
[[nodiscard]] Bytes feedback_command(Feedback feedback, Cue cue);

}  // namespace card::reader
