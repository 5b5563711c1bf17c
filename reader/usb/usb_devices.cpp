#include "reader/usb/usb_devices.hpp"

#include <charconv>
#include <memory>
#include <string_view>
#include <utility>

#include <libudev.h>

namespace card::reader {
namespace {

constexpr int decimal = 10;
constexpr int hexadecimal = 16;

struct Unref {
    void operator()(udev* library) const { udev_unref(library); }
    void operator()(udev_enumerate* list) const { udev_enumerate_unref(list); }
    void operator()(udev_device* device) const { udev_device_unref(device); }
};
using Library = std::unique_ptr<udev, Unref>;
using List = std::unique_ptr<udev_enumerate, Unref>;
using Device = std::unique_ptr<udev_device, Unref>;

std::string_view text_of(const char* text) {
    return text == nullptr ? std::string_view() : std::string_view(text);
}

std::string_view attribute(const Device& device, const char* name) {
    return text_of(udev_device_get_sysattr_value(device.get(), name));
}

template <class Number>
std::optional<Number> number(std::string_view text, int base) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

/// Calls `use` with each device of a subsystem, below `parent` where one is given.
template <class Use>
void for_each(const Library& library, const char* subsystem, const Device& parent, Use use) {
    const List list(udev_enumerate_new(library.get()));
    if (!list || udev_enumerate_add_match_subsystem(list.get(), subsystem) < 0 ||
        (parent && udev_enumerate_add_match_parent(list.get(), parent.get()) < 0) ||
        udev_enumerate_scan_devices(list.get()) < 0) {
        return;
    }
    udev_list_entry* entry = nullptr;
    udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(list.get())) {
        const char* path = udev_list_entry_get_name(entry);
        if (const Device device{udev_device_new_from_syspath(library.get(), path)}) {
            use(device);
        }
    }
}

void add_children(const Library& library, const Device& device, UsbDevice& seen) {
    for_each(library, "usb", device, [&](const Device& child) {
        const std::string_view driver = text_of(udev_device_get_driver(child.get()));
        if (text_of(udev_device_get_devtype(child.get())) == "usb_interface" && !driver.empty()) {
            seen.drivers.emplace_back(driver);
        }
    });
    for_each(library, "tty", device, [&](const Device& child) {
        seen.port = text_of(udev_device_get_devnode(child.get()));
    });
}

std::optional<UsbDevice> look_at(const Device& device) {
    const auto path = UsbPath::parse(text_of(udev_device_get_sysname(device.get())));
    const auto bus = number<std::uint8_t>(attribute(device, "busnum"), decimal);
    const auto address = number<std::uint8_t>(attribute(device, "devnum"), decimal);
    const auto vendor = number<std::uint16_t>(attribute(device, "idVendor"), hexadecimal);
    const auto product = number<std::uint16_t>(attribute(device, "idProduct"), hexadecimal);
    if (!path || !bus || !address || !vendor || !product) {
        return std::nullopt;
    }
    UsbDevice seen{{*bus, *address},
                   *path,
                   {*vendor, *product},
                   UsbSerial::parse(attribute(device, "serial")),
                   0,
                   {},
                   {},
                   {}};
    seen.firmware = number<std::uint16_t>(attribute(device, "bcdDevice"), hexadecimal).value_or(0);
    seen.node = text_of(udev_device_get_devnode(device.get()));
    return seen;
}

}  // namespace

std::vector<UsbDevice> usb_devices() {
    std::vector<UsbDevice> found;
    const Library library(udev_new());
    if (!library) {
        return found;
    }
    for_each(library, "usb", Device(), [&](const Device& device) {
        if (text_of(udev_device_get_devtype(device.get())) != "usb_device") {
            return;
        }
        if (std::optional<UsbDevice> seen = look_at(device)) {
            add_children(library, device, *seen);
            found.push_back(std::move(*seen));
        }
    });
    return found;
}

}  // namespace card::reader
