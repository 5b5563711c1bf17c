#pragma once
// Base45 (RFC 9285): octets in the characters of a QR code's alphanumeric mode.

#include <optional>
#include <string>
#include <string_view>

#include "cardformat/base/bytes.hpp"

namespace card {

[[nodiscard]] std::string to_base45(BytesView octets);
/// Nothing for a character outside the alphabet, a length that no octets have, or a group too
/// large.
[[nodiscard]] std::optional<Bytes> from_base45(std::string_view text);

}  // namespace card
