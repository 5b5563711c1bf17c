#pragma once
// What a person asks to have on a card: `cardtool personalise --pass FILE.json`. README.md has an
// example.

#include <string>
#include <string_view>
#include <vector>

#include "cardformat/base/result.hpp"
#include "cardformat/base/time.hpp"
#include "cardformat/pass/pass_number.hpp"

namespace card::cardtool {

inline constexpr std::size_t max_pass_file_size = 16'384;  ///< octets
inline constexpr std::size_t max_port_areas = 32;
inline constexpr std::size_t max_port_area_size = 64;  ///< octets of UTF-8

struct RequestedPass {
    PassNumber pass_number;
    PassNumber old_pass_number;
    BusinessDay valid_from;
    BusinessDay valid_to;                 ///< inclusive, not before `valid_from`
    std::vector<std::string> port_areas;  ///< at least one
};

/// `correct_input` naming the field that is missing, unknown or wrong.
[[nodiscard]] Result<RequestedPass> parse_pass_file(std::string_view text);

}  // namespace card::cardtool
