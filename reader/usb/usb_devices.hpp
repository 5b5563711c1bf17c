#pragma once
// The USB devices of this machine, as udev and sysfs know them.

#include <vector>

#include "reader/hotplug/usb.hpp"

namespace card::reader {

/// What is plugged in now. A device that leaves meanwhile, or says something about itself that
/// cannot be read, is left out.
[[nodiscard]] std::vector<UsbDevice> usb_devices();

}  // namespace card::reader
