#pragma once
// Authenticated encryption of single database columns: AES-256-GCM (NIST SP 800-38D).

#include "cardformat/base/bytes.hpp"
#include "cardformat/base/ports.hpp"
#include "cardformat/base/result.hpp"
#include "cardformat/base/secret.hpp"

namespace card {

using SealingKey = Secret<32>;

/// nonce (12) ‖ ciphertext ‖ tag (16). `context` says which row and column the value belongs to; a
/// value moved elsewhere does not open.
[[nodiscard]] Bytes seal(const SealingKey& key, RandomSource& random, std::string_view context,
                         BytesView plain);

/// `stop_station` where the value was changed, moved, or sealed with another key.
[[nodiscard]] Result<Bytes> open_sealed(const SealingKey& key, std::string_view context,
                                        BytesView sealed);

}  // namespace card
