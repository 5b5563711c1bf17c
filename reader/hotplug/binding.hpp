#pragma once
// Which of the readers that are there is the configured one. Pure.
//
// What the PC/SC service calls a reader ends in a number that depends on the order of plugging in.
// Where a reader is plugged in, or its serial number, does not.

#include <span>
#include <string>
#include <variant>

#include "cardformat/base/result.hpp"
#include "reader/hotplug/usb.hpp"

namespace card::reader {

/// Exactly what the PC/SC service calls a reader.
struct ReaderName {
    std::string text;

    bool operator==(const ReaderName&) const = default;
};

/// A reader of the PC/SC service as a configuration names it.
struct PcscBinding {
    std::variant<ReaderName, UsbPath, UsbSerial> where;
    /// A part of the name, for a reader with more than one slot ("PICC"); empty for any.
    std::string slot;

    bool operator==(const PcscBinding&) const = default;
};

/// The setting that made it: `usb_path = "1-4.2"`.
[[nodiscard]] std::string describe(const PcscBinding& binding);

/// What the service calls the bound reader now. `wait_for_reader` while it is not there, or cannot
/// be told because another program holds it; `correct_configuration` where more than one fits,
/// naming them and the setting that tells them apart.
[[nodiscard]] Result<std::string> choose(const PcscBinding& binding,
                                         std::span<const ListedReader> readers,
                                         std::span<const UsbDevice> devices);

/// Whether a device is the bound one; for a binding by name there is nothing to compare.
[[nodiscard]] bool fits(const PcscBinding& binding, const UsbDevice& device);

/// A configured reader, for the rules that look at all of them together.
struct NamedBinding {
    std::string name;  ///< of the reader in the configuration
    PcscBinding binding;
};

/// The first reason to refuse a configuration with what is plugged in now, as
/// `correct_configuration` with the line to change: a binding that more than one reader fits, two
/// bindings of one reader, or a device that pcscd does not open. A reader that is not there is no
/// reason.
[[nodiscard]] Result<void> check(std::span<const NamedBinding> bindings,
                                 std::span<const ListedReader> readers,
                                 std::span<const UsbDevice> devices);

/// Refuses a libnfc connection string ("pn532_uart:/dev/ttyUSB0", "acr122_usb:001:004") whose
/// device the PC/SC service has: the two would fight over it.
[[nodiscard]] Result<void> check_nfc(std::string_view name, std::string_view connection_string,
                                     std::span<const ListedReader> readers,
                                     std::span<const UsbDevice> devices);

}  // namespace card::reader
