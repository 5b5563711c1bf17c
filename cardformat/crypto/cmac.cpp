#include "cardformat/crypto/cmac.hpp"

#include <algorithm>
#include <stdexcept>

namespace card {
namespace {

/// Multiplication by x in GF(2^n), SP 800-38B 6.1.
Bytes doubled(BytesView block) {
    const std::uint8_t polynomial = block.size() == 16 ? 0x87 : 0x1B;
    Bytes out(block.size());
    for (std::size_t i = 0; i < block.size(); ++i) {
        const unsigned carry = i + 1 < block.size() ? block[i + 1] >> 7U : 0U;
        out[i] = static_cast<std::uint8_t>(static_cast<unsigned>(block[i] << 1U) | carry);
    }
    if ((block[0] & 0x80U) != 0) {
        out.back() ^= polynomial;
    }
    return out;
}

void xor_tail(Bytes& message, BytesView subkey) {
    const std::size_t start = message.size() - subkey.size();
    for (std::size_t i = 0; i < subkey.size(); ++i) {
        message[start + i] ^= subkey[i];
    }
}

Bytes last_block(const Bytes& data, std::size_t block_size) {
    return {data.end() - static_cast<std::ptrdiff_t>(block_size), data.end()};
}

}  // namespace

CmacSubkeys cmac_subkeys(const BlockCipher& cipher) {
    const Bytes l = cipher.encrypt_block(Bytes(cipher.block_size(), 0));
    Bytes k1 = doubled(l);
    Bytes k2 = doubled(k1);
    return {std::move(k1), std::move(k2)};
}

Bytes cmac(const BlockCipher& cipher, BytesView iv, BytesView message) {
    const std::size_t block = cipher.block_size();
    const CmacSubkeys subkeys = cmac_subkeys(cipher);
    Bytes padded(message.begin(), message.end());
    const bool whole = !message.empty() && message.size() % block == 0;
    if (!whole) {
        padded.push_back(0x80);
        padded.resize((padded.size() + block - 1) / block * block, 0);
    }
    xor_tail(padded, whole ? subkeys.k1 : subkeys.k2);
    return last_block(cipher.encrypt_cbc(iv, padded), block);
}

Bytes cmac(const BlockCipher& cipher, BytesView message) {
    return cmac(cipher, Bytes(cipher.block_size(), 0), message);
}

Bytes truncated_mac(BytesView full_cmac) {
    Bytes mac;
    for (std::size_t i = 1; i < full_cmac.size(); i += 2) {
        mac.push_back(full_cmac[i]);
    }
    return mac;
}

AesKey diversify_aes128(const AesKey& master, BytesView input) {
    constexpr std::size_t padded_size = 32;
    constexpr std::uint8_t aes128_constant = 0x01;
    if (input.empty() || input.size() >= padded_size) {
        throw std::length_error("a diversification input has 1 to 31 octets");
    }
    const BlockCipher cipher = BlockCipher::aes128(master);
    const CmacSubkeys subkeys = cmac_subkeys(cipher);
    Bytes message{aes128_constant};
    append(message, input);
    const bool whole = message.size() == padded_size;
    if (!whole) {
        message.push_back(0x80);
        message.resize(padded_size, 0);
    }
    xor_tail(message, whole ? subkeys.k1 : subkeys.k2);
    Bytes mac = last_block(cipher.encrypt_cbc(Bytes(16, 0), message), 16);
    AesKey key;
    std::copy(mac.begin(), mac.end(), key.fill().begin());
    wipe_octets(mac);
    return key;
}

}  // namespace card
