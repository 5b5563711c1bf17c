#pragma once
// A QR code (ISO/IEC 18004) as a square of modules, by libqrencode.

#include <string>
#include <vector>

#include "cardformat/base/bytes.hpp"
#include "cardformat/base/result.hpp"

namespace card::letter {

struct QrSymbol {
    std::size_t width;       ///< modules on a side, without the quiet zone
    std::vector<bool> dark;  ///< row by row

    [[nodiscard]] bool is_dark(std::size_t row, std::size_t column) const {
        return dark[row * width + column];
    }
};

/// Alphanumeric mode, error correction M (15 %). `correct_input` for a text with other characters,
/// or too long for any symbol.
[[nodiscard]] Result<QrSymbol> qr_symbol(const std::string& text);

}  // namespace card::letter
