#pragma once
// What a card that was tapped at the counter proves.

#include "cardformat/credential/pass_credential.hpp"
#include "cardformat/desfire/counter.hpp"
#include "reader/host/reader_host.hpp"
#include "station/desk/station.hpp"

namespace card::desk {

/// A finished pass of ours: signed by somebody who is trusted, for this very
/// chip, with a state file that fits. It may be any pass.
struct ProvenPass {
    PassCredential credential;
    Bytes octets;  ///< of the pass file
    LifeState life;
    KeyGeneration generation;
    desfire::SelectedPass selected;  ///< its application stays selected while the card lies there
};

struct CardTap {
    desfire::PresentedChip presented;
    std::optional<ProvenPass> pass;  ///< nothing where it was not asked for, or not proven
};

/// The card that is waited for.
struct ExpectedCard {
    CardUid uid;
    KeyGeneration generation;  ///< 0 where the ledger does not know it
};

/// Reads the card on the reader; nothing where it left. Where a card is
/// expected, another one's pass is not read. A failure is the vault's.
asio::awaitable<Result<std::optional<CardTap>>> read_tap(Station& station,
                                                         reader::ReaderHost& reader,
                                                         std::optional<ExpectedCard> expected);

}  // namespace card::desk
