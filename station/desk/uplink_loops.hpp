#pragma once
// The station's standing talk with the central: changes in, claims, facts out. Each runs until the
// context stops, and each waits by itself when the central is away.

#include "station/desk/station.hpp"

namespace card::desk {

/// Long polls, stores pages, claims what may be produced.
asio::awaitable<void> pull_renewals(Station& station);

/// Sends what is owed, in order, and remembers what is acknowledged.
asio::awaitable<void> send_facts(Station& station);

/// Tells once a day when the station's certificate has 30 days or less left.
asio::awaitable<void> watch_certificate(Station& station);

}  // namespace card::desk
