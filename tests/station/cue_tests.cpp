#include <boost/test/unit_test.hpp>

#include "station/desk/cue.hpp"

using card::desk::cue_of;
using card::issuance::Notice;
using card::reader::Cue;

BOOST_AUTO_TEST_CASE(a_card_that_is_done_sounds_like_success) {
    for (const Notice notice :
         {Notice::card_finished, Notice::handed_over, Notice::card_voided, Notice::card_adopted}) {
        BOOST_TEST((cue_of(notice) == Cue::success));
    }
}

BOOST_AUTO_TEST_CASE(a_card_that_must_not_go_on_sounds_like_a_refusal) {
    for (const Notice notice :
         {Notice::card_is_foreign, Notice::card_is_finished_already, Notice::card_spoiled,
          Notice::put_same_card_back, Notice::line_stopped, Notice::wrong_new_card,
          Notice::new_card_not_valid, Notice::central_refused, Notice::central_away,
          Notice::renewal_held, Notice::card_may_be_live, Notice::wrong_card_to_void,
          Notice::card_is_not_this_passes}) {
        BOOST_TEST((cue_of(notice) == Cue::refusal));
    }
}

BOOST_AUTO_TEST_CASE(what_only_waits_is_silent) {
    for (const Notice notice :
         {Notice::no_renewal_waiting, Notice::tap_new_card, Notice::tap_card_to_adopt,
          Notice::waiting_for_acknowledgement, Notice::hand_over_cancelled}) {
        BOOST_TEST((cue_of(notice) == Cue::none));
    }
}
