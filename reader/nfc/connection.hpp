#pragma once
// libnfc's connection strings, as far as this project looks into them. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace card::reader {

/// Longer ones overrun the library's buffer (NFC_BUFSIZE_CONNSTRING, with its terminating zero).
inline constexpr std::size_t max_connection_size = 1023;

/// A reader on a serial port: "DRIVER:/PATH" or "DRIVER:/PATH:SPEED".
struct SerialConnection {
    std::string driver;
    std::string path;
    std::string speed;  ///< baud; empty: the driver's own

    /// Nothing for a driver that finds its reader by itself, such as those for USB. The path may
    /// contain colons, as those below /dev/serial/by-path do.
    [[nodiscard]] static std::optional<SerialConnection> parse(std::string_view connection);

    [[nodiscard]] std::string text() const;
};

}  // namespace card::reader
