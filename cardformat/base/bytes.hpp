#pragma once
// Octet strings and their hexadecimal form.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace card {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

/// Upper-case hexadecimal without separators.
[[nodiscard]] std::string to_hex(BytesView bytes);

/// Reads hexadecimal of either case without separators; nothing for an odd length or another
/// character.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);

/// Compares in a time that depends on the lengths only. Different lengths are unequal.
[[nodiscard]] bool equal_in_constant_time(BytesView left, BytesView right);

inline void append(Bytes& target, BytesView tail) {
    target.insert(target.end(), tail.begin(), tail.end());
}

/// The characters of `text` as octets, without a copy.
[[nodiscard]] inline BytesView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace card
