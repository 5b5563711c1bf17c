#pragma once
// What the control interface tells of cards that need somebody, and takes in about them.

#include "station/console/console.hpp"

namespace card::console {

/// Cards and renewals that are not simply next in the queue.
asio::awaitable<http::Response> work(Console& console);
/// A card that is not on a reader is missing, found again or written off.
asio::awaitable<http::Response> report_card(Console& console, std::string pass_number,
                                            std::string report, std::string body);
/// Begins a sitting in which a card is voided.
[[nodiscard]] http::Response begin_void(Console& console, const std::string& body);
/// Begins a sitting in which a card that was made elsewhere is taken over.
[[nodiscard]] http::Response begin_adoption(Console& console, const std::string& body);
/// Somebody looked at a reader that was stopped.
asio::awaitable<http::Response> resume_line(Console& console, std::string reader, std::string body);

}  // namespace card::console
