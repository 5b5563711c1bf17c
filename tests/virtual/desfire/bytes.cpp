#include "tests/virtual/desfire/bytes.hpp"

#include <algorithm>
#include <stdexcept>

namespace virtual_card {
namespace {

std::uint8_t hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return static_cast<std::uint8_t>(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return static_cast<std::uint8_t>(c - 'a' + 10);
    }
    if (c >= 'A' && c <= 'F') {
        return static_cast<std::uint8_t>(c - 'A' + 10);
    }
    throw std::invalid_argument("not a hex digit: '" + std::string(1, c) + "'");
}

}  // namespace

std::string to_hex(ByteView bytes) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text += digits[byte >> 4U];
        text += digits[byte & 0x0FU];
    }
    return text;
}

Bytes from_hex(std::string_view text) {
    if (text.size() % 2 != 0) {
        throw std::invalid_argument("hex text of odd length");
    }
    Bytes bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        bytes.push_back(
            static_cast<std::uint8_t>((hex_digit(text[i]) << 4U) | hex_digit(text[i + 1])));
    }
    return bytes;
}

void append(Bytes& bytes, ByteView more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
}

std::uint32_t from_little_endian(ByteView bytes) {
    std::uint32_t number = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
        number = (number << 8U) | bytes[i];
    }
    return number;
}

Bytes to_little_endian(std::uint32_t number, std::size_t width) {
    Bytes bytes;
    for (std::size_t i = 0; i < width; ++i) {
        bytes.push_back(static_cast<std::uint8_t>(number >> (8U * i)));
    }
    return bytes;
}

std::size_t round_up(std::size_t length, std::size_t multiple) {
    return (length + multiple - 1) / multiple * multiple;
}

Bytes rotated_left(ByteView bytes) {
    Bytes rotated(bytes.begin(), bytes.end());
    std::rotate(rotated.begin(), rotated.begin() + 1, rotated.end());
    return rotated;
}

}  // namespace virtual_card
