#include "tests/virtual/desfire/profile.hpp"

#include <array>
#include <stdexcept>
#include <utility>

namespace virtual_card {
namespace {

// INF of an I-block without CID: FSC less PCB and CRC.
constexpr std::size_t inf_bytes(std::size_t frame_size) {
    return frame_size - 3;
}
constexpr std::size_t wrapping_bytes = 6;  // CLA INS P1 P2 Lc ... Le
constexpr std::size_t status_bytes = 2;

/// A size in which the chips are made, as GetVersion encodes it, and what GetFreeMem then says.
struct Storage {
    std::string_view name;
    std::uint8_t code;
    std::uint32_t ev1_bytes;
    std::uint32_t later_bytes;  ///< EV2 and EV3
};
// Recorded: all of EV1, and 5120. The other two are those of EV1, the smaller reading.
constexpr Storage storage_2k{"2K", 0x16, 2304, 2304};
constexpr Storage storage_4k{"4K", 0x18, 4864, 5120};
constexpr Storage storage_8k{"8K", 0x1A, 7936, 7936};
constexpr std::array storages{storage_2k, storage_4k, storage_8k};

constexpr std::size_t storage_position = 5;
constexpr std::uint32_t failures_before_delay = 50;

ChipProfile profile(std::string_view product, const Storage& storage, std::size_t frame_size) {
    ChipProfile chip;
    chip.name = std::string(product) + "-" + std::string(storage.name);
    chip.max_command_data = inf_bytes(frame_size) - wrapping_bytes;
    chip.max_answer_data = inf_bytes(frame_size) - status_bytes;
    return chip;
}

void set_versions(ChipProfile& chip, const Storage& storage, std::string_view hardware,
                  std::string_view software) {
    chip.hardware_version = from_hex(hardware);
    chip.software_version = from_hex(software);
    chip.hardware_version.at(storage_position) = storage.code;
    chip.software_version.at(storage_position) = storage.code;
}

ChipProfile ev1(const Storage& storage) {
    ChipProfile chip = profile("EV1", storage, 64);
    set_versions(chip, storage, "04010101000005", "04010101040005");
    chip.production = from_hex("BA4519E3204913");
    chip.answer_to_select = from_hex("067577810280");
    chip.memory_bytes = storage.ev1_bytes;
    chip.max_applications = 28;
    return chip;
}

ChipProfile ev2(const Storage& storage) {
    ChipProfile chip = profile("EV2", storage, 64);
    set_versions(chip, storage, "04010112000005", "04010102010005");
    chip.production = from_hex("CE6DD061704717");
    chip.answer_to_select = from_hex("067577810280");
    chip.memory_bytes = storage.later_bytes;
    chip.max_applications = chip.memory_bytes;  // bounded by memory only
    chip.ev2_messaging = true;
    chip.originality_signature = true;
    return chip;
}

ChipProfile ev3(const Storage& storage) {
    ChipProfile chip = profile("EV3", storage, 128);
    set_versions(chip, storage, "04010133000005", "04010103000005");
    chip.production = from_hex("CE6DD061704721");
    chip.answer_to_select = from_hex("067777710280");
    chip.memory_bytes = storage.later_bytes;
    chip.max_applications = chip.memory_bytes;
    chip.ev2_messaging = true;
    chip.originality_signature = true;
    chip.failures_before_delay = failures_before_delay;
    return chip;
}

}  // namespace

ChipProfile ev1_4k() {
    return ev1(storage_4k);
}

ChipProfile ev1_4k_signed() {
    ChipProfile chip = ev1(storage_4k);
    chip.name += "-signed";
    chip.originality_signature = true;
    return chip;
}

ChipProfile ev2_4k() {
    return ev2(storage_4k);
}

ChipProfile ev3_4k() {
    return ev3(storage_4k);
}

std::vector<ChipProfile> all_profiles() {
    std::vector<ChipProfile> all{ev1_4k_signed()};
    for (const Storage& storage : storages) {
        all.insert(all.end(), {ev1(storage), ev2(storage), ev3(storage)});
    }
    return all;
}

ChipProfile profile_named(std::string_view name) {
    std::string names;
    for (ChipProfile& chip : all_profiles()) {
        if (chip.name == name) {
            return std::move(chip);
        }
        names += " " + chip.name;
    }
    throw std::invalid_argument("no chip profile is called " + std::string(name) + "; there are" +
                                names);
}

Bytes atr_of(const ChipProfile& profile) {
    const Bytes& ats = profile.answer_to_select;
    std::size_t position = 2;  // TL and T0, then one byte for each of TA, TB, TC that T0 announces
    for (const unsigned flag : {0x10U, 0x20U, 0x40U}) {
        position += (ats.at(1) & flag) != 0 ? 1U : 0U;
    }
    const ByteView historical = ByteView(ats).subspan(position);
    Bytes atr{0x3B, static_cast<std::uint8_t>(0x80U | historical.size()), 0x80, 0x01};
    append(atr, historical);
    std::uint8_t check = 0;
    for (std::size_t i = 1; i < atr.size(); ++i) {
        check = static_cast<std::uint8_t>(check ^ atr[i]);
    }
    atr.push_back(check);
    return atr;
}

}  // namespace virtual_card
