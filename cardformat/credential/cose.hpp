#pragma once
// COSE_Sign1 with ES256 (RFC 9052, 4.2; RFC 9053, 2.1), the only form that this project uses.

#include <array>
#include <functional>
#include <vector>

#include "cardformat/base/result.hpp"
#include "cardformat/crypto/ecdsa.hpp"

namespace card {

/// `kid`: the first 8 octets of the SHA-256 of the public key's uncompressed point.
using SigningKeyId = std::array<std::uint8_t, 8>;
[[nodiscard]] SigningKeyId key_id_of(const P256Point& key);

/// Makes r ‖ s over the SHA-256 of the octets; the key stays where it is.
using Es256Signer = std::function<Result<Bytes>(BytesView)>;

/// The public keys that a verifier accepts.
using TrustList = std::vector<P256Point>;

/// Tag 18, protected header {1: -7}, unprotected header {4: kid}. The signer's failure is passed
/// on; `correct_input` where no reader would take so many octets.
[[nodiscard]] Result<Bytes> cose_sign1(BytesView payload, const SigningKeyId& kid,
                                       const Es256Signer& sign);

/// The payload, once its signature by a trusted key is proven. `correct_input` otherwise.
[[nodiscard]] Result<Bytes> cose_verify1(BytesView message, const TrustList& trusted);

}  // namespace card
