#pragma once
// What was said between a reader and a card, and which stage of its life each APDU belongs to.

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "tests/virtual/desfire/bytes.hpp"

namespace figures {

using Moment = std::chrono::steady_clock::time_point;
using std::chrono::microseconds;

/// One APDU and its answer; the moments are the card's.
struct Exchange {
    virtual_card::Bytes command;
    virtual_card::Bytes answer;
    Moment arrived{};
    Moment answered{};
};
using Dialogue = std::vector<Exchange>;

inline constexpr std::array<std::string_view, 7> stage_names{"identify", "blank?", "PICC", "keys",
                                                             "files",    "write",  "gate"};
inline constexpr std::size_t stage_of_first_write = 2;  ///< before it, the intent is made durable
using StageCounts = std::array<std::size_t, stage_names.size()>;

/// Of a personalisation: the stage of each APDU, by the commands that stages begin with.
[[nodiscard]] std::vector<std::size_t> stages_of(const Dialogue& dialogue);
[[nodiscard]] StageCounts count_by_stage(const Dialogue& dialogue);

struct Octets {
    std::size_t out = 0;
    std::size_t in = 0;
};
[[nodiscard]] Octets octets_of(const Dialogue& dialogue);

/// From the first APDU's arrival to the last answer.
[[nodiscard]] microseconds duration_of(const Dialogue& dialogue);
/// The part of that which the card took.
[[nodiscard]] microseconds card_time_of(const Dialogue& dialogue);
/// From the last answer before the first command that changes the card to that command's arrival;
/// nothing in a dialogue that writes no card.
[[nodiscard]] microseconds wait_for_intent(const Dialogue& dialogue);

/// vcard's trace file. Throws where a line is not one of an answered APDU.
[[nodiscard]] Dialogue read_trace(const std::string& path);

}  // namespace figures
