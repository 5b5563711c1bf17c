#pragma once
// A PN532 board with a virtual card, served by a thread of its own, for the real libnfc to open.

#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include "tests/virtual/pn532/emulated_reader.hpp"

/// The card is a blank EV2; it is not on the board at first.
class Board {
  public:
    Board();
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;
    ~Board();

    /// One line of tests/virtual/pn532/README.md; fails the test where it is not obeyed.
    std::string tell(const std::string& line);

    [[nodiscard]] std::filesystem::path port() const { return folder_ / "port"; }
    [[nodiscard]] std::string connection() const { return "pn532_uart:" + port().string(); }
    /// The memory file of another blank card.
    [[nodiscard]] std::string another_card() const;

  private:
    void serve();
    void wake() const;

    std::filesystem::path folder_;
    std::mutex mutex_;  // over the reader
    virtual_card::EmulatedReader reader_;
    virtual_card::Descriptor wakeup_;
    std::thread thread_;
};
