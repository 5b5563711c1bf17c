#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "tests/bench/figures.hpp"

namespace figures {
namespace {

constexpr double goal = 1.10;
constexpr const char* heading =
    "  round  station ms   bare ms   card ms intent ms    ratio   of layers\n";

/// What the station said and what a bare loop said, to the same card.
struct Pair {
    Dialogue station;
    Dialogue bare;
    [[nodiscard]] double ratio() const { return to_bare(duration_of(station)); }
    /// Without the wait for the disk, which comes once a card and as slow as the disk is.
    [[nodiscard]] double ratio_of_layers() const {
        return to_bare(duration_of(station) - wait_for_intent(station));
    }

  private:
    [[nodiscard]] double to_bare(microseconds time) const {
        return static_cast<double>(time.count()) / static_cast<double>(duration_of(bare).count());
    }
};

double milliseconds(microseconds time) {
    return static_cast<double>(time.count()) / 1000.0;
}

double quantile(std::vector<double> values, double part) {
    std::sort(values.begin(), values.end());
    const double place = part * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(std::floor(place));
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (place - std::floor(place)) * (values[above] - values[below]);
}

template <class Of>
std::vector<double> values(const std::vector<Pair>& rounds, Of of) {
    std::vector<double> each;
    std::transform(rounds.begin(), rounds.end(), std::back_inserter(each), of);
    return each;
}

template <class Of>
double median(const std::vector<Pair>& rounds, Of of) {
    return quantile(values(rounds, of), 0.5);
}

Pair replayed(Dialogue station, const Bare& bare) {
    Pair pair{std::move(station), {}};
    pair.bare = bare.replay(pair.station);
    return pair;
}

/// The verification of a tapped card: what comes before the activation, which authenticates anew.
Dialogue tap_of(const Dialogue& counter) {
    constexpr std::uint8_t authenticate = 0x71;
    const auto authenticates = [](const Exchange& exchange) {
        return exchange.command.at(1) == authenticate;
    };
    const auto first = std::find_if(counter.begin(), counter.end(), authenticates);
    if (first == counter.end()) {
        throw std::runtime_error("no key was used at a tap");
    }
    return {counter.begin(), std::find_if(first + 1, counter.end(), authenticates)};
}

struct Round {
    Pair production;
    Pair tap;
};

Round play(Office& office, const Bare& bare) {
    const Made made = office.produce();
    Round round{replayed(made.dialogue, bare), {}};
    round.tap = replayed(tap_of(office.hand_over(made)), bare);
    return round;
}

void print_round(std::size_t number, const Pair& round) {
    std::cout << std::fixed << std::setprecision(1) << "  " << std::setw(5) << number
              << std::setw(12) << milliseconds(duration_of(round.station)) << std::setw(10)
              << milliseconds(duration_of(round.bare)) << std::setw(10)
              << milliseconds(card_time_of(round.station)) << std::setw(10)
              << milliseconds(wait_for_intent(round.station)) << std::setprecision(3)
              << std::setw(9) << round.ratio() << std::setw(12) << round.ratio_of_layers()
              << std::setprecision(1) << std::endl;
}

/// Runnable processes, averaged over a minute.
std::string load() {
    std::string average;
    std::ifstream("/proc/loadavg") >> average;
    return average;
}

std::string spread(const std::vector<double>& ratios) {
    std::ostringstream text;
    text << std::fixed << std::setprecision(3) << "median " << quantile(ratios, 0.5)
         << ", interquartile " << quantile(ratios, 0.25) << " to " << quantile(ratios, 0.75);
    return text.str();
}

void print_summary(const std::vector<Pair>& rounds, const std::string& load_before) {
    const double apdus = static_cast<double>(rounds.front().station.size() - 1);
    const double outside = median(rounds, [](const Pair& round) {
        return milliseconds(duration_of(round.station) - card_time_of(round.station) -
                            wait_for_intent(round.station));
    });
    const double outside_bare = median(rounds, [](const Pair& round) {
        return milliseconds(duration_of(round.bare) - card_time_of(round.bare));
    });
    std::cout << "  ratio: " << spread(values(rounds, std::mem_fn(&Pair::ratio)))
              << "\n  of layers, without the ledger's record: "
              << spread(values(rounds, std::mem_fn(&Pair::ratio_of_layers)))
              << "; the goal is <= " << std::setprecision(2) << goal
              << "\n  outside the card, of each of " << rounds.front().station.size()
              << " APDUs: station " << std::setprecision(3) << outside / apdus
              << " ms (the intent not counted), bare " << outside_bare / apdus
              << " ms\n  load of the machine: " << load_before << " before, " << load()
              << " after\n"
              << std::endl;
}

}  // namespace

void print_wall_time(Office& office, int rounds, const Bare& bare, int section) {
    const std::string load_before = load();
    play(office, bare);
    std::vector<Pair> productions;
    std::vector<Pair> taps;
    std::cout
        << section << ". Time of a card by the station beside a bare " << bare.call
        << " loop over the same APDUs, " << air_time.count() << " ms of air each\n"
        << "  (first APDU to last answer, seen by the card; `card` is in both; `intent` is "
           "the ledger's record before the first write, and `of layers` the ratio without it)\n"
        << heading;
    while (productions.size() < static_cast<std::size_t>(rounds)) {
        Round round = play(office, bare);
        productions.push_back(std::move(round.production));
        taps.push_back(std::move(round.tap));
        print_round(productions.size(), productions.back());
    }
    print_summary(productions, load_before);
    std::cout << section + 1
              << ". The same of a verification: the tap at the counter, as a gate reads\n"
              << heading;
    for (std::size_t i = 0; i < taps.size(); ++i) {
        print_round(i + 1, taps[i]);
    }
    print_summary(taps, load_before);
}

}  // namespace figures
