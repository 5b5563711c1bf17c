#pragma once
// The readers that the station knows, from the one table in udev/readers.csv.

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace card::reader {

/// idVendor and idProduct of a USB device.
struct UsbId {
    std::uint16_t vendor;
    std::uint16_t product;

    auto operator<=>(const UsbId&) const = default;
};

/// Who opens a reader.
enum class Stack : std::uint8_t {
    pcsc,    ///< pcscd with libccid, and nobody else
    nfc,     ///< libnfc; libccid does not know it
    either,  ///< both know it: pcscd, unless it is told to leave the model alone
};

/// What its driver opens.
enum class Node : std::uint8_t {
    usb,  ///< the USB device
    tty,  ///< the serial port of a USB bridge
};

/// The commands that a reader's light and sound obey.
enum class Feedback : std::uint8_t {
    acr122,  ///< the pseudo-APDU FF 00 40, with a card connected over PC/SC
};

struct KnownReader {
    UsbId id;
    Stack stack;
    Node node;
    /// bcdDevice of the first firmware without a known defect, where some have one.
    std::optional<std::uint16_t> faulty_below;
    std::string_view name;
    std::optional<Feedback> feedback{};  ///< where it has any that the station can use
};

[[nodiscard]] std::span<const KnownReader> known_readers();

/// Null for a device that the table does not have.
[[nodiscard]] const KnownReader* find_known_reader(UsbId id);

}  // namespace card::reader
