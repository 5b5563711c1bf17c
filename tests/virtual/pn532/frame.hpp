#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "tests/virtual/desfire/bytes.hpp"

namespace virtual_card {

// What a host says to a PN532 over its serial line (PN532 user manual UM0701-02, section 6.2.1).

/// Octets 55 that wake a sleeping chip.
struct Wakeup {};
/// A bare acknowledgement from the host: the command under way is to be given up.
struct Abort {};
struct Command {
    std::uint8_t code = 0;
    Bytes parameters;
};
using FromHost = std::variant<Wakeup, Abort, Command>;

/// Cuts the host's octets into messages. What is no frame, or a frame with a wrong checksum, is
/// passed over, as the chip does.
class HostStream {
  public:
    void feed(ByteView octets);
    std::optional<FromHost> next();

  private:
    std::optional<FromHost> frame_at(std::size_t begin);
    void drop(std::size_t count);

    Bytes pending_;
};

/// Every command that is understood gets this first.
Bytes acknowledgement();
/// "Application level error": the chip does not know the command.
Bytes error_frame();
/// The answer to `command`; an extended frame where `data` needs one.
Bytes answer_frame(std::uint8_t command, ByteView data);

}  // namespace virtual_card
