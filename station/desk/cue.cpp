#include "station/desk/cue.hpp"

#include "station/observe/words.hpp"

namespace card::desk {
namespace {

using issuance::Notice;
using reader::Cue;

Cue cue_of_tone(observe::Tone tone) {
    switch (tone) {
        case observe::Tone::done:
            return Cue::success;
        case observe::Tone::stop:
            return Cue::refusal;
        case observe::Tone::act:
        case observe::Tone::wait:
            return Cue::none;
    }
    return Cue::none;
}

}  // namespace

Cue cue_of(Notice notice) {
    switch (notice) {
        // The operator's turn, since this card is not the one or was moved.
        case Notice::put_same_card_back:
        case Notice::wrong_card_to_void:
        case Notice::card_is_not_this_passes:
            return Cue::refusal;
        // The operator's own doing.
        case Notice::hand_over_cancelled:
        case Notice::void_cancelled:
        case Notice::adoption_cancelled:
            return Cue::none;
        default:
            return cue_of_tone(observe::words(notice).tone);
    }
}

}  // namespace card::desk
