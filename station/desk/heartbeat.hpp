#pragma once
// Whether the station still gets on: its loop runs and its ledger's thread answers.

#include <functional>

#include "station/desk/station.hpp"

namespace card::desk {

/// Asks the ledger's thread every `interval`, and gives each answer to `beat`. There is no beat
/// from a loop or a ledger that is stuck, which is the point. Until the context stops.
asio::awaitable<void> beat_while_alive(asio::io_context& context, LedgerThread& ledger,
                                       std::chrono::milliseconds interval,
                                       std::function<void(Result<ledger::Counts>)> beat);

/// Whether the ledger's thread answers within `patience`.
asio::awaitable<bool> ledger_answers(asio::io_context& context, LedgerThread& ledger,
                                     std::chrono::milliseconds patience);

}  // namespace card::desk
