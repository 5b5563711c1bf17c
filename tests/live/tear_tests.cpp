// Cards torn on the real pcscd, in production and at the counter. LIVE_TEAR_STRIDE=1 takes every
// APDU; without it a sample is taken, and the exhaustive sweep is desfire_tear_tests' in one
// thread.

#include <cstdlib>

#include <boost/test/unit_test.hpp>

#include "tests/live/journey.hpp"

namespace {

using namespace live;

/// APDUs of the longest part, a production; a tear past the end of a shorter one does not hit.
constexpr int production_apdus = 40;
constexpr int activation_apdus = 24;

int stride() {
    const char* given = std::getenv("LIVE_TEAR_STRIDE");          // NOLINT(concurrency-mt-unsafe)
    return given == nullptr ? 9 : std::max(1, std::atoi(given));  // NOLINT
}

void sweep(const std::string& when) {
    Workplace place(options_for("tear-" + when));
    place.start_central();
    place.start_station();
    int renewals = 0;
    for (int at = 1; at <= production_apdus; at += stride()) {
        BOOST_TEST_CONTEXT("torn " << when << " APDU " << at) {
            Journey journey(place, synthetic_pass(++renewals));
            journey.on_production = [&](Slot& slot) {
                slot.tear(static_cast<std::uint32_t>(at), when);
            };
            journey.on_counter = [&](Slot& slot) {
                slot.tear(static_cast<std::uint32_t>((at - 1) % activation_apdus + 1), when);
            };
            BOOST_REQUIRE(journey.produce());
            BOOST_REQUIRE(journey.hand_over());
            BOOST_REQUIRE(journey.issued());
        }
    }
    place.stop_station();
    place.stop_central();
    const Finished verdict = place.check(renewals);
    BOOST_TEST(verdict.exit_code == 0, verdict.out);
}

BOOST_AUTO_TEST_CASE(torn_before_an_apdu_and_put_back_the_card_is_issued_once) {
    sweep("before");
}

BOOST_AUTO_TEST_CASE(torn_after_an_apdu_and_put_back_the_card_is_issued_once) {
    sweep("after");
}

}  // namespace
