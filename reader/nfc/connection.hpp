#pragma once
// libnfc's connection strings, as far as this project looks into them. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace card::reader {

/// Longer ones overrun the library's buffer (NFC_BUFSIZE_CONNSTRING, with its terminating zero).
inline constexpr std::size_t max_connection_size = 1023;

/// A reader by a path: "DRIVER:/PATH" or "DRIVER:/PATH:SPEED". The path is that of a serial port,
/// or leads to the node of a USB device.
struct PathConnection {
    std::string driver;
    std::string path;
    std::string speed;  ///< baud; empty: the driver's own

    /// Nothing where there is no path: the driver finds its reader by itself, or by bus and number.
    /// The path may contain colons, as those below /dev/serial/by-path do.
    [[nodiscard]] static std::optional<PathConnection> parse(std::string_view connection);

    [[nodiscard]] std::string text() const;

    /// "DRIVER:001:004" where the path is that of a USB device's node, /dev/bus/usb/001/004: the
    /// library takes no path there. Nothing for any other path.
    [[nodiscard]] std::optional<std::string> usb_text() const;
};

}  // namespace card::reader
