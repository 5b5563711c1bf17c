#pragma once

#include <filesystem>

#include "tests/virtual/desfire/bytes.hpp"
#include "tests/virtual/vcard/descriptor.hpp"

namespace virtual_card {

/// A serial port with the emulator at its other end: a pseudo-terminal, found by a symbolic link
/// whose path stays the same.
class SerialPort {
  public:
    explicit SerialPort(std::filesystem::path link) : link_(std::move(link)) {}
    SerialPort(const SerialPort&) = delete;
    SerialPort& operator=(const SerialPort&) = delete;
    ~SerialPort() { unplug(); }

    /// Throws std::system_error.
    void plug();
    /// The link goes, and whoever has the port open sees it hung up.
    void unplug();
    bool plugged() const { return static_cast<bool>(emulator_); }

    /// -1 while unplugged.
    int descriptor() const { return emulator_.get(); }
    /// What the host sent; empty when there is nothing.
    Bytes read();
    void write(ByteView octets);

  private:
    std::filesystem::path link_;
    Descriptor emulator_;
    Descriptor host_;  ///< kept open, or the other end would read errors while no host has it open
};

}  // namespace virtual_card
