#include <iomanip>
#include <iostream>

#include "tests/bench/figures.hpp"

namespace figures {
namespace {

constexpr int cards_each = 3;
constexpr int rounds = 3;
constexpr double goal = 3.8;

double cards_a_minute(std::size_t cards, std::chrono::milliseconds time) {
    return static_cast<double>(cards) * 60'000.0 / static_cast<double>(time.count());
}

}  // namespace

void print_readers(const std::string& programs) {
    Office office(programs, std::vector<live::Stack>(5, live::Stack::pcsc));
    const std::vector<std::size_t> one{live::production_reader};
    const std::vector<std::size_t> four{live::production_reader, 2, 3, 4};
    std::cout << "5. Cards a minute on one production reader and on four at once, "
              << air_time.count()
              << " ms of air for each APDU; the goal is >= " << std::setprecision(1) << goal
              << " times as many\n"
              << "  round      one     four    ratio\n"
              << std::fixed;
    for (int round = 1; round <= rounds; ++round) {
        const double alone = cards_a_minute(cards_each, office.produce_on(one, cards_each));
        const double together =
            cards_a_minute(four.size() * cards_each, office.produce_on(four, cards_each));
        std::cout << std::setprecision(1) << "  " << std::setw(5) << round << std::setw(9) << alone
                  << std::setw(9) << together << std::setprecision(2) << std::setw(9)
                  << together / alone << std::endl;
    }
    std::cout << std::endl;
}

}  // namespace figures
