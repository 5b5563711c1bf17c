#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "tests/virtual/pn532/antenna.hpp"
#include "tests/virtual/vcard/stored_card.hpp"

namespace virtual_card {

/// A virtual card before the antenna. Its memory is saved to its file before an answer that changed
/// it is given.
class Field final : public Antenna {
  public:
    explicit Field(std::filesystem::path memory_path, const Timing& timing = {})
        : stored_(std::move(memory_path), timing) {}

    void insert() { present_ = true; }
    void remove();
    /// Only while absent.
    void load(std::filesystem::path memory_path) { stored_.load(std::move(memory_path)); }
    StoredCard& stored() { return stored_; }
    Card& card() { return stored_.card(); }
    [[nodiscard]] std::string state() const;

    [[nodiscard]] bool present() const override { return present_; }
    void power_off() override { stored_.card().deactivate(); }
    bool activate() override;
    [[nodiscard]] bool active() const override { return present_ && stored_.card().active(); }
    [[nodiscard]] ByteView uid() const override { return stored_.memory().uid; }
    [[nodiscard]] ByteView answer_to_select() const override {
        return stored_.memory().profile.answer_to_select;
    }
    std::optional<Bytes> exchange(ByteView apdu) override;

  private:
    StoredCard stored_;
    bool present_ = false;
};

}  // namespace virtual_card
