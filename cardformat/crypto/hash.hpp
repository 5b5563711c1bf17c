#pragma once
// SHA-256 and the CRC of DESFire's enciphered commands.

#include <array>
#include <cstdint>

#include "cardformat/base/bytes.hpp"

namespace card {

using Sha256 = std::array<std::uint8_t, 32>;

[[nodiscard]] Sha256 sha256(BytesView data);

/// CRC-32/JAMCRC: reflected polynomial 04C11DB7, start FFFFFFFF, no final inversion; four octets,
/// least significant first, as EV1 and ChangeKey cryptograms carry it.
[[nodiscard]] Bytes desfire_crc32(BytesView data);

}  // namespace card
