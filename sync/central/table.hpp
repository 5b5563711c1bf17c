#pragma once
// Columns for a terminal in which Chinese characters take two cells.

#include <string>
#include <string_view>
#include <vector>

namespace card::central {

/// The cells that a UTF-8 text takes: two for wide characters, one for others.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// Rows of one width, the first the heading; columns are set apart by two spaces. Control
/// characters are shown as '?', so that data cannot move the cursor.
[[nodiscard]] std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace card::central
