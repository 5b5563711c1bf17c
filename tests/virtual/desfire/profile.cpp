#include "tests/virtual/desfire/profile.hpp"

#include <stdexcept>

namespace virtual_card {
namespace {

// INF of an I-block without CID: FSC less PCB and CRC.
constexpr std::size_t inf_bytes(std::size_t frame_size) {
    return frame_size - 3;
}
constexpr std::size_t wrapping_bytes = 6;  // CLA INS P1 P2 Lc ... Le
constexpr std::size_t status_bytes = 2;

ChipProfile profile(std::string name, std::size_t frame_size) {
    ChipProfile chip;
    chip.name = std::move(name);
    chip.max_command_data = inf_bytes(frame_size) - wrapping_bytes;
    chip.max_answer_data = inf_bytes(frame_size) - status_bytes;
    return chip;
}

}  // namespace

ChipProfile ev1_4k() {
    ChipProfile chip = profile("EV1-4K", 64);
    chip.hardware_version = from_hex("04010101001805");
    chip.software_version = from_hex("04010101041805");
    chip.production = from_hex("BA4519E3204913");
    chip.answer_to_select = from_hex("067577810280");
    chip.memory_bytes = 4864;
    chip.max_applications = 28;
    return chip;
}

ChipProfile ev2_4k() {
    ChipProfile chip = profile("EV2-4K", 64);
    chip.hardware_version = from_hex("04010112001805");
    chip.software_version = from_hex("04010102011805");
    chip.production = from_hex("CE6DD061704717");
    chip.answer_to_select = from_hex("067577810280");
    chip.memory_bytes = 5120;
    chip.max_applications = chip.memory_bytes;  // bounded by memory only
    chip.ev2_messaging = true;
    chip.originality_signature = true;
    return chip;
}

ChipProfile ev3_4k() {
    ChipProfile chip = profile("EV3-4K", 128);
    chip.hardware_version = from_hex("04010133001805");
    chip.software_version = from_hex("04010103001805");
    chip.production = from_hex("CE6DD061704721");
    chip.answer_to_select = from_hex("067777710280");
    chip.memory_bytes = 5120;
    chip.max_applications = chip.memory_bytes;
    chip.ev2_messaging = true;
    chip.originality_signature = true;
    return chip;
}

ChipProfile profile_named(std::string_view name) {
    for (ChipProfile chip : {ev1_4k(), ev2_4k(), ev3_4k()}) {
        if (chip.name == name) {
            return chip;
        }
    }
    throw std::invalid_argument("no chip profile is called " + std::string(name));
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
