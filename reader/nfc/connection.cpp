#include "reader/nfc/connection.hpp"

#include <algorithm>

namespace card::reader {
namespace {

bool is_number(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// How the kernel writes bus and number in the name of a node.
constexpr std::size_t number_size = 3;

bool is_node_number(std::string_view text) {
    return text.size() == number_size && is_number(text);
}

}  // namespace

std::optional<PathConnection> PathConnection::parse(std::string_view connection) {
    const std::size_t colon = connection.find(':');
    if (colon == std::string_view::npos || connection.substr(colon + 1).substr(0, 1) != "/") {
        return std::nullopt;
    }
    PathConnection parsed{std::string(connection.substr(0, colon)), {}, {}};
    std::string_view path = connection.substr(colon + 1);
    const std::size_t last = path.rfind(':');
    if (last != std::string_view::npos && is_number(path.substr(last + 1))) {
        parsed.speed = path.substr(last + 1);
        path = path.substr(0, last);
    }
    parsed.path = path;
    return parsed;
}

std::string PathConnection::text() const {
    return driver + ":" + path + (speed.empty() ? "" : ":" + speed);
}

std::optional<std::string> PathConnection::usb_text() const {
    constexpr std::string_view nodes = "/bus/usb/";
    const std::size_t at = path.rfind(nodes);
    if (at == std::string::npos) {
        return std::nullopt;
    }
    const std::string_view node = std::string_view(path).substr(at + nodes.size());
    if (node.size() != 2 * number_size + 1 || node[number_size] != '/' ||
        !is_node_number(node.substr(0, number_size)) ||
        !is_node_number(node.substr(number_size + 1))) {
        return std::nullopt;
    }
    std::string text = driver + ":";
    text.append(node.substr(0, number_size)).append(":").append(node.substr(number_size + 1));
    return text;
}

}  // namespace card::reader
