#pragma once
// Which reader a worker serves, and over which stack.

#include <string>
#include <variant>

#include "reader/hotplug/binding.hpp"
#include "reader/link/frame_size.hpp"

namespace card::reader {

/// A reader of the PC/SC service.
struct PcscAddress {
    PcscBinding binding;
    /// The service does not tell what a reader carries, so it is for the configuration to say.
    FrameSize largest_frame = smallest_common_frame;
};

/// A reader that libnfc opens.
struct NfcConnection {
    std::string text;  ///< "pn532_uart:/dev/ttyUSB0", "acr122_usb", "pn53x_usb:001:004"
};

using ReaderAddress = std::variant<PcscAddress, NfcConnection>;

}  // namespace card::reader
