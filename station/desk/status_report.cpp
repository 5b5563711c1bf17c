#include "station/desk/status_report.hpp"

#include <ctime>

#include <boost/asio/redirect_error.hpp>

#include "station/issuance/clock_watch.hpp"

namespace card::desk {
namespace {

using namespace std::chrono_literals;
using namespace observe;
using issuance::ClockReading;

constexpr auto report_interval = 60s;

/// CLOCK_BOOTTIME goes on while the machine sleeps, as the wall clock does.
ClockReading read_clocks(const Clock& clock) {
    timespec boot{};
    ::clock_gettime(CLOCK_BOOTTIME, &boot);
    const auto running = std::chrono::seconds(boot.tv_sec) + std::chrono::nanoseconds(boot.tv_nsec);
    return {clock.now(), std::chrono::duration_cast<std::chrono::milliseconds>(running)};
}

Result<wire::StationStatus> standing(ledger::Ledger& ledger, Timestamp now,
                                     const std::string& software) {
    const auto counts = ledger.counts();
    if (!counts) {
        return tl::make_unexpected(counts.error());
    }
    return wire::StationStatus{now, ledger.incarnation(), counts->unacknowledged_facts,
                               counts->in_doubt, software};
}

/// Told when the clocks part, and when they agree again.
void compare_clocks(Station& station, const ClockReading& asked, const ClockReading& answered,
                    Timestamp central) {
    const auto difference = issuance::clock_difference(asked, answered, central);
    if (difference && !station.clock_differs) {
        station.log.tell(EventId::clock_differs, {seconds_field(difference->count())});
    }
    if (!difference && station.clock_differs) {
        station.log.tell(EventId::clock_agrees);
    }
    station.clock_differs = difference.has_value();
}

asio::awaitable<Result<void>> report_once(Station& station, uplink::CentralClient& central,
                                          std::string software) {
    const ClockReading asked = read_clocks(station.clock);
    auto read = [now = asked.wall, software = std::move(software)](ledger::Ledger& ledger) {
        return standing(ledger, now, software);
    };
    Result<wire::StationStatus> status = co_await station.ledger.run(std::move(read));
    if (!status) {
        station.stop_for(status.error());
        co_return tl::make_unexpected(std::move(status.error()));
    }
    const Result<wire::StatusAnswer> answer = co_await central.heartbeat(std::move(*status));
    if (!answer) {
        co_return tl::make_unexpected(answer.error());
    }
    const ClockReading answered = read_clocks(station.clock);
    compare_clocks(station, asked, answered, answer->time);
    station.last_heartbeat = answered.wall;
    const std::int64_t allowance = answer->offline_handover_s;
    auto store = [allowance](ledger::Ledger& ledger) {
        return ledger.store_offline_allowance(allowance);
    };
    Result<void> stored = co_await station.ledger.run(std::move(store));
    if (!stored) {
        station.stop_for(stored.error());
    }
    co_return stored;
}

}  // namespace

asio::awaitable<void> report_status(Station& station, std::string software) {
    uplink::CentralClient central(station.context, station.config.central, station.config.station);
    ClockReading before = read_clocks(station.clock);
    while (!station.fatal) {
        const ClockReading now = read_clocks(station.clock);
        if (const auto jump = issuance::clock_jump(before, now)) {
            station.log.tell(EventId::clock_jumped, {seconds_field(jump->count())});
        }
        before = now;
        // A central that does not take it is told of by the pull; the next minute comes anyway.
        const Result<void> reported = co_await report_once(station, central, software);
        (void)reported;
        asio::steady_timer timer(station.context, report_interval);
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

}  // namespace card::desk
