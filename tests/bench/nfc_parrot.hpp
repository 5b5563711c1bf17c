#pragma once
// A card that only repeats, on an emulated PN532 board for the real libnfc.

#include <filesystem>
#include <optional>
#include <thread>

#include "tests/bench/recital.hpp"
#include "tests/virtual/desfire/profile.hpp"
#include "tests/virtual/pn532/chip.hpp"
#include "tests/virtual/pn532/serial_port.hpp"

namespace figures {

class NfcParrot final : public virtual_card::Antenna {
  public:
    /// The board is at `port` at once, with the card on it.
    NfcParrot(std::filesystem::path port, Dialogue recorded);
    ~NfcParrot() override;
    NfcParrot(const NfcParrot&) = delete;
    NfcParrot& operator=(const NfcParrot&) = delete;

    /// The board goes; the dialogue as it went this time.
    Dialogue leave();

    [[nodiscard]] bool present() const override { return true; }
    void power_off() override { active_ = false; }
    bool activate() override { return active_ = true; }
    [[nodiscard]] bool active() const override { return active_; }
    [[nodiscard]] virtual_card::ByteView uid() const override { return uid_; }
    [[nodiscard]] virtual_card::ByteView answer_to_select() const override {
        return profile_.answer_to_select;
    }
    std::optional<virtual_card::Bytes> exchange(virtual_card::ByteView apdu) override {
        return recital_.answer(apdu);
    }

  private:
    void serve();
    void end();

    const virtual_card::ChipProfile profile_ = virtual_card::profile_named("EV2-4K");
    const virtual_card::Bytes uid_{0x04, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06};
    Recital recital_;
    bool active_ = false;
    virtual_card::Pn532 chip_{*this};
    virtual_card::SerialPort port_;
    virtual_card::Descriptor stop_;
    std::thread thread_;
};

}  // namespace figures
