#include "reader/hotplug/binding.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <vector>

namespace card::reader {
namespace {

std::string quoted(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}

template <class T>
std::string either(const std::vector<T>& candidates, std::string (*describe_one)(const T&)) {
    std::string text;
    for (const T& candidate : candidates) {
        text.append(text.empty() ? "" : " and ").append(describe_one(candidate));
    }
    return text;
}

std::string name_of(const ListedReader& reader) {
    return quoted(reader.name);
}

/// The bound device. Not for a binding by name, which names no device.
Result<UsbDevice> find_device(const PcscBinding& binding, std::span<const UsbDevice> devices) {
    std::vector<UsbDevice> found;
    std::copy_if(devices.begin(), devices.end(), std::back_inserter(found),
                 [&](const UsbDevice& device) { return fits(binding, device); });
    if (found.empty()) {
        return fail(Fault::wait_for_reader,
                    "no USB device with " + describe(binding) + " is plugged in");
    }
    if (found.size() > 1) {
        return fail(
            Fault::correct_configuration,
            describe(binding) + " fits " + either(found, &describe) + ": bind by usb_path instead");
    }
    return found.front();
}

Result<std::string> one_of(const PcscBinding& binding, const std::vector<ListedReader>& found) {
    if (found.empty()) {
        return fail(Fault::wait_for_reader, "pcscd has no reader with " + describe(binding));
    }
    if (found.size() > 1) {
        return fail(Fault::correct_configuration,
                    describe(binding) + " fits " + either(found, &name_of) +
                        R"(: add slot = "a part of the right one's name")");
    }
    return found.front().name;
}

bool has_slot(const ListedReader& reader, const PcscBinding& binding) {
    return reader.name.find(binding.slot) != std::string::npos;
}

/// The reader of the service that two bindings choose.
Result<void> check_pair(const NamedBinding& one, const NamedBinding& other,
                        std::span<const ListedReader> readers, std::span<const UsbDevice> devices) {
    const Result<std::string> first = choose(one.binding, readers, devices);
    const Result<std::string> second = choose(other.binding, readers, devices);
    if (one.binding == other.binding || (first && second && *first == *second)) {
        return fail(Fault::correct_configuration,
                    "readers " + quoted(one.name) + " (" + describe(one.binding) + ") and " +
                        quoted(other.name) + " (" + describe(other.binding) +
                        ") are one and the same reader: change one of them");
    }
    return {};
}

Result<void> check_one(const NamedBinding& named, std::span<const ListedReader> readers,
                       std::span<const UsbDevice> devices) {
    const std::string doing = "reader " + quoted(named.name);
    const Result<std::string> chosen = choose(named.binding, readers, devices);
    if (!chosen && chosen.error().fault == Fault::correct_configuration) {
        return fail(doing, chosen.error());
    }
    if (chosen || std::holds_alternative<ReaderName>(named.binding.where)) {
        return {};
    }
    if (const Result<UsbDevice> device = find_device(named.binding, devices)) {
        const KnownReader* const known = find_known_reader(device->id);
        if (known != nullptr && known->stack == Stack::nfc) {
            return fail(Fault::correct_configuration,
                        doing + ": pcscd does not open " + describe(*device) +
                            R"(: use nfc = "a libnfc connection string" instead)");
        }
    }
    return {};
}

/// Bus and number as a connection string has them: 001:004.
std::string address_text(const UsbAddress& address) {
    std::array<char, 32> text{};
    (void)std::snprintf(text.data(), text.size(), "%03u:%03u", unsigned{address.bus},
                        unsigned{address.device});
    return text.data();
}

/// What a connection string may call a device: its bus and number, its node or serial port, and the
/// names that udev/94-card-station.rules gives it.
std::vector<std::string> names_of(const UsbDevice& device) {
    std::vector<std::string> names{address_text(device.address),
                                   "/dev/card-station/by-path/" + device.path.text()};
    if (device.serial) {
        names.push_back("/dev/card-station/by-serial/" + device.serial->text());
    }
    for (const std::string& node : {device.node, device.port}) {
        if (!node.empty()) {
            names.push_back(node);
        }
    }
    return names;
}

/// The device that a connection string names.
const UsbDevice* device_of(std::string_view connection_string, std::span<const UsbDevice> devices) {
    for (const UsbDevice& device : devices) {
        for (const std::string& name : names_of(device)) {
            const std::string named = ":" + name;
            if (connection_string.ends_with(named) ||
                connection_string.find(named + ":") != std::string::npos) {
                return &device;
            }
        }
    }
    return nullptr;
}

}  // namespace

std::string describe(const PcscBinding& binding) {
    struct Setting {
        std::string operator()(const ReaderName& name) const {
            return "pcsc = " + quoted(name.text);
        }
        std::string operator()(const UsbPath& path) const {
            return "usb_path = " + quoted(path.text());
        }
        std::string operator()(const UsbSerial& serial) const {
            return "usb_serial = " + quoted(serial.text());
        }
    };
    const std::string slot = binding.slot.empty() ? "" : ", slot = " + quoted(binding.slot);
    return std::visit(Setting{}, binding.where) + slot;
}

bool fits(const PcscBinding& binding, const UsbDevice& device) {
    if (const UsbPath* const path = std::get_if<UsbPath>(&binding.where)) {
        return device.path == *path;
    }
    if (const UsbSerial* const serial = std::get_if<UsbSerial>(&binding.where)) {
        return device.serial == *serial;
    }
    return true;
}

Result<std::string> choose(const PcscBinding& binding, std::span<const ListedReader> readers,
                           std::span<const UsbDevice> devices) {
    std::vector<ListedReader> found;
    if (const ReaderName* const name = std::get_if<ReaderName>(&binding.where)) {
        std::copy_if(readers.begin(), readers.end(), std::back_inserter(found),
                     [&](const ListedReader& reader) { return reader.name == name->text; });
        return one_of(binding, found);
    }
    const Result<UsbDevice> device = find_device(binding, devices);
    if (!device) {
        return tl::make_unexpected(device.error());
    }
    bool one_is_held = false;
    for (const ListedReader& reader : readers) {
        if (reader.address == device->address && has_slot(reader, binding)) {
            found.push_back(reader);
        }
        one_is_held = one_is_held || (!reader.address && reader.held);
    }
    if (found.empty() && one_is_held) {
        return fail(Fault::wait_for_reader, "the reader with " + describe(binding) +
                                                " may be one that another program holds");
    }
    return one_of(binding, found);
}

Result<void> check(std::span<const NamedBinding> bindings, std::span<const ListedReader> readers,
                   std::span<const UsbDevice> devices) {
    for (std::size_t i = 0; i < bindings.size(); ++i) {
        if (Result<void> good = check_one(bindings[i], readers, devices); !good) {
            return good;
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (Result<void> good = check_pair(bindings[j], bindings[i], readers, devices); !good) {
                return good;
            }
        }
    }
    return {};
}

Result<void> check_nfc(std::string_view name, std::string_view connection_string,
                       std::span<const ListedReader> readers, std::span<const UsbDevice> devices) {
    const UsbDevice* const device = device_of(connection_string, devices);
    if (device == nullptr) {
        return {};
    }
    const std::string doing = "reader " + quoted(name) + ": libnfc shall open " + describe(*device);
    const auto taken =
        std::find_if(readers.begin(), readers.end(),
                     [&](const ListedReader& reader) { return reader.address == device->address; });
    if (taken != readers.end()) {
        return fail(
            Fault::correct_configuration,
            doing + ", but pcscd has it as " + quoted(taken->name) +
                ": bind it by usb_path instead of nfc, or set "
                "PCSCLITE_FILTER_IGNORE_READER_NAMES in /etc/default/pcscd to a part of that "
                "name and restart pcscd");
    }
    const KnownReader* const known = find_known_reader(device->id);
    if (known != nullptr && known->stack == Stack::pcsc) {
        return fail(Fault::correct_configuration,
                    doing + ", which only pcscd can: bind it by usb_path instead of nfc");
    }
    return {};
}

}  // namespace card::reader
