#pragma once
// How a configuration or command line names a key store: the path of a development folder, or a
// PKCS #11 URI (RFC 7512) of a token, such as
//
//   pkcs11:token=pass-station?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/pin
//
// Which attributes are taken, and what is refused and why, is in README.md.

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "cardformat/base/result.hpp"

namespace card {

/// Plain files: see development_vault.hpp.
struct DevelopmentFolder {
    std::string path;
};

struct PinFile {
    std::string path;
};
struct PinVariable {
    std::string name;  ///< of the environment
};
using PinSource = std::variant<PinFile, PinVariable>;

/// One token, by what its CK_TOKEN_INFO says. An empty text fits any token; label and serial are
/// not both empty.
struct TokenSpec {
    std::string label;
    std::string serial;
    std::string manufacturer;
    std::string model;
    std::string module_path;  ///< absolute, of the PKCS #11 module
    PinSource pin;
    std::optional<std::string> trust_file;  ///< of public keys beside those in the token
};

using StoreSpec = std::variant<DevelopmentFolder, TokenSpec>;

/// `correct_configuration` saying what to write instead. The text itself is never repeated: it may
/// hold a PIN.
[[nodiscard]] Result<StoreSpec> parse_store_spec(std::string_view text);

}  // namespace card
