#pragma once
// Mutual authentication. A key that the card refuses is an answer, not a failure: the caller
// decides whether another may be tried (two at most while a card lies there).

#include <optional>

#include "cardformat/base/ports.hpp"
#include "cardformat/desfire/ev1_session.hpp"
#include "cardformat/desfire/transport.hpp"

namespace card::desfire {

/// AuthenticateEV2First (71). Nothing where the card refuses the key; `set_card_aside` where the
/// card does not prove that it knows the key.
Conversation<Result<std::optional<Ev2Session>>> authenticate_ev2_first(RandomSource& random,
                                                                       KeyNumber number,
                                                                       const AesKey& key);

/// AuthenticateISO (1A) with the DES key of zeros that a new card has at PICC level.
Conversation<Result<std::optional<Ev1Session>>> authenticate_factory_des(RandomSource& random);

}  // namespace card::desfire
