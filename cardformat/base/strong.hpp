#pragma once
// Scalars and fixed octet strings that cannot be mistaken for one another.

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cardformat/base/bytes.hpp"

namespace card {

template <class Tag, class Value>
struct Strong {
    Value value{};
    constexpr Strong() = default;
    constexpr explicit Strong(Value v) : value(v) {}
    constexpr auto operator<=>(const Strong&) const = default;
};

/// The 7-octet unique identifier of a DESFire chip (ISO/IEC 14443-3, double size), as GetVersion
/// gives it: most significant octet first.
class CardUid {
  public:
    static constexpr std::size_t size = 7;

    static std::optional<CardUid> from(BytesView octets);
    static std::optional<CardUid> parse(std::string_view hex);

    [[nodiscard]] BytesView octets() const { return octets_; }
    [[nodiscard]] std::string hex() const { return to_hex(octets_); }
    auto operator<=>(const CardUid&) const = default;

  private:
    std::array<std::uint8_t, size> octets_{};
};

/// RFC 9562. The nil UUID is the default.
class Uuid {
  public:
    static constexpr std::size_t size = 16;

    static std::optional<Uuid> parse(std::string_view text);
    static std::optional<Uuid> from(BytesView octets);
    /// Version 7: sorts by time of making. `unix_ms` in milliseconds; 10 octets of randomness.
    static Uuid v7(std::uint64_t unix_ms, std::span<const std::uint8_t, 10> random);
    /// Version 8, the first octets of a hash: the same input names the same thing again.
    static Uuid v8_from_hash(std::span<const std::uint8_t, 32> hash);

    [[nodiscard]] std::string text() const;
    [[nodiscard]] BytesView octets() const { return octets_; }
    auto operator<=>(const Uuid&) const = default;

  private:
    std::array<std::uint8_t, size> octets_{};
};

}  // namespace card
