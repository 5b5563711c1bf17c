#pragma once
// Room on the disk that is kept for the end: a file that does nothing but take space. When the disk
// is full, it is deleted, and what it leaves is enough to finish the card in hand and to say so.

#include <cstdint>
#include <string>

namespace card::ledger {

/// In octets.
struct Room {
    std::uint64_t reserve = std::uint64_t{16} * 1024 * 1024;
    std::uint64_t floor = std::uint64_t{64} * 1024 * 1024;  ///< free beside it, or no new card
};

class Reserve {
  public:
    /// For a ledger at this path; the reserve lies beside it.
    Reserve(const std::string& ledger, Room room);

    /// Makes the file where it is missing and there is room for it and the floor.
    void fill() const;
    /// Deletes the file where the disk is full. True where that gave room.
    [[nodiscard]] bool release_if_full() const;
    /// The reserve is whole and the floor is free beside it.
    [[nodiscard]] bool is_whole() const;

  private:
    [[nodiscard]] std::uint64_t free_octets() const;

    std::string file_;
    std::string folder_;
    Room room_;
};

}  // namespace card::ledger
