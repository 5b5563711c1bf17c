#pragma once
// Mutual authentication: both sides prove that they know a key, and agree on a session.

#include <optional>

#include "cardformat/base/ports.hpp"
#include "cardformat/desfire/chip.hpp"
#include "cardformat/desfire/session.hpp"
#include "cardformat/desfire/transport.hpp"

namespace card::desfire {

// Each gives nothing where the card refuses the key, and `set_card_aside` where the card does not
// prove that it knows it. One guess is one guess: newer chips answer slower after each wrong one.

/// AuthenticateISO (1A) with the DES key of zeros that a new card has at PICC level.
Conversation<Result<std::optional<Ev1Session>>> authenticate_factory_des(RandomSource& random);

/// AuthenticateAES (AA).
Conversation<Result<std::optional<Ev1Session>>> authenticate_aes(RandomSource& random,
                                                                 KeyNumber number,
                                                                 const AesKey& key);

/// AuthenticateEV2First (71).
Conversation<Result<std::optional<Ev2Session>>> authenticate_ev2_first(RandomSource& random,
                                                                       KeyNumber number,
                                                                       const AesKey& key);

/// AuthenticateEV2NonFirst (77): another key in the transaction that `current` began, whose
/// identifier and counter go on.
Conversation<Result<std::optional<Ev2Session>>> authenticate_ev2_non_first(
    RandomSource& random, const Ev2Session& current, KeyNumber number, const AesKey& key);

/// With an AES key as the chip does it: AuthenticateAES or AuthenticateEV2First.
Conversation<Result<std::optional<Session>>> authenticate(RandomSource& random, Messaging messaging,
                                                          KeyNumber number, const AesKey& key);

/// Another key of the application that `current` stands in: AuthenticateAES or
/// AuthenticateEV2NonFirst.
Conversation<Result<std::optional<Session>>> authenticate_next(RandomSource& random,
                                                               const Session& current,
                                                               KeyNumber number, const AesKey& key);

/// `authenticate` with a key that the card must have: `set_card_aside` where it refuses it.
Conversation<Result<Session>> require_authentication(RandomSource& random, Messaging messaging,
                                                     KeyNumber number, const AesKey& key);

}  // namespace card::desfire
