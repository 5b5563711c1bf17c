#include "reader/hotplug/usb.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace card::reader {
namespace {

constexpr std::size_t max_path_size = 64;
constexpr std::size_t max_serial_size = 126;

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 3 && text.front() != '0' &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<UsbPath> UsbPath::parse(std::string_view text) {
    const std::size_t dash = text.find('-');
    if (text.size() > max_path_size || dash == std::string_view::npos ||
        !is_number(text.substr(0, dash))) {
        return std::nullopt;
    }
    std::string_view ports = text.substr(dash + 1);
    while (true) {
        const std::size_t dot = ports.find('.');
        if (!is_number(ports.substr(0, dot))) {
            return std::nullopt;
        }
        if (dot == std::string_view::npos) {
            return UsbPath(text);
        }
        ports.remove_prefix(dot + 1);
    }
}

std::optional<UsbSerial> UsbSerial::parse(std::string_view text) {
    const bool printable =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (text.empty() || text.size() > max_serial_size || !printable) {
        return std::nullopt;
    }
    return UsbSerial(text);
}

std::string describe(const UsbDevice& device) {
    const KnownReader* const known = find_known_reader(device.id);
    std::array<char, 16> numbers{};
    (void)std::snprintf(numbers.data(), numbers.size(), "%04x:%04x", device.id.vendor,
                        device.id.product);
    std::string text(known != nullptr ? known->name : std::string_view(numbers.data()));
    text.append(" at usb_path \"").append(device.path.text()).append("\"");
    if (device.serial) {
        text.append(", usb_serial \"").append(device.serial->text()).append("\"");
    }
    return text;
}

const KnownReader* find_known_reader(UsbId id) {
    const auto table = known_readers();
    const auto found = std::find_if(table.begin(), table.end(),
                                    [id](const KnownReader& reader) { return reader.id == id; });
    return found == table.end() ? nullptr : &*found;
}

}  // namespace card::reader
