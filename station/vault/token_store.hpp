#pragma once
// An administrator's acts on a token; see key_store.hpp.

#include "station/vault/key_store.hpp"
#include "station/vault/store_spec.hpp"

namespace card::token_store {

[[nodiscard]] Result<void> create(const TokenSpec& spec);
[[nodiscard]] Result<RolledOver> roll(const TokenSpec& spec, RollOver what);
[[nodiscard]] Result<Inventory> list(const TokenSpec& spec);

}  // namespace card::token_store
