#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/virtual/desfire/memory.hpp"
#include "tests/virtual/vcard/descriptor.hpp"
#include "tests/virtual/vcard/slot.hpp"

namespace virtual_card::test {

/// The driver's end of the connection, and a card file.
class Driver {
  public:
    Driver();
    ~Driver();
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

    std::filesystem::path card_file() const { return folder_ / "card.json"; }
    std::uint16_t port() const { return port_; }
    void accept();
    void hang_up() { socket_ = Descriptor(); }
    void send(ByteView body);
    /// The next message's body in hex; "closed" if the card hung up.
    std::string receive();
    /// Nothing has come from the card.
    bool silent() const;

  private:
    Descriptor listener_;
    Descriptor socket_;
    std::filesystem::path folder_;
    std::uint16_t port_ = 0;
};

inline const Bytes power_on{1};
inline const Bytes send_atr{4};
inline const Bytes create_application = from_hex("90CA000005F54B500F8300");
inline const Bytes get_free_memory = from_hex("906E000000");

/// A slot with a factory card, and its driver.
struct SlotBench {
    SlotBench() : slot(driver.card_file(), driver.port(), Timing{}) {}
    void insert();
    void ask(ByteView message);
    std::string answer_to(ByteView message);
    CardMemory saved() const { return load_memory(driver.card_file()); }
    Driver driver;
    Slot slot;
};

}  // namespace virtual_card::test
