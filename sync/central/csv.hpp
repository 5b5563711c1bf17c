#pragma once
// Comma-separated values with a header row (RFC 4180, UTF-8, an optional byte order mark).

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cardformat/base/result.hpp"

namespace card::central {

struct CsvRow {
    std::size_t line;                           ///< of the file, from 1
    std::map<std::string, std::string> values;  ///< by column name
};

/// `correct_input` where the text is not UTF-8, has an open quote, or a row of another width.
[[nodiscard]] Result<std::vector<CsvRow>> read_csv(std::string_view text);

}  // namespace card::central
