#pragma once
// The station as a service of systemd (sd_notify(3), sd_watchdog_enabled(3)).

#include <chrono>
#include <optional>
#include <string>

namespace card::observe {

/// Tells the service manager, such as "READY=1". Does nothing where there is none.
void notify_service_manager(const std::string& state);

/// Whether anybody is there to be told.
[[nodiscard]] bool has_service_manager();

/// How often the manager's watchdog must be fed: half of its patience. Nothing where it has none.
[[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_interval();

}  // namespace card::observe
