#pragma once
// What an operator is told, by name; the words stand in station/observe.

#include <cstdint>

namespace card::issuance {

enum class Notice : std::uint8_t {
    // production
    place_blank_card,
    no_renewal_waiting,
    writing_card,
    card_finished,
    put_same_card_back,
    card_is_finished_already,
    card_is_foreign,
    card_not_proven_genuine,
    card_spoiled,
    renewal_stopped,
    renewal_needs_look,
    renewal_expired,
    // hand-over
    old_pass_unreadable,
    old_pass_unknown,
    papers_needed,
    letter_needed,
    old_pass_needed,
    supervisor_needed,
    letter_not_valid,
    letter_unknown,
    letter_of_another_port,
    wrong_old_pass,
    refused_at_counter,
    card_missing,
    card_condemned,
    card_data_changed,
    card_not_made_yet,
    renewal_withdrawn,
    renewal_held,
    already_collected,
    pass_expired,
    tap_new_card,
    wrong_new_card,
    new_card_not_valid,
    asking_central,
    central_refused,
    central_away,
    activating_card,
    keep_card_on_reader,
    waiting_for_acknowledgement,
    handed_over,
    hand_over_cancelled,
    card_may_be_live,
    // cards that are given up
    tap_card_to_void,
    wrong_card_to_void,
    card_voided,
    void_cancelled,
    no_card_to_void,
    card_not_missing,
    pass_not_known,
    card_is_void,
    line_stopped,
    // cards that were made elsewhere
    tap_card_to_adopt,
    card_adopted,
    adoption_cancelled,
    nothing_to_adopt,
    card_is_not_this_passes,
    adoption_refused,
    adoption_needs_central,
    // the station
    ledger_is_behind,
    ledger_needs_room,
};

}  // namespace card::issuance
