#include "cardformat/credential/base45.hpp"

namespace card {
namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
constexpr std::uint32_t base = 45;
constexpr std::uint32_t octet_limit = 256;

}  // namespace

std::string to_base45(BytesView octets) {
    std::string text;
    for (std::size_t i = 0; i < octets.size(); i += 2) {
        const bool pair = i + 1 < octets.size();
        std::uint32_t value = pair ? octets[i] * octet_limit + octets[i + 1] : octets[i];
        for (int digit = 0; digit < (pair ? 3 : 2); ++digit) {
            text += alphabet[value % base];
            value /= base;
        }
    }
    return text;
}

std::optional<Bytes> from_base45(std::string_view text) {
    Bytes octets;
    for (std::size_t i = 0; i < text.size(); i += 3) {
        const std::string_view group = text.substr(i, 3);
        std::uint32_t value = 0;
        std::uint32_t weight = 1;
        for (const char character : group) {
            const std::size_t digit = alphabet.find(character);
            if (digit == std::string_view::npos) {
                return std::nullopt;
            }
            value += static_cast<std::uint32_t>(digit) * weight;
            weight *= base;
        }
        const bool pair = group.size() == 3;
        if (group.size() == 1 || value >= (pair ? octet_limit * octet_limit : octet_limit)) {
            return std::nullopt;
        }
        if (pair) {
            octets.push_back(static_cast<std::uint8_t>(value / octet_limit));
        }
        octets.push_back(static_cast<std::uint8_t>(value % octet_limit));
    }
    return octets;
}

}  // namespace card
