#pragma once
// Why a card is made unusable before its holder has it.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace card {

enum class VoidReason : std::uint8_t {
    withdrawn,      ///< its renewal was taken back
    expired,        ///< its pass ended in the drawer
    not_collected,  ///< nobody came for it
    data_changed,   ///< the central's data is no more what stands on it
    dead,           ///< it does not answer
    damaged,        ///< it answers wrongly, or looks it
    ordered,        ///< the central said so
};

inline constexpr std::array<std::string_view, 7> void_reason_names{
    "withdrawn", "expired", "not_collected", "data_changed", "dead", "damaged", "ordered"};

[[nodiscard]] constexpr std::string_view name(VoidReason reason) {
    return void_reason_names.at(static_cast<std::size_t>(reason));
}

[[nodiscard]] constexpr std::optional<VoidReason> parse_void_reason(std::string_view text) {
    for (std::size_t i = 0; i < void_reason_names.size(); ++i) {
        if (void_reason_names.at(i) == text) {
            return static_cast<VoidReason>(i);
        }
    }
    return std::nullopt;
}

}  // namespace card
