#include "station/observe/service.hpp"

#include <algorithm>
#include <cstdlib>

#include <systemd/sd-daemon.h>

namespace card::observe {

void notify_service_manager(const std::string& state) {
    (void)sd_notify(0, state.c_str());
}

bool has_service_manager() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment
    return std::getenv("NOTIFY_SOCKET") != nullptr;
}

std::optional<std::chrono::milliseconds> watchdog_interval() {
    std::uint64_t patience_us = 0;
    if (sd_watchdog_enabled(0, &patience_us) <= 0) {
        return std::nullopt;
    }
    const std::chrono::microseconds half(patience_us / 2);
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(half),
                    std::chrono::milliseconds(1));
}

}  // namespace card::observe
