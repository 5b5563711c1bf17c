#include "station/console/monitor.hpp"

#include <boost/json.hpp>

#include "station/desk/heartbeat.hpp"

namespace card::console {
namespace {

using namespace std::chrono_literals;

constexpr auto health_patience = 2s;
constexpr int unavailable = 503;
constexpr int not_found = 404;

http::Response text_reply(int status, std::string body) {
    http::Response response;
    response.status = status;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = std::move(body);
    return response;
}

asio::awaitable<http::Response> metrics(Monitor& monitor) {
    desk::Station& station = monitor.station;
    auto read = [](ledger::Ledger& ledger) { return ledger.counts(); };
    const Result<ledger::Counts> counts = co_await station.ledger.run(std::move(read));
    if (!counts) {
        co_return text_reply(unavailable, counts.error().detail + "\n");
    }
    observe::Standing standing{counts->to_produce,
                               counts->in_doubt,
                               counts->to_collect,
                               counts->handed_over,
                               counts->unacknowledged_facts,
                               counts->oldest_unacknowledged,
                               counts->journal_records,
                               station.central_reachable,
                               station.last_pull,
                               {}};
    for (const desk::ReaderView* reader : monitor.readers) {
        standing.readers_up.push_back(reader->up);
    }
    co_return text_reply(200, monitor.metrics.text(standing, station.clock.now()));
}

}  // namespace

asio::awaitable<http::Response> watch(Monitor& monitor, http::Request request) {
    const std::vector<std::string> path = http::path_segments(request.target);
    if (request.method == "GET" && path == std::vector<std::string>{"metrics"}) {
        http::Response response = co_await metrics(monitor);
        co_return response;
    }
    if (request.method == "GET" && path == std::vector<std::string>{"healthz"}) {
        desk::Station& station = monitor.station;
        const bool healthy =
            co_await desk::ledger_answers(station.context, station.ledger, health_patience);
        co_return healthy ? text_reply(200, "ok\n")
                          : text_reply(unavailable, "the ledger does not answer\n");
    }
    co_return text_reply(not_found, "there are /metrics and /healthz\n");
}

}  // namespace card::console
