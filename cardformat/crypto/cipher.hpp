#pragma once
// The block ciphers that DESFire uses, in CBC mode without padding (NIST SP 800-38A).

#include <cstdint>

#include "cardformat/base/bytes.hpp"
#include "cardformat/base/secret.hpp"

namespace card {

using AesKey = Secret<16>;

/// AES-128, or DES in its two- and three-key triple form. A single DES key is the two-key form with
/// equal halves.
class BlockCipher {
  public:
    static BlockCipher aes128(const AesKey& key);
    static BlockCipher triple_des_2key(const Secret<16>& key);
    static BlockCipher triple_des_3key(const Secret<24>& key);

    [[nodiscard]] std::size_t block_size() const { return aes_ ? 16 : 8; }
    /// `iv` has one block, `data` a whole number of blocks.
    [[nodiscard]] Bytes encrypt_cbc(BytesView iv, BytesView data) const;
    [[nodiscard]] Bytes decrypt_cbc(BytesView iv, BytesView data) const;
    /// One block with the IV of zeros.
    [[nodiscard]] Bytes encrypt_block(BytesView block) const;

  private:
    BlockCipher(bool aes, BytesView key);
    [[nodiscard]] Bytes run(bool encrypt, BytesView iv, BytesView data) const;

    bool aes_;
    std::size_t key_size_;
    Secret<24> key_;
};

}  // namespace card
