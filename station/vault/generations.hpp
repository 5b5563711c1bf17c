#pragma once
// Which masters a store has, and what follows: the generation in use, those that are not whole, and
// the one that a roll-over makes.

#include <bitset>
#include <map>
#include <optional>
#include <vector>

#include "station/vault/key_name.hpp"

namespace card {

class Generations {
  public:
    void add(const MasterName& master);

    [[nodiscard]] bool whole(KeyGeneration generation) const;
    /// The highest that is whole.
    [[nodiscard]] std::optional<KeyGeneration> current() const;
    /// Those of which some masters are there, ascending.
    [[nodiscard]] std::vector<KeyGeneration> all() const;
    [[nodiscard]] std::vector<KeyGeneration> incomplete() const;
    [[nodiscard]] std::vector<KeySlot> missing(KeyGeneration generation) const;
    /// The one after `current`, which may have been begun; nothing after 255.
    [[nodiscard]] std::optional<KeyGeneration> next() const;

    /// The notices that opening a store with these gives.
    [[nodiscard]] std::vector<VaultNotice> notices() const;

  private:
    std::map<KeyGeneration, std::bitset<all_key_slots.size()>> present_;
};

}  // namespace card
