#include "reader/usb/plug_watch.hpp"

#include <cerrno>
#include <memory>

#include <libudev.h>
#include <poll.h>

namespace card::reader {
namespace {

struct Unref {
    void operator()(udev* library) const { udev_unref(library); }
    void operator()(udev_monitor* monitor) const { udev_monitor_unref(monitor); }
    void operator()(udev_device* device) const { udev_device_unref(device); }
};

}  // namespace

struct PlugWatch::Monitor {
    std::unique_ptr<udev, Unref> library{udev_new()};
    std::unique_ptr<udev_monitor, Unref> events;

    Monitor() {
        if (library) {
            events.reset(udev_monitor_new_from_netlink(library.get(), "udev"));
        }
        for (const char* subsystem : {"usb", "tty"}) {
            if (events && udev_monitor_filter_add_match_subsystem_devtype(events.get(), subsystem,
                                                                          nullptr) < 0) {
                events.reset();
            }
        }
        if (events && udev_monitor_enable_receiving(events.get()) < 0) {
            events.reset();
        }
    }
};

PlugWatch::PlugWatch() : monitor_(std::make_unique<Monitor>()) {}

PlugWatch::~PlugWatch() = default;

bool PlugWatch::wait() {
    udev_monitor* const events = monitor_->events.get();
    if (events == nullptr) {
        return false;
    }
    pollfd watched{udev_monitor_get_fd(events), POLLIN, 0};
    while (poll(&watched, 1, -1) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    // The socket does not block. What came together is one event to the caller.
    while (const std::unique_ptr<udev_device, Unref> device{udev_monitor_receive_device(events)}) {
    }
    return true;
}

}  // namespace card::reader
