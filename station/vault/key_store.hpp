#pragma once
// Key stores by their spec, whatever their kind: opening one to use it, and what an administrator
// does with it. `cardtool keys` is these functions with words.

#include <memory>
#include <string>
#include <vector>

#include "cardformat/base/ports.hpp"
#include "cardformat/vault/vault.hpp"
#include "station/vault/key_name.hpp"

namespace card {

/// `correct_configuration` where the store is refused, `insert_key_token` where its token is not
/// there; the detail says what to do.
[[nodiscard]] Result<std::unique_ptr<Vault>> open_vault(const std::string& spec);

/// Makes the keys of generation 1: a folder that must not exist, or the keys in a token that has
/// none. Interrupted on a token, it is finished by calling it again. `correct_configuration` where
/// there are keys already.
[[nodiscard]] Result<void> create_keys(const std::string& spec, RandomSource& random);

enum class RollOver : std::uint8_t { masters, signing_key, both };

/// Which generations a roll-over made; nothing of what it left alone.
struct RolledOver {
    std::optional<KeyGeneration> masters;
    std::optional<std::uint8_t> signing_key;
};

/// Adds the next generation, or finishes the one that an interrupted roll-over began; old ones
/// stay. A vault that is open goes on with the keys it has until it is opened anew.
[[nodiscard]] Result<RolledOver> roll_keys(const std::string& spec, RollOver what,
                                           RandomSource& random);

/// One master as an administrator may know it.
struct MasterEntry {
    MasterName name;
    std::string check_value;  ///< 3 octets of CMAC over zeros, in hexadecimal: compares stores
    bool made_in_store;       ///< false for a key that was imported, and for a development key
};

struct SigningEntry {
    std::uint8_t generation;
    P256Point point;
    bool signs;  ///< the newest with its private half
};

/// What is in a store, fit or not.
struct Inventory {
    std::string store;  ///< "development folder DIR" or the token's description
    bool unsafe;        ///< plain files
    std::optional<KeyGeneration> current;
    std::vector<MasterEntry> masters;  ///< by slot and generation
    std::vector<KeyGeneration> incomplete;
    std::vector<SigningEntry> signing_keys;
    std::vector<std::string> problems;  ///< for which `open_vault` refuses it
};

[[nodiscard]] Result<Inventory> list_keys(const std::string& spec);

}  // namespace card
