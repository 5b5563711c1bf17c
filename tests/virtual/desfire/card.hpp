#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tests/virtual/desfire/bytes.hpp"
#include "tests/virtual/desfire/chip.hpp"
#include "tests/virtual/desfire/memory.hpp"
#include "tests/virtual/desfire/quirks.hpp"

namespace virtual_card {

/// The card leaves the field at the `at`-th APDU counted from now; 1 is the next one.
struct Tear {
    enum class When : std::uint8_t {
        before,       ///< before the command had any effect
        after,        ///< its effect is persistent, its answer lost
        rolled_back,  ///< no effect, and the first command in the next field answers EE
        /// In the middle of its effect. What it writes to a standard file is left as any mixture
        /// of old, new and worthless bytes; all else has its effect or has not, by chance.
        during
    };
    std::uint32_t at = 1;
    When when = When::before;
};

struct LogEntry {
    std::uint8_t ins = 0;
    std::string_view name;               ///< of the instruction, "?" if unknown
    std::optional<std::uint8_t> status;  ///< SW2; none: the answer was lost
};

/// A card in a reader's field, seen through PC/SC: ISO-wrapped APDUs in and out.
class Card {
  public:
    /// Memory must outlive the card. It is up to date after every call.
    explicit Card(CardMemory& memory, CardQuirks quirks = {},
                  Randomness randomness = system_randomness());
    Card(const Card&) = delete;
    Card& operator=(const Card&) = delete;

    /// The card comes into the field, or the reader resets it. Returns the ATR.
    Bytes activate();
    void deactivate();
    bool active() const { return active_; }

    /// Nothing: the card is not in the field, or has just left it, or hangs.
    std::optional<Bytes> transceive(ByteView apdu);

    /// The card is in the field and owes an answer; it takes no further APDU.
    bool hanging() const { return withheld_.has_value(); }
    /// Ends the hang; the answer that was owed, if any. Leaving the field ends it too.
    std::optional<Bytes> release();

    /// From the next APDU on.
    void misbehave(const CardQuirks& quirks) { quirks_ = quirks; }
    const CardQuirks& quirks() const { return quirks_; }

    /// Arms one tear; a new one replaces it. `at` of 0 disarms.
    void tear(Tear tear);

    /// Commands for light and sound of the reader itself, oldest first. An ACR122U obeys them; they
    /// are in no card's field, but a test sees the reader's through its card.
    const std::vector<Bytes>& signals() const { return signals_; }

    /// APDUs that reached the card; what the reader itself answers does not.
    std::uint32_t apdus() const { return apdus_; }
    void reset_apdus() { apdus_ = 0; }

    /// The last APDUs, oldest first, at most `log_limit`.
    const std::vector<LogEntry>& log() const { return log_; }
    static constexpr std::size_t log_limit = 4096;

  private:
    Bytes exchange(ByteView apdu);
    /// What the reader answers without asking the card.
    std::optional<Bytes> answer_of_reader(ByteView apdu);
    void leave(ByteView apdu, Tear::When when);
    void exchange_half(ByteView apdu);
    void mix_standard_files(const CardMemory& before, const CardMemory& after);
    void spoil(const Chip::FileRange& range);
    bool chance();
    Bytes misbehave_or_execute(ByteView apdu);
    Bytes execute(ByteView apdu);
    Bytes random_bytes(std::size_t count);
    void record(ByteView apdu, const Bytes* answer);

    CardMemory& memory_;
    CardQuirks quirks_;
    CardQuirks in_force_;  ///< what of them holds at the present APDU
    Randomness randomness_;
    Chip chip_;
    bool active_ = false;
    std::optional<Tear> tear_;
    std::uint32_t apdus_ = 0;
    std::vector<Bytes> signals_;
    Bytes last_answer_;
    std::optional<Bytes> withheld_;
    std::vector<LogEntry> log_;
};

}  // namespace virtual_card
