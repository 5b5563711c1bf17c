#include "sync/central/table.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace card::central {
namespace {

/// The wide ranges of Unicode's East Asian Width that names and notices are written in.
constexpr std::array<std::pair<char32_t, char32_t>, 9> wide_ranges{{{0x1100, 0x115F},
                                                                    {0x2E80, 0x303E},
                                                                    {0x3041, 0xA4CF},
                                                                    {0xAC00, 0xD7A3},
                                                                    {0xF900, 0xFAFF},
                                                                    {0xFE30, 0xFE6F},
                                                                    {0xFF00, 0xFF60},
                                                                    {0xFFE0, 0xFFE6},
                                                                    {0x20000, 0x3FFFD}}};

bool is_wide(char32_t character) {
    return std::any_of(wide_ranges.begin(), wide_ranges.end(), [character](const auto& range) {
        return character >= range.first && character <= range.second;
    });
}

/// Takes one character off the front of a text; damaged octets count as characters of their own.
char32_t next_character(std::string_view& text) {
    const auto first = static_cast<unsigned char>(text.front());
    std::size_t size = 1;
    char32_t character = first;
    if (first >= 0xC0U) {
        size = first >= 0xF0U ? 4 : first >= 0xE0U ? 3 : 2;
        character = first & (0xFFU >> (size + 1));
    }
    size = std::min(size, text.size());
    for (std::size_t i = 1; i < size; ++i) {
        character = character << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
    }
    text.remove_prefix(size);
    return character;
}

std::string printable(std::string text) {
    std::replace_if(
        text.begin(), text.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
    return text;
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        width += is_wide(next_character(text)) ? 2U : 1U;
    }
    return width;
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(row[i]));
        }
    }
    std::string text;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += printable(row[i]);
            line.append(widths[i] - display_width(row[i]) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

}  // namespace card::central
