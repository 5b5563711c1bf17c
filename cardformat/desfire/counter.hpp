#pragma once
// What is done with a finished card at the counter: read it as a gate does, and change its state.

#include "cardformat/base/write_ahead.hpp"
#include "cardformat/desfire/identify.hpp"

namespace card::desfire {

struct GateReading {
    Bytes credential;
    Bytes state;
};

/// A chip whose pass application is selected. It stays so until the chip leaves the field: nothing
/// below selects another, and an authentication takes the place of the one before.
class SelectedPass {
  public:
    [[nodiscard]] const PresentedChip& presented() const { return presented_; }

  private:
    friend Conversation<Result<std::optional<SelectedPass>>> select_pass(PresentedChip presented,
                                                                         PortPassProfile profile);
    explicit SelectedPass(PresentedChip presented) : presented_(presented) {}

    PresentedChip presented_;
};

/// SelectApplication, nothing changed. Nothing where the card has no such application.
Conversation<Result<std::optional<SelectedPass>>> select_pass(PresentedChip presented,
                                                              PortPassProfile profile);

/// The generation of the gate key, which the card tells anybody.
Conversation<Result<KeyVersion>> read_pass_generation(SelectedPass pass);

/// Authenticates with the gate key and reads both files. Nothing where the card refuses the key: it
/// is not one of ours. Nothing is believed yet: the credential's signature, UID and the state's
/// hash are for the caller to check.
Conversation<Result<std::optional<GateReading>>> read_as_gate(RandomSource& random,
                                                              SelectedPass pass, CardKey gate_read);

struct StateChange {
    CardKey station_update;
    CardKey gate_read;
    Bytes from;  ///< the state file's content before; any third content is refused
    Bytes to;
};

/// Writes the state file, commits, and reads it back as a gate. A card that says `to` already is a
/// success without a write, so the change can be asked for again after a tear.
/// `set_card_aside` where the file says neither. The record must name the presented card.
Conversation<Result<void>> change_state(RandomSource& random, SelectedPass pass, WriteAhead record,
                                        StateChange change);

}  // namespace card::desfire
