#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace virtual_card {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

std::string to_hex(ByteView bytes);

/// Throws std::invalid_argument on an odd length or a character that is no hex digit.
Bytes from_hex(std::string_view text);

void append(Bytes& bytes, ByteView more);

/// The number whose least significant byte comes first; at most four bytes.
std::uint32_t from_little_endian(ByteView bytes);
Bytes to_little_endian(std::uint32_t number, std::size_t width);

std::size_t round_up(std::size_t length, std::size_t multiple);

/// The bytes moved one place to the left, the first one to the end.
Bytes rotated_left(ByteView bytes);

}  // namespace virtual_card
