#include "station/desk/cue.hpp"

namespace card::desk {

using issuance::Notice;
using reader::Cue;

Cue cue_of(Notice notice) {
    switch (notice) {
        case Notice::card_finished:
        case Notice::handed_over:
        case Notice::card_voided:
        case Notice::card_adopted:
            return Cue::success;
        case Notice::place_blank_card:
        case Notice::no_renewal_waiting:
        case Notice::writing_card:
        case Notice::tap_new_card:
        case Notice::asking_central:
        case Notice::activating_card:
        case Notice::keep_card_on_reader:
        case Notice::waiting_for_acknowledgement:
        case Notice::hand_over_cancelled:
        case Notice::tap_card_to_void:
        case Notice::void_cancelled:
        case Notice::tap_card_to_adopt:
        case Notice::adoption_cancelled:
            return Cue::none;
        default:
            return Cue::refusal;
    }
}

}  // namespace card::desk
