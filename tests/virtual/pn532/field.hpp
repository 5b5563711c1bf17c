#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/virtual/desfire/card.hpp"

namespace virtual_card {

/// The place before a reader's antenna and the card that may lie there. The card's memory is saved
/// to its file before an answer that changed it is given.
class Field {
  public:
    explicit Field(std::filesystem::path memory_path) { load(std::move(memory_path)); }

    void insert() { present_ = true; }
    void remove();
    bool present() const { return present_; }
    /// Another card; only while absent.
    void load(std::filesystem::path memory_path);
    Card& card() { return *card_; }
    std::string state() const;

    /// The radio is switched off: the card forgets its session.
    void power_off() { card_->deactivate(); }
    /// Anticollision, selection and RATS. False without a card.
    bool activate();
    /// A card is there and was activated.
    bool active() const { return present_ && card_->active(); }
    ByteView uid() const { return memory_.uid; }
    ByteView answer_to_select() const { return memory_.profile.answer_to_select; }
    /// Nothing: the card is not there, or has just left. It stays away until inserted.
    std::optional<Bytes> exchange(ByteView apdu);

  private:
    std::filesystem::path memory_path_;
    CardMemory memory_;
    std::optional<Card> card_;
    bool present_ = false;
};

}  // namespace virtual_card
