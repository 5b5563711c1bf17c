#pragma once
// What watches a station from the same machine, on a loopback address of its own:
//
//   GET /metrics   the station's numbers for Prometheus
//   GET /healthz   200 while the ledger answers, else 503

#include <vector>

#include "station/desk/reader_view.hpp"
#include "station/observe/metrics.hpp"

namespace card::console {

namespace asio = boost::asio;

struct Monitor {
    desk::Station& station;
    observe::Metrics& metrics;
    const std::vector<desk::ReaderView*>& readers;
};

asio::awaitable<http::Response> watch(Monitor& monitor, http::Request request);

}  // namespace card::console
