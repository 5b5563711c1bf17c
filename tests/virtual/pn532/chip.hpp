#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "tests/virtual/pn532/antenna.hpp"
#include "tests/virtual/pn532/fault.hpp"
#include "tests/virtual/pn532/frame.hpp"

namespace virtual_card {

/// The largest APDU that the chip carries to the card. A longer one would have to be chained over
/// the air; the chip tries, the card does not answer.
constexpr std::size_t max_carried_apdu = 55;

/// A PN532 as its host sees it: messages in, octets out. Commands as in UM0701-02, section 7. It
/// finds ISO/IEC 14443-4 type A cards at 106 kbit/s and nothing else.
class Pn532 {
  public:
    explicit Pn532(Antenna& field) : field_(field) {}

    /// What the chip sends at once: acknowledgement, answer, both, or nothing.
    Bytes receive(const FromHost& message);
    /// After a card was inserted: the answer to a search without end, if one is under way.
    Bytes card_inserted();

    /// A new one replaces it.
    void arm(ArmedFault fault) { armed_ = fault; }
    /// The chip neither acknowledges nor answers until released.
    void hang() { hung_ = true; }
    void release() { hung_ = false; }
    bool hung() const { return hung_; }
    bool radio_on() const { return radio_on_; }

  private:
    Bytes answer(const Command& command);
    std::optional<Bytes> answer_data(const Command& command);
    Bytes diagnose(ByteView parameters) const;
    Bytes read_registers(ByteView addresses) const;
    void write_registers(ByteView triples);
    void configure_radio(ByteView parameters);
    void release_target();
    void fall_asleep();
    Bytes list_targets(const Command& command);
    Bytes found_target();
    Bytes exchange(const Command& command);
    Bytes exchange_raw(ByteView frame) const;
    /// The armed fault, if this is the moment for it.
    std::optional<ChipFault> due(bool activation);

    Antenna& field_;
    std::map<std::uint16_t, std::uint8_t> registers_;
    std::optional<ArmedFault> armed_;
    bool hung_ = false;
    bool awake_ = false;
    bool radio_on_ = false;
    bool sends_rats_ = true;            ///< parameter fAutomaticRATS
    std::uint8_t search_tries_ = 0xFF;  ///< MxRtyPassiveActivation; FF: without end
    bool searching_ = false;
    bool has_more_ = false;  ///< the last answer said so, and the rest has no end
};

}  // namespace virtual_card
