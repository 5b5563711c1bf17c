#include "tests/virtual/desfire/timing.hpp"

#include <algorithm>

namespace virtual_card {
namespace {

constexpr std::size_t block_bytes = 32;
constexpr std::uint32_t structure_blocks = 2;
constexpr std::size_t framing_bytes = 3;  // PCB and CRC
constexpr std::size_t bits_per_byte = 9;
constexpr std::size_t frame_delay_us = 86;
constexpr std::size_t microseconds_per_millisecond = 1000;

std::uint32_t differing_blocks(const Bytes& before, const Bytes& after) {
    std::uint32_t blocks = 0;
    for (std::size_t from = 0; from < after.size(); from += block_bytes) {
        const std::size_t length = std::min(block_bytes, after.size() - from);
        const ByteView old = ByteView(before).subspan(from, length);
        const ByteView fresh = ByteView(after).subspan(from, length);
        blocks += std::equal(old.begin(), old.end(), fresh.begin()) ? 0U : 1U;
    }
    return blocks;
}

std::uint32_t blocks_of(const File* before, const File& after) {
    if (before == nullptr || before->data.size() != after.data.size()) {
        return structure_blocks;
    }
    const std::uint32_t copies = after.type == FileType::backup ? 2 : 1;
    return copies * differing_blocks(before->data, after.data);
}

std::uint32_t blocks_of(const CardMemory& before, const Application* old,
                        const Application& fresh) {
    if (old == nullptr || old->keys.size() != fresh.keys.size()) {
        return structure_blocks * (1 + static_cast<std::uint32_t>(fresh.keys.size()));
    }
    std::uint32_t blocks = old->settings == fresh.settings ? 0U : structure_blocks;
    for (std::size_t i = 0; i < fresh.keys.size(); ++i) {
        blocks += old->keys[i] == fresh.keys[i] ? 0U : structure_blocks;
    }
    for (const File& file : fresh.files) {
        blocks += blocks_of(find_file(before, fresh.aid, file.number), file);
    }
    for (const File& file : old->files) {
        const bool gone = std::none_of(fresh.files.begin(), fresh.files.end(),
                                       [&](const File& f) { return f.number == file.number; });
        blocks += gone ? structure_blocks : 0U;
    }
    return blocks;
}

const Application* application_of(const CardMemory& memory, const Aid& aid) {
    for (const Application& application : memory.applications) {
        if (application.aid == aid) {
            return &application;
        }
    }
    return nullptr;
}

}  // namespace

std::chrono::microseconds air_time(std::uint32_t bit_rate, std::size_t command_bytes,
                                   std::size_t answer_bytes) {
    const std::size_t bits = bits_per_byte * (command_bytes + answer_bytes + 2 * framing_bytes);
    return std::chrono::microseconds(bits * microseconds_per_millisecond / bit_rate +
                                     2 * frame_delay_us);
}

std::uint32_t blocks_written(const CardMemory& before, const CardMemory& after) {
    std::uint32_t blocks = 0;
    blocks += before.picc_key == after.picc_key ? 0U : structure_blocks;
    blocks += before.picc_settings == after.picc_settings ? 0U : structure_blocks;
    for (const Application& application : after.applications) {
        blocks += blocks_of(before, application_of(before, application.aid), application);
    }
    for (const Application& application : before.applications) {
        blocks += application_of(after, application.aid) == nullptr ? structure_blocks : 0U;
    }
    return blocks;
}

std::chrono::microseconds duration(const Timing& timing, std::size_t command_bytes,
                                   std::size_t answer_bytes, std::uint32_t blocks) {
    std::chrono::microseconds sum = timing.per_apdu + timing.per_block * blocks;
    if (timing.bit_rate) {
        sum += air_time(*timing.bit_rate, command_bytes, answer_bytes);
    }
    return sum;
}

}  // namespace virtual_card
