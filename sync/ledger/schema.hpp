#pragma once

#include <string_view>

namespace card::ledger {

/// The text of schema.sql, put into the program at build time.
extern const std::string_view schema_sql;

}  // namespace card::ledger
