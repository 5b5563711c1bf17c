#pragma once
// What a card shows before anything is written to it.

#include "cardformat/desfire/authentication.hpp"
#include "cardformat/desfire/profile.hpp"

namespace card::desfire {

/// A chip that a reader holds in its field: what every dialogue with it needs to know.
struct PresentedChip {
    CardUid uid;
    const Chip* chip;
    FrameLimit limit;  ///< the smaller of the chip's and the reader's
};

struct CardSight {
    PresentedChip presented;
    Originality originality;
    KeyVersion picc_key_version;
    std::uint32_t free_memory;  ///< octets
};

/// GetVersion, 3 APDUs, nothing changed. `use_another_card` for a chip that is not in chip.hpp.
/// `reader` is the largest frame that the reader takes.
Conversation<Result<PresentedChip>> recognise(FrameLimit reader);

/// GetVersion, Read_Sig, GetKeyVersion, GetFreeMemory: 6 APDUs, nothing changed.
Conversation<Result<CardSight>> identify(FrameLimit reader);

/// A card that was seen to have the factory key and no application, with the session that saw it.
class BlankCard {
  public:
    [[nodiscard]] const CardSight& sight() const { return sight_; }

  private:
    friend Conversation<Result<BlankCard>> require_blank(RandomSource& random, CardSight sight);
    friend class Personaliser;
    BlankCard(CardSight sight, Session session) : sight_(sight), session_(std::move(session)) {}

    CardSight sight_;
    Session session_;
};

/// Authenticates with the factory key and lists the applications: 3 APDUs, nothing changed.
/// `use_another_card` where either shows that the card is not blank, or too small.
Conversation<Result<BlankCard>> require_blank(RandomSource& random, CardSight sight);

}  // namespace card::desfire
