#pragma once
// The station's numbers for Prometheus. No series is named after a person, a pass or a card, so
// their count has a bound: one for each event of the catalogue, one for each reader, and some.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cardformat/base/time.hpp"
#include "station/observe/events.hpp"

namespace card::observe {

/// What stands now, as a scrape finds it.
struct Standing {
    std::int64_t to_produce = 0;
    std::int64_t in_doubt = 0;
    std::int64_t to_collect = 0;
    std::int64_t handed_over = 0;
    std::int64_t unacknowledged_facts = 0;
    std::optional<Timestamp> oldest_unacknowledged;
    std::int64_t journal_records = 0;
    bool central_reachable = false;
    std::optional<Timestamp> last_pull;
    std::vector<bool> readers_up;  ///< in the order of the configuration
};

class Metrics {
  public:
    explicit Metrics(const std::string& version);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    /// As a sink of the log: a counter beside every line, and how long cards take.
    void count(const EventRecord& record);
    /// How long the ledger's thread took for one act.
    void note_ledger_act(std::chrono::nanoseconds took);

    /// All of it in Prometheus' text format 0.0.4.
    [[nodiscard]] std::string text(const Standing& standing, Timestamp now);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace card::observe
