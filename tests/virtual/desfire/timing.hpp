#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "tests/virtual/desfire/memory.hpp"

namespace virtual_card {

/// How long a real card would take. Nothing here waits; all of it may be nought.
struct Timing {
    /// Every APDU: the card's computing and the reader's turnaround.
    std::chrono::microseconds per_apdu{0};
    /// Of the air in kbit/s: 106, 212, 424 or 848. None: the air takes no time.
    std::optional<std::uint32_t> bit_rate = std::nullopt;
    /// To erase and write one block of 32 bytes; the data sheets say 1 ms.
    std::chrono::microseconds per_block{0};
};

/// One block each way (ISO/IEC 14443-4, no CID): nine bits a byte, and twice the frame delay time.
std::chrono::microseconds air_time(std::uint32_t bit_rate, std::size_t command_bytes,
                                   std::size_t answer_bytes);

/// Blocks that the chip writes to get from one memory to the other: those of the data that differ,
/// twice for backup files, and two for each key, setting, file or application made or changed.
std::uint32_t blocks_written(const CardMemory& before, const CardMemory& after);

std::chrono::microseconds duration(const Timing& timing, std::size_t command_bytes,
                                   std::size_t answer_bytes, std::uint32_t blocks);

}  // namespace virtual_card
