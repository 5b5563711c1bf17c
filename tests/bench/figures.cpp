// What a card costs: APDUs, time beside a bare replay, syncs of the ledger. README.md says how to
// read it. Run by tests/bench/figures inside a namespace of its own.

#include "tests/bench/figures.hpp"

#include <charconv>
#include <filesystem>
#include <iostream>
#include <string_view>

namespace {

constexpr int default_rounds = 9;
constexpr int most_rounds = 40;  // passes.csv has some for the other part, too
constexpr int cards_of_syncs = 5;
constexpr std::string_view usage = "figures [--rounds N]: run it by tests/bench/figures.\n";

int rounds_wanted(int count, char** values) {
    if (count == 1) {
        return default_rounds;
    }
    int rounds = 0;
    if (count == 3 && std::string_view(values[1]) == "--rounds") {
        const std::string_view number(values[2]);
        std::from_chars(number.data(), number.data() + number.size(), rounds);
    }
    return rounds > most_rounds ? 0 : rounds;
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = rounds_wanted(argc, argv);
    if (rounds < 1) {
        std::cout << usage;
        return 2;
    }
    try {
        figures::print_apdus();
        const std::string programs = std::filesystem::canonical(argv[0]).parent_path().string();
        {
            figures::Office office(programs);
            figures::print_wall_time(office, rounds, figures::bare_pcsc(), 2);
            figures::print_syncs(office, cards_of_syncs);
        }
        figures::print_readers(programs);
        {
            figures::Office office(programs, {live::Stack::libnfc, live::Stack::libnfc});
            figures::print_wall_time(office, rounds, figures::bare_libnfc(office.place().path("")),
                                     6);
        }
        figures::print_hung(programs);
        figures::print_idle(programs);
    } catch (const std::exception& error) {
        std::cout << std::flush;
        std::cerr << "figures: could not measure: " << error.what() << "\n";
        return 1;
    }
    return 0;
}
