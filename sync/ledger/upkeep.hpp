#pragma once
// What every file of a ledger must be, the one in use and its copies.

#include "sync/sqlite/sqlite.hpp"

namespace card::ledger {

[[nodiscard]] const sqlite::Schema& ledger_schema();

/// Every line of journal and outbox follows from the one before, back to the first.
Result<void> check_chains(sqlite::Database& database);

}  // namespace card::ledger
