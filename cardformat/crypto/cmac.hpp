#pragma once
// CMAC (NIST SP 800-38B) over the ciphers of DESFire. Written out because EV1 secure messaging
// starts it from a running IV and AN10922 pads to two blocks; OpenSSL's offers neither.

#include "cardformat/crypto/cipher.hpp"

namespace card {

struct CmacSubkeys {
    Bytes k1;
    Bytes k2;
};

[[nodiscard]] CmacSubkeys cmac_subkeys(const BlockCipher& cipher);

/// A full block. `iv` is zeros for the standard's CMAC.
[[nodiscard]] Bytes cmac(const BlockCipher& cipher, BytesView iv, BytesView message);
[[nodiscard]] Bytes cmac(const BlockCipher& cipher, BytesView message);

/// The octets 1, 3, … 15 of an AES CMAC: the 8-octet MAC of EV2 secure messaging.
[[nodiscard]] Bytes truncated_mac(BytesView full_cmac);

/// AN10922 2.2: the AES-128 key of one card and application. `input` is 1 to 31 octets:
/// UID ‖ AID ‖ system identifier; it is prefixed with 01 and padded to 32 octets.
[[nodiscard]] AesKey diversify_aes128(const AesKey& master, BytesView input);

}  // namespace card
