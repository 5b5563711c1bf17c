#include <iomanip>
#include <iostream>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>

#include "tests/bench/figures.hpp"

namespace figures {
namespace {

using namespace std::chrono_literals;

constexpr auto quiet_time = 1s;

/// What the station has synced and, by its own log, what for.
struct Tally {
    std::int64_t syncs = 0;
    std::int64_t records = 0;           ///< of what it did to cards
    std::int64_t acknowledgements = 0;  ///< by the central, of facts
    std::int64_t received = 0;          ///< renewals that came or changed

    Tally operator-(const Tally& before) const {
        return {syncs - before.syncs, records - before.records,
                acknowledgements - before.acknowledgements, received - before.received};
    }
    /// Checkpoints, and what else the central's pages and acknowledgements waited for.
    [[nodiscard]] std::int64_t others() const { return syncs - records; }
};

class Meter {
  public:
    explicit Meter(Office& office) : office_(office) {}

    live::Environment environment(const std::string& shim) const {
        return {{"LD_PRELOAD", shim},
                {"KILLPOINT_FILE", "ledger.db"},
                {"KILLPOINT_COMM", "stationd"},
                {"KILLPOINT_COUNT", count_file()}};
    }

    /// Once nothing is owed and nothing more is synced.
    Tally settled() {
        std::int64_t last = -1;
        const bool quiet = live::eventually([&] {
            std::this_thread::sleep_for(quiet_time);
            const std::int64_t now = std::stoll(live::read_file(count_file()));
            return std::exchange(last, now) == now &&
                   office_.place().status().at("unacknowledged_facts") == 0;
        });
        if (!quiet) {
            throw std::runtime_error("the ledger does not come to rest");
        }
        Tally tally{last, 0, 0, 0};
        static const std::set<std::string> records{"card.started", "card.verified",
                                                   "handover.authorised", "handover.done"};
        for (const live::json::object& event : office_.place().events()) {
            const std::string name = live::text(event, "event");
            tally.records += records.contains(name) ? 1 : 0;
            tally.acknowledgements += name == "facts.acknowledged" ? 1 : 0;
            tally.received += name == "renewal.received" ? 1 : 0;
        }
        return tally;
    }

  private:
    [[nodiscard]] std::string count_file() const { return office_.place().path("syncs"); }
    Office& office_;
};

void print_row(const std::string& label, const Tally& tally, int cards) {
    const auto each = [&](std::int64_t count) {
        return static_cast<double>(count) / static_cast<double>(cards);
    };
    std::cout << "  " << std::left << std::setw(12) << label << std::right << std::setw(8)
              << each(tally.syncs) << std::setw(15) << each(tally.records) << std::setw(11)
              << each(tally.others()) << std::setw(19) << each(tally.acknowledgements)
              << std::setw(19) << each(tally.received) << "\n";
}

}  // namespace

void print_syncs(Office& office, int cards) {
    Meter meter(office);
    office.restart_station(meter.environment(office.place().path("../bin/killpoint.so")));
    const Tally start = meter.settled();
    std::vector<Made> made;
    std::size_t apdus_made = 0;
    std::size_t apdus_handed_over = 0;
    while (made.size() < static_cast<std::size_t>(cards)) {
        made.push_back(office.produce());
        apdus_made += made.back().dialogue.size();
    }
    const Tally produced = meter.settled();
    for (const Made& card : made) {
        apdus_handed_over += office.hand_over(card).size();
    }
    const Tally handed_over = meter.settled();
    std::cout << std::fixed << std::setprecision(1) << "4. Syncs of the ledger per card, over "
              << cards << " cards (fdatasync and fsync of stationd on ledger.db*)\n"
              << "  per card      syncs = of records + of others   acknowledgements"
                 "  renewals received\n";
    print_row("production", produced - start, cards);
    print_row("hand-over", handed_over - produced, cards);
    print_row("both", handed_over - start, cards);
    const double number = cards;
    std::cout << "  seen on the wire meanwhile: " << static_cast<double>(apdus_made) / number
              << " APDUs to produce a card, " << static_cast<double>(apdus_handed_over) / number
              << " to hand it over" << std::endl;
}

}  // namespace figures
