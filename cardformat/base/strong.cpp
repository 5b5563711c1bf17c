#include "cardformat/base/strong.hpp"

#include <algorithm>

namespace card {
namespace {

constexpr std::array<std::size_t, 4> dash_positions{8, 13, 18, 23};

bool is_dash_position(std::size_t i) {
    return std::find(dash_positions.begin(), dash_positions.end(), i) != dash_positions.end();
}

void set_version(std::array<std::uint8_t, Uuid::size>& octets, std::uint8_t version) {
    octets[6] =
        static_cast<std::uint8_t>((octets[6] & 0x0FU) | static_cast<unsigned>(version << 4U));
    octets[8] = static_cast<std::uint8_t>((octets[8] & 0x3FU) | 0x80U);
}

}  // namespace

std::optional<CardUid> CardUid::from(BytesView octets) {
    if (octets.size() != size) {
        return std::nullopt;
    }
    CardUid uid;
    std::copy(octets.begin(), octets.end(), uid.octets_.begin());
    return uid;
}

std::optional<CardUid> CardUid::parse(std::string_view hex) {
    const auto octets = from_hex(hex);
    return octets ? from(*octets) : std::nullopt;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
    constexpr std::size_t text_size = 36;
    if (text.size() != text_size) {
        return std::nullopt;
    }
    std::string digits;
    for (std::size_t i = 0; i < text_size; ++i) {
        if (is_dash_position(i) != (text[i] == '-')) {
            return std::nullopt;
        }
        if (text[i] != '-') {
            digits += text[i];
        }
    }
    const auto octets = from_hex(digits);
    return octets ? from(*octets) : std::nullopt;
}

std::optional<Uuid> Uuid::from(BytesView octets) {
    if (octets.size() != size) {
        return std::nullopt;
    }
    Uuid uuid;
    std::copy(octets.begin(), octets.end(), uuid.octets_.begin());
    return uuid;
}

Uuid Uuid::v7(std::uint64_t unix_ms, std::span<const std::uint8_t, 10> random) {
    Uuid uuid;
    for (std::size_t i = 0; i < 6; ++i) {
        uuid.octets_[i] = static_cast<std::uint8_t>(unix_ms >> (8U * (5U - i)));
    }
    std::copy(random.begin(), random.end(), uuid.octets_.begin() + 6);
    set_version(uuid.octets_, 7);
    return uuid;
}

Uuid Uuid::v8_from_hash(std::span<const std::uint8_t, 32> hash) {
    Uuid uuid;
    std::copy_n(hash.begin(), size, uuid.octets_.begin());
    set_version(uuid.octets_, 8);
    return uuid;
}

std::string Uuid::text() const {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t octet : octets_) {
        if (is_dash_position(text.size())) {
            text += '-';
        }
        text += digits[octet >> 4U];
        text += digits[octet & 0x0FU];
    }
    return text;
}

}  // namespace card
