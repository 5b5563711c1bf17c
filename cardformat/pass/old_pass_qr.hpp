#pragma once
// What a scanner read from an old QR pass. Nobody has said what those codes contain, so an ordered
// list of recognisers from configuration turns the text into a pass number, or refuses it.
// The text is hostile: bounded, printable, and nothing of it is kept but the number.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cardformat/base/result.hpp"
#include "cardformat/pass/pass_number.hpp"

namespace card {

/// The whole text is the pass number.
struct PlainNumber {};

/// The text is a URL whose query has the pass number under this name.
struct UrlParameter {
    std::string name;
};

using OldPassRecogniser = std::variant<PlainNumber, UrlParameter>;

inline constexpr std::size_t max_old_pass_qr_size = 1024;

/// `correct_input` where the text is too long, has control characters, or no recogniser knows it.
/// A line end that the scanner adds is cut off.
[[nodiscard]] Result<PassNumber> recognise_old_pass(std::string_view scanned,
                                                    const std::vector<OldPassRecogniser>& known);

}  // namespace card
