#pragma once
// Waits until a device is plugged in or out, by udev's own events.

#include <memory>

namespace card::reader {

/// What udev tells after its rules have made names and owners of a device.
class PlugWatch {
  public:
    /// Told of from now on.
    PlugWatch();
    PlugWatch(const PlugWatch&) = delete;
    PlugWatch& operator=(const PlugWatch&) = delete;
    ~PlugWatch();

    /// Blocks until USB devices or serial ports came or went since the last call. False at once
    /// where udev tells nothing: looking now and then is all there is.
    [[nodiscard]] bool wait();

  private:
    struct Monitor;
    std::unique_ptr<Monitor> monitor_;
};

}  // namespace card::reader
