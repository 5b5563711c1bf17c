#pragma once
// An authenticated card: whichever secure messaging its chip has, behind one interface.

#include <variant>

#include "cardformat/desfire/commands.hpp"
#include "cardformat/desfire/ev1_session.hpp"
#include "cardformat/desfire/ev2_session.hpp"

namespace card::desfire {

class Session {
  public:
    explicit Session(Ev1Session messaging) : messaging_(std::move(messaging)) {}
    explicit Session(Ev2Session messaging) : messaging_(std::move(messaging)) {}

    /// What follows INS on the wire. Each command is protected once, in the order of sending.
    [[nodiscard]] Bytes protect(const NativeCommand& command);

    /// Checks and takes apart the successful answer to `command`. `set_card_aside` for a missing or
    /// wrong MAC, check sum or padding: an answer inside a session is never believed without.
    [[nodiscard]] Result<Bytes> open(const NativeCommand& command, const NativeAnswer& answer);

    /// The session where it is an EV2 one, else null.
    [[nodiscard]] const Ev2Session* ev2() const { return std::get_if<Ev2Session>(&messaging_); }

  private:
    std::variant<Ev1Session, Ev2Session> messaging_;
};

}  // namespace card::desfire
