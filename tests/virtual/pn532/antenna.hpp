#pragma once

#include <optional>

#include "tests/virtual/desfire/bytes.hpp"

namespace virtual_card {

/// The place before a reader's antenna, and what may lie there, as the reader's chip meets it.
class Antenna {
  public:
    Antenna() = default;
    Antenna(const Antenna&) = delete;
    Antenna& operator=(const Antenna&) = delete;
    virtual ~Antenna() = default;

    [[nodiscard]] virtual bool present() const = 0;
    /// The radio is switched off: the card forgets its session.
    virtual void power_off() = 0;
    /// Anticollision, selection and RATS. False without a card.
    virtual bool activate() = 0;
    /// A card is there and was activated.
    [[nodiscard]] virtual bool active() const = 0;
    [[nodiscard]] virtual ByteView uid() const = 0;
    [[nodiscard]] virtual ByteView answer_to_select() const = 0;
    /// Nothing: the card is not there, or has just left. It stays away until inserted.
    virtual std::optional<Bytes> exchange(ByteView apdu) = 0;
};

}  // namespace virtual_card
