#pragma once
// Writing a pass onto a card, from blank to `made`, and going on after a tear at any APDU.
//
// The order: PICC key first (a torn card is ours and recoverable), then settings and application,
// then the application's keys, each proven, then the files, the state's commit last, then one
// read-back as a gate. Nothing is irreversible but the PICC key, and that is diversified and known.

#include "cardformat/base/write_ahead.hpp"
#include "cardformat/desfire/identify.hpp"

namespace card::desfire {

struct WriteOrder {
    PortPassProfile profile;
    CardKeys keys;     ///< of the card that the write-ahead record names
    Bytes credential;  ///< the `pass` file's content, as recorded: signing again would change it
    Bytes state;       ///< the `state` file's content that says `made`
};

enum class WriteOutcome : std::uint8_t {
    verified,  ///< read back as a gate reads, and equal to the order
    erased,    ///< read back differently; the application was deleted again
};

/// Writes a blank card. `report_defect` where the record is another card's.
Conversation<Result<WriteOutcome>> personalise(RandomSource& random, BlankCard blank,
                                               WriteAhead record, WriteOrder order);

/// Takes up a card that an open record names, wherever its writing ended. Tries two keys at most
/// at a level.
Conversation<Result<WriteOutcome>> resume_personalisation(RandomSource& random, CardSight sight,
                                                          WriteAhead record, WriteOrder order);

/// Makes a card of ours a blank again: formatted, the factory's settings and key. What was on it is
/// gone for good. `use_another_card`, with nothing changed, where the PICC key is not
/// `picc_master`. Torn, it can be asked for again until the factory's key is back.
Conversation<Result<void>> return_to_blank(RandomSource& random, PresentedChip presented,
                                           WriteAhead record, CardKey picc_master);

}  // namespace card::desfire
