#pragma once
// A list of public signing keys as a file: {"keys": [uncompressed P-256 points in hexadecimal]}.

#include <string>

#include "cardformat/credential/cose.hpp"

namespace card {

/// `correct_configuration` naming the file.
[[nodiscard]] Result<TrustList> read_trust_file(const std::string& path);

/// With a line end.
[[nodiscard]] std::string trust_file_text(const TrustList& keys);

[[nodiscard]] bool trusts(const TrustList& keys, const P256Point& key);

}  // namespace card
