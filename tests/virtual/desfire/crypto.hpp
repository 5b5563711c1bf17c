#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "tests/virtual/desfire/bytes.hpp"

namespace virtual_card {

/// `des` covers single DES and two-key triple DES: the chip keeps both as 16 bytes, and a single
/// DES key is one whose halves are equal.
enum class KeyType : std::uint8_t { des, tdes3k, aes };

std::size_t key_length(KeyType type);
std::size_t block_length(KeyType type);

/// CBC over whole blocks, no padding.
Bytes cbc_encrypt(KeyType type, ByteView key, ByteView iv, ByteView data);
Bytes cbc_decrypt(KeyType type, ByteView key, ByteView iv, ByteView data);

/// CMAC (NIST SP 800-38B), but its CBC starts from `iv`: EV1 secure messaging chains them.
Bytes cmac(KeyType type, ByteView key, ByteView iv, ByteView message);

/// CRC-32 without the final inversion ("JAMCRC").
std::uint32_t crc32(ByteView data);

/// ISO/IEC 14443-3, annex B: CRC_A.
std::uint16_t crc_a(ByteView data);

bool equal_in_constant_time(ByteView a, ByteView b);

/// Fills the span; a test gives its own to make a card's random numbers known.
using Randomness = std::function<void(std::span<std::uint8_t>)>;
Randomness system_randomness();

}  // namespace virtual_card
