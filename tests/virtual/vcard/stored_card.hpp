#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>

#include "tests/virtual/desfire/card.hpp"
#include "tests/virtual/desfire/timing.hpp"

namespace virtual_card {

/// A card whose memory is a file, and that takes the time of a real one.
class StoredCard {
  public:
    /// Throws std::exception where the file is no card's memory.
    StoredCard(std::filesystem::path memory_path, const Timing& timing);
    /// Another card, which knows nothing of the misbehaviour of the one before.
    void load(std::filesystem::path memory_path);
    /// Appends every APDU to this file from now on; README.md has the form. Throws std::exception.
    void trace_to(const std::filesystem::path& file);

    Card& card() { return *card_; }
    const Card& card() const { return *card_; }
    const CardMemory& memory() const { return memory_; }

    /// As Card::transceive. A change is saved before it returns.
    std::optional<Bytes> exchange(ByteView apdu);
    /// Writes the line of the last exchange, for when its answer is on its way.
    void trace_last();

  private:
    using Moment = std::chrono::steady_clock::time_point;

    struct Exchanged {
        Bytes command;
        std::optional<Bytes> answer;
        Moment arrived;
        Moment answered;
    };

    std::filesystem::path memory_path_;
    Timing timing_;
    CardMemory memory_;
    std::optional<Card> card_;
    std::ofstream trace_;  ///< not open: none is kept
    std::optional<Exchanged> last_;
};

}  // namespace virtual_card
