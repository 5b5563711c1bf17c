#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace virtual_card {

/// What can go wrong with one answer of the chip.
enum class ChipFault : std::uint8_t {
    rf_timeout,        ///< the card is not reached: status 01
    bad_checksum,      ///< data checksum wrong
    bad_length,        ///< length checksum wrong
    cut_short,         ///< half a frame, and no more
    garbage,           ///< octets that are no frame
    wrong_command,     ///< an answer to another command
    mute,              ///< acknowledged, never answered
    status_80,         ///< status bit 7 set
    more_information,  ///< status bit 6 set: there is more, and more, however often the host asks
    oversized,         ///< more data than any card sends
    ats_empty,         ///< the next activation shows an ATS of length 0
};

/// The fault of that name ("rf-timeout"), if there is one.
std::optional<ChipFault> fault_named(std::string_view name);

/// When a fault strikes: at the `at`-th exchange with the card counted from now, or for `ats_empty`
/// the `at`-th activation; 1 is the next one.
struct ArmedFault {
    ChipFault fault = ChipFault::rf_timeout;
    std::uint32_t at = 1;
};

}  // namespace virtual_card
