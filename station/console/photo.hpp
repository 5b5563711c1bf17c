#pragma once
// The holder's picture at the counter. It comes from the central for each sitting and is kept
// nowhere: what a station does not have it cannot lose, and a hand-over asks the central anyway.

#include "station/console/console.hpp"

namespace card::console {

/// 404 where no sitting goes on or its holder has no photo, 503 while the central does not answer.
asio::awaitable<http::Response> photo_of_sitting(Console& console);

}  // namespace card::console
