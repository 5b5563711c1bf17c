#pragma once
// The `state` file: whether a finished card opens gates. 26 octets: format (1), life state (1), the
// first 24 octets of the SHA-256 of the `pass` file. Short, so that it is one frame each way.

#include "cardformat/base/result.hpp"
#include "cardformat/crypto/hash.hpp"
#include "cardformat/pass/issued_card.hpp"

namespace card {

[[nodiscard]] Bytes encode_state_file(LifeState state, BytesView credential);

/// The life state, where the file belongs to this credential. `set_card_aside` for another format,
/// length, state or hash: such a card was never finished, or was tampered with.
[[nodiscard]] Result<LifeState> read_state_file(BytesView file, BytesView credential);

}  // namespace card
