#pragma once
// The heartbeat: how this station stands, every minute, and what the central says of the time.

#include "station/desk/station.hpp"

namespace card::desk {

/// Tells the central until the context stops. `software` is the program's name and version. A
/// central that is away is for the pull to tell of.
asio::awaitable<void> report_status(Station& station, std::string software);

}  // namespace card::desk
