#pragma once
// A list of public signing keys as a file: {"keys": [uncompressed P-256 points in hexadecimal]}.

#include <string>
#include <string_view>

#include "cardformat/credential/cose.hpp"

namespace card {

inline constexpr std::size_t max_trust_file_size = 65'536;  ///< octets, some 490 keys

/// What the text of such a file lists, in its order. `correct_configuration` saying what is wrong.
[[nodiscard]] Result<TrustList> parse_trust_list(std::string_view text);

/// `correct_configuration` naming the file.
[[nodiscard]] Result<TrustList> read_trust_file(const std::string& path);

/// With a line end.
[[nodiscard]] std::string trust_file_text(const TrustList& keys);

[[nodiscard]] bool trusts(const TrustList& keys, const P256Point& key);

}  // namespace card
