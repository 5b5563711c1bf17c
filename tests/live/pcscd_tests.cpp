// pcscd killed with SIGKILL at moments drawn by a seed, while cards are written and handed over.
// What must hold: when it is back, the cards are finished by themselves, each renewal ends issued
// once, and the independent checker finds nothing wrong. PCSCD_SEED chooses other moments.

#include <cstdlib>
#include <random>
#include <thread>

#include <boost/test/unit_test.hpp>
#include <signal.h>

#include "tests/live/journey.hpp"

namespace {

using namespace live;

constexpr int renewals = 6;
constexpr unsigned default_seed = 20211201;
/// A card is found within 400 ms and written in less than this.
constexpr int longest_wait_ms = 700;

unsigned seed() {
    const char* given = std::getenv("PCSCD_SEED");  // NOLINT(concurrency-mt-unsafe)
    return given == nullptr ? default_seed : static_cast<unsigned>(std::atoi(given));  // NOLINT
}

/// Kills pcscd after a while and starts it again; the work goes on meanwhile.
class Killer {
  public:
    Killer(Workplace& place, std::chrono::milliseconds after)
        : thread_([&place, after] {
              std::this_thread::sleep_for(after);
              place.pcscd().signal(SIGKILL);
              place.pcscd().wait();
              place.start_pcscd();
          }) {}

  private:
    std::jthread thread_;
};

BOOST_AUTO_TEST_CASE(pcscd_killed_at_any_moment_each_renewal_is_issued_once) {
    std::mt19937 engine(seed());
    std::uniform_int_distribution<int> wait_ms(0, longest_wait_ms);
    BOOST_TEST_MESSAGE("PCSCD_SEED=" << seed());
    Workplace place(options_for("pcscd-killed-at-random"));
    place.start_central();
    place.start_station();
    for (int number = 1; number <= renewals; ++number) {
        Journey journey(place, synthetic_pass(number));
        std::optional<Killer> killer;
        const auto kill_soon = [&](Slot&) {
            killer.emplace(place, std::chrono::milliseconds(wait_ms(engine)));
        };
        journey.on_production = kill_soon;
        journey.on_counter = kill_soon;
        BOOST_TEST_CONTEXT("renewal " << number << ", PCSCD_SEED=" << seed()) {
            BOOST_REQUIRE(journey.produce());
            killer.reset();
            BOOST_REQUIRE(journey.hand_over());
            killer.reset();
            BOOST_REQUIRE(journey.issued());
        }
    }
    place.stop_station();
    place.stop_central();
    const Finished verdict = place.check(renewals);
    BOOST_TEST(verdict.exit_code == 0, verdict.out);
}

}  // namespace
