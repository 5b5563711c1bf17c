#pragma once
// What the pick-up letter (領證通知信) says, once its code was read and its signature proven
// (cardformat/credential/letter_qr.hpp).

#include "cardformat/pass/renewal.hpp"

namespace card {

struct PickupLetter {
    RenewalId renewal;           ///< claim -70005
    PassNumber pass_number;      ///< claim 2
    PassNumber old_pass_number;  ///< claim -70002
    Port pickup_port;            ///< claim -70006
    BusinessDay last_day;        ///< claim 4: 00:00 +08:00 of the day after
};

}  // namespace card
