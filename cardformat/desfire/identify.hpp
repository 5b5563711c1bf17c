#pragma once
// What a card shows before anything is written to it.

#include "cardformat/desfire/authentication.hpp"
#include "cardformat/desfire/profile.hpp"

namespace card::desfire {

struct CardSight {
    CardUid uid;
    VersionInfo version;
    Bytes originality_signature;  ///< empty where the chip has none
    KeyVersion picc_key_version;
    std::uint32_t free_memory;  ///< octets
};

/// GetVersion, Read_Sig, GetKeyVersion, GetFreeMemory: 6 APDUs, nothing changed.
/// `use_another_card` for anything but a DESFire EV2.
Conversation<Result<CardSight>> identify(FrameLimit limit);

/// GetVersion alone, 3 APDUs.
Conversation<Result<CardUid>> read_uid(FrameLimit limit);

/// Whether the chip's signature is NXP's for its UID.
[[nodiscard]] bool is_genuine(const CardSight& sight);

/// A card that was seen to have the factory key and no application, with the session that saw it.
class BlankCard {
  public:
    [[nodiscard]] const CardSight& sight() const { return sight_; }

  private:
    friend Conversation<Result<BlankCard>> require_blank(RandomSource& random, CardSight sight,
                                                         FrameLimit limit);
    friend class Personaliser;
    BlankCard(CardSight sight, Ev1Session session)
        : sight_(std::move(sight)), session_(std::move(session)) {}

    CardSight sight_;
    Ev1Session session_;
};

/// Authenticates with the factory key and lists the applications: 3 APDUs, nothing changed.
/// `use_another_card` where either shows that the card is not blank, or too small.
Conversation<Result<BlankCard>> require_blank(RandomSource& random, CardSight sight,
                                              FrameLimit limit);

}  // namespace card::desfire
