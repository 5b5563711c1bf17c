// Card and key work outside a station; station/cardtool has the commands.

#include "station/cardtool/cardtool.hpp"

#include <iostream>

#include "station/vault/lock_down.hpp"

int main(int argc, char** argv) {
    card::lock_down();
    return card::cardtool::run(std::vector<std::string>(argv + 1, argv + argc), std::cout,
                               std::cerr);
}
