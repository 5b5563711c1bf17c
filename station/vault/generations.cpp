#include "station/vault/generations.hpp"

namespace card {

void Generations::add(const MasterName& master) {
    present_[master.generation].set(static_cast<std::size_t>(master.slot));
}

bool Generations::whole(KeyGeneration generation) const {
    const auto found = present_.find(generation);
    return found != present_.end() && found->second.all();
}

std::optional<KeyGeneration> Generations::current() const {
    for (auto entry = present_.rbegin(); entry != present_.rend(); ++entry) {
        if (entry->second.all()) {
            return entry->first;
        }
    }
    return std::nullopt;
}

std::vector<KeyGeneration> Generations::all() const {
    std::vector<KeyGeneration> generations;
    for (const auto& [generation, slots] : present_) {
        generations.push_back(generation);
    }
    return generations;
}

std::vector<KeyGeneration> Generations::incomplete() const {
    std::vector<KeyGeneration> generations;
    for (const auto& [generation, slots] : present_) {
        if (!slots.all()) {
            generations.push_back(generation);
        }
    }
    return generations;
}

std::vector<KeySlot> Generations::missing(KeyGeneration generation) const {
    const auto found = present_.find(generation);
    std::vector<KeySlot> slots;
    for (const KeySlot slot : all_key_slots) {
        if (found == present_.end() || !found->second.test(static_cast<std::size_t>(slot))) {
            slots.push_back(slot);
        }
    }
    return slots;
}

std::optional<KeyGeneration> Generations::next() const {
    const unsigned number = current().value_or(KeyGeneration{0}).value + 1U;
    if (number > 255) {
        return std::nullopt;
    }
    return KeyGeneration{static_cast<std::uint8_t>(number)};
}

std::vector<VaultNotice> Generations::notices() const {
    std::vector<VaultNotice> notices;
    for (const KeyGeneration generation : incomplete()) {
        notices.push_back({VaultNotice::Kind::incomplete_generation, generation.value});
    }
    return notices;
}

}  // namespace card
