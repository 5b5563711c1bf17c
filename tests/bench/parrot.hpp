#pragma once
// A card that only repeats: the peer of a virtual reader's driver (vpcd) that gives the answers of
// a recorded dialogue, each after the time that the recorded card took for it.

#include <cstdint>
#include <optional>
#include <span>
#include <thread>

#include "tests/bench/recital.hpp"
#include "tests/virtual/vcard/descriptor.hpp"

namespace figures {

class Parrot {
  public:
    /// Lies in the reader whose driver listens at 127.0.0.1:`port`, at once.
    Parrot(std::uint16_t port, Dialogue recorded);
    Parrot(const Parrot&) = delete;
    Parrot& operator=(const Parrot&) = delete;
    ~Parrot();

    /// Leaves the reader; the dialogue as it went this time. Throws where it went otherwise.
    Dialogue leave();

  private:
    void serve();
    void answer_driver(std::uint8_t code);
    std::optional<virtual_card::Bytes> receive_message();
    bool receive_exactly(std::span<std::uint8_t> out);
    void send_message(virtual_card::ByteView body);
    void end();

    Recital recital_;       ///< the thread's until it has ended
    bool hung_up_ = false;  ///< likewise: the driver did
    virtual_card::Descriptor driver_;
    std::thread thread_;
};

}  // namespace figures
