// Card and key work outside a station. So far: making a development key store.

#include <iostream>
#include <string_view>
#include <vector>

#include "cardformat/crypto/random.hpp"
#include "station/vault/development_vault.hpp"

namespace card {
namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

int main(const std::vector<std::string>& words) {
    if (words == std::vector<std::string>{"--help"}) {
        std::cout
            << "cardtool keys create DIR   makes a development key store: plain files, unsafe,\n"
               "                           never for real holders' cards\n\n"
               "Exit status: 0 done, 1 failed, 2 wrong usage.\n";
        return 0;
    }
    if (words.size() != 3 || words[0] != "keys" || words[1] != "create") {
        std::cerr << "cardtool: no such command. Try cardtool --help.\n";
        return exit_usage;
    }
    SystemRandom random;
    if (const auto created = DevelopmentVault::create(words[2], random); !created) {
        std::cerr << "cardtool: " << created.error().detail << "\n";
        return exit_failed;
    }
    std::cout << "Development keys are in " << words[2]
              << ". They are UNSAFE: whoever reads these files can make passes.\n";
    return 0;
}

}  // namespace
}  // namespace card

int main(int argc, char** argv) {
    return card::main(std::vector<std::string>(argv + 1, argv + argc));
}
