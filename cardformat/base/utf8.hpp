#pragma once
// UTF-8 (RFC 3629) where text comes from outside.

#include <string>
#include <string_view>

namespace card {

/// Well-formed: no overlong form, no surrogate, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

/// The same text with U+FFFD for each part that is not well-formed.
[[nodiscard]] std::string to_utf8(std::string_view text);

}  // namespace card
