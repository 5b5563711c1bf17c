#include "reader/nfc/connection.hpp"

#include <algorithm>

namespace card::reader {
namespace {

bool is_number(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<SerialConnection> SerialConnection::parse(std::string_view connection) {
    const std::size_t colon = connection.find(':');
    if (colon == std::string_view::npos || connection.substr(colon + 1).substr(0, 1) != "/") {
        return std::nullopt;
    }
    SerialConnection parsed{std::string(connection.substr(0, colon)), {}, {}};
    std::string_view path = connection.substr(colon + 1);
    const std::size_t last = path.rfind(':');
    if (last != std::string_view::npos && is_number(path.substr(last + 1))) {
        parsed.speed = path.substr(last + 1);
        path = path.substr(0, last);
    }
    parsed.path = path;
    return parsed;
}

std::string SerialConnection::text() const {
    return driver + ":" + path + (speed.empty() ? "" : ":" + speed);
}

}  // namespace card::reader
