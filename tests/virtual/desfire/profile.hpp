#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/virtual/desfire/bytes.hpp"

namespace virtual_card {

/// What differs between the chips of the family, as data.
struct ChipProfile {
    std::string name;
    Bytes hardware_version;  ///< 7 bytes of GetVersion's first frame
    Bytes software_version;  ///< 7 bytes of its second frame
    Bytes production;        ///< batch 5, week, year: what follows the UID in its third frame
    Bytes answer_to_select;  ///< ATS, with its length byte
    /// Most data bytes in one wrapped command: CLA INS P1 P2 Lc data Le is one I-block.
    std::size_t max_command_data = 0;
    /// Most data bytes in one answer: data SW1 SW2 is one I-block.
    std::size_t max_answer_data = 0;
    std::uint32_t memory_bytes = 0;  ///< GetFreeMem of a blank chip
    std::size_t max_applications = 0;
    bool ev2_messaging = false;          ///< AuthenticateEV2First and NonFirst
    bool originality_signature = false;  ///< Read_Sig
    /// Failed authentications in a row before the chip begins to answer AD; 0: it never does.
    std::uint32_t failures_before_delay = 0;

    bool operator==(const ChipProfile&) const = default;
};

ChipProfile ev1_4k();
/// A later production of EV1 that answers Read_Sig.
ChipProfile ev1_4k_signed();
ChipProfile ev2_4k();
ChipProfile ev3_4k();

/// Every profile there is; their names are EV1-2K, EV2-4K and so on.
std::vector<ChipProfile> all_profiles();

/// The profile of this name; throws std::invalid_argument for another.
ChipProfile profile_named(std::string_view name);

/// What a PC/SC reader makes of an ATS: 3B 8n 80 01, the historical bytes, check byte.
Bytes atr_of(const ChipProfile& profile);

}  // namespace virtual_card
