#pragma once
// USB devices by what identifies them. Pure.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reader/hotplug/known_readers.hpp"
#include "reader/link/messages.hpp"

namespace card::reader {

/// Where a device is plugged in: the kernel's name of it, bus and then port by port ("1-4.2").
/// Stays while it is plugged in there again, and is the name of /dev/card-station/by-path/.
class UsbPath {
  public:
    /// Nothing for what is no such name.
    [[nodiscard]] static std::optional<UsbPath> parse(std::string_view text);
    [[nodiscard]] const std::string& text() const { return text_; }
    auto operator<=>(const UsbPath&) const = default;

  private:
    explicit UsbPath(std::string_view text) : text_(text) {}
    std::string text_;
};

/// A serial number as the device states it. Not every device has one, and some makers give all
/// devices the same.
class UsbSerial {
  public:
    /// Printable ASCII, 1 to 126 characters (USB 2.0, 9.6.7: a string descriptor holds no more);
    /// nothing for anything else.
    [[nodiscard]] static std::optional<UsbSerial> parse(std::string_view text);
    [[nodiscard]] const std::string& text() const { return text_; }
    auto operator<=>(const UsbSerial&) const = default;

  private:
    explicit UsbSerial(std::string_view text) : text_(text) {}
    std::string text_;
};

/// A USB device that is plugged in.
struct UsbDevice {
    UsbAddress address;
    UsbPath path;
    UsbId id;
    std::optional<UsbSerial> serial;
    std::uint16_t firmware = 0;        ///< bcdDevice
    std::string node;                  ///< what libusb opens, such as /dev/bus/usb/001/004
    std::string port;                  ///< the serial port of a bridge, such as /dev/ttyUSB0
    std::vector<std::string> drivers;  ///< kernel drivers bound to its interfaces
};

/// "ACS ACR122U at usb_path 1-4.2": what a person needs to find it.
[[nodiscard]] std::string describe(const UsbDevice& device);

}  // namespace card::reader
