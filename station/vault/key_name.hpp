#pragma once
// The keys of a store by name. A token holds each as an object with this label:
//
//   port-pass.<slot>.<generation>   a master key, such as port-pass.gate-read.1
//   port-pass.signing.<generation>  both halves of a signing key
//   port-pass.data                  the key that the sealing key is derived from
//
// Generations are 1 to 255, decimal, without leading zeros.

#include <optional>
#include <string>
#include <variant>

#include "cardformat/vault/vault.hpp"

namespace card {

struct MasterName {
    KeySlot slot;
    KeyGeneration generation;
    auto operator<=>(const MasterName&) const = default;
};

/// Signing keys have generations of their own; the newest signs, all are believed.
struct SigningName {
    std::uint8_t generation;
    auto operator<=>(const SigningName&) const = default;
};

/// There is one for the life of a store: what it sealed could not be opened otherwise.
struct DataName {
    auto operator<=>(const DataName&) const = default;
};

using KeyName = std::variant<MasterName, SigningName, DataName>;

[[nodiscard]] std::string label(const KeyName& key);

/// Nothing for a label that `label` does not make.
[[nodiscard]] std::optional<KeyName> parse_label(std::string_view text);

}  // namespace card
