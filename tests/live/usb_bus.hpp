#pragma once
// A USB bus of mock devices with true udev events, and the real pcscd whose readers are on it. To
// be used inside tests/live/in-namespace.

#include <optional>
#include <string>
#include <vector>

#include "tests/live/process.hpp"

namespace live {

/// Vendor and product, as mock-usb takes them.
inline constexpr const char* acr122u = "072f 2200";
inline constexpr const char* omnikey_5022 = "076b 5022";

class UsbBus {
  public:
    /// `source` is the project's folder, `programs` that of the built programs; `folder` is made
    /// and takes logs and sockets.
    UsbBus(std::string source, std::string programs, std::string folder);

    /// A smart card reader at this path ("1-4"); without a serial number for "-".
    void plug(const std::string& path, const std::string& serial,
              const std::string& model = acr122u);
    void unplug(const std::string& path);
    /// Where the reader at this path waits for its card, whichever reader that is.
    [[nodiscard]] std::string socket(const std::string& path) const;

    /// What a program needs to see the devices.
    [[nodiscard]] Environment environment() const;
    /// Is there when it serves; throws where it does not.
    [[nodiscard]] Process start_pcscd() const;

  private:
    std::string tell(const std::string& line) const;
    [[nodiscard]] std::string file(const std::string& name) const { return folder_ + "/" + name; }

    std::string source_;
    std::string programs_;
    std::string folder_;
    std::optional<Process> bus_;
    std::string devices_;
};

}  // namespace live
