#include "tests/virtual/desfire/crypto.hpp"

#include <array>
#include <memory>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace virtual_card {
namespace {

constexpr std::size_t des_block_bytes = 8;
constexpr std::size_t aes_block_bytes = 16;

const EVP_CIPHER* cbc_cipher(KeyType type) {
    switch (type) {
        case KeyType::des:
            return EVP_des_ede_cbc();
        case KeyType::tdes3k:
            return EVP_des_ede3_cbc();
        case KeyType::aes:
            break;
    }
    return EVP_aes_128_cbc();
}

Bytes cbc(KeyType type, ByteView key, ByteView iv, ByteView data, bool encrypt) {
    if (key.size() != key_length(type) || iv.size() != block_length(type) ||
        data.size() % block_length(type) != 0) {
        throw std::logic_error("CBC with a key, IV or text of a wrong length");
    }
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
        EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    Bytes out(data.size() + block_length(type));
    int length = 0;
    if (!context ||
        EVP_CipherInit_ex(context.get(), cbc_cipher(type), nullptr, key.data(), iv.data(),
                          encrypt ? 1 : 0) != 1 ||
        EVP_CIPHER_CTX_set_padding(context.get(), 0) != 1 ||
        EVP_CipherUpdate(context.get(), out.data(), &length, data.data(),
                         static_cast<int>(data.size())) != 1) {
        throw std::runtime_error("OpenSSL refused a CBC operation");
    }
    out.resize(static_cast<std::size_t>(length));
    return out;
}

/// Doubling in the field of the block's size, as SP 800-38B defines its subkeys.
Bytes doubled(const Bytes& block) {
    const std::uint8_t reduction = block.size() == aes_block_bytes ? 0x87 : 0x1B;
    Bytes out(block.size());
    for (std::size_t i = 0; i < block.size(); ++i) {
        const bool carry = i + 1 < block.size() && (block[i + 1] & 0x80U) != 0;
        out[i] = static_cast<std::uint8_t>((unsigned{block[i]} << 1U) | (carry ? 1U : 0U));
    }
    if ((block.front() & 0x80U) != 0) {
        out.back() = static_cast<std::uint8_t>(out.back() ^ reduction);
    }
    return out;
}

std::array<std::uint32_t, 256> crc_table() {
    constexpr std::uint32_t reversed_polynomial = 0xEDB88320;
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value >> 1U) ^ ((value & 1U) != 0 ? reversed_polynomial : 0U);
        }
        table[i] = value;
    }
    return table;
}

}  // namespace

std::size_t key_length(KeyType type) {
    return type == KeyType::tdes3k ? 24 : 16;
}

std::size_t block_length(KeyType type) {
    return type == KeyType::aes ? aes_block_bytes : des_block_bytes;
}

Bytes cbc_encrypt(KeyType type, ByteView key, ByteView iv, ByteView data) {
    return cbc(type, key, iv, data, true);
}

Bytes cbc_decrypt(KeyType type, ByteView key, ByteView iv, ByteView data) {
    return cbc(type, key, iv, data, false);
}

Bytes cmac(KeyType type, ByteView key, ByteView iv, ByteView message) {
    const std::size_t block = block_length(type);
    const Bytes zeros(block, 0);
    Bytes subkey = doubled(cbc_encrypt(type, key, zeros, zeros));
    Bytes text(message.begin(), message.end());
    if (text.empty() || text.size() % block != 0) {
        subkey = doubled(subkey);
        text.push_back(0x80);
        text.resize(round_up(text.size(), block), 0);
    }
    const std::size_t last = text.size() - block;
    for (std::size_t i = 0; i < block; ++i) {
        text[last + i] = static_cast<std::uint8_t>(text[last + i] ^ subkey[i]);
    }
    const Bytes chain = cbc_encrypt(type, key, iv, text);
    return {chain.end() - static_cast<std::ptrdiff_t>(block), chain.end()};
}

std::uint32_t crc32(ByteView data) {
    static const std::array<std::uint32_t, 256> table = crc_table();
    std::uint32_t crc = 0xFFFFFFFF;
    for (const std::uint8_t byte : data) {
        crc = (crc >> 8U) ^ table[(crc ^ byte) & 0xFFU];
    }
    return crc;
}

std::uint16_t crc_a(ByteView data) {
    constexpr unsigned initial = 0x6363;
    constexpr unsigned polynomial = 0x8408;
    unsigned crc = initial;
    for (const std::uint8_t byte : data) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc & 1U) != 0 ? (crc >> 1U) ^ polynomial : crc >> 1U;
        }
    }
    return static_cast<std::uint16_t>(crc);
}

bool equal_in_constant_time(ByteView a, ByteView b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Randomness system_randomness() {
    return [](std::span<std::uint8_t> out) {
        if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
            throw std::runtime_error("OpenSSL has no random bytes");
        }
    };
}

}  // namespace virtual_card
