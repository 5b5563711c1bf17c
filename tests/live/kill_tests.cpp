// stationd killed with SIGKILL before and after each write that makes something durable. The points
// are its fdatasync calls on the ledger, counted by a preloaded library: the product has no hooks.
// What must hold: started again, with the card put back and the sitting begun anew, the renewal
// ends issued once, with one active card, and the independent checker finds nothing wrong.

#include <boost/test/unit_test.hpp>

#include "tests/live/journey.hpp"

namespace {

using namespace live;

Environment kill_at(const std::string& when, int point) {
    return {{"LD_PRELOAD", std::string(PROGRAMS_DIR) + "/killpoint.so"},
            {"KILLPOINT_COMM", "stationd"},
            {"KILLPOINT_FILE", "ledger.db"},
            {"KILLPOINT", when + ":" + std::to_string(point)}};
}

/// More points than one renewal has; the sweep ends at the first that is not reached.
constexpr int points_at_most = 40;
/// Fewer would mean that the points are not counted any more.
constexpr int points_at_least = 6;

void sweep(const std::string& when) {
    Workplace place(options_for("kill-" + when));
    place.start_central();
    int renewals = 0;
    int reached = 0;
    for (int point = 1; point <= points_at_most; ++point) {
        BOOST_TEST_CONTEXT("killed " << when << " write " << point) {
            place.start_station(kill_at(when, point));
            Journey journey(place, synthetic_pass(++renewals));
            BOOST_REQUIRE(journey.produce());
            BOOST_REQUIRE(journey.hand_over());
            BOOST_REQUIRE(journey.issued());
            place.stop_station();
            if (journey.deaths() == 0) {
                break;
            }
            ++reached;
        }
    }
    BOOST_TEST_MESSAGE("killed " << when << " each of " << reached << " writes");
    BOOST_TEST(reached >= points_at_least);
    BOOST_TEST(reached < points_at_most);
    place.stop_central();
    const Finished verdict = place.check(renewals);
    BOOST_TEST(verdict.exit_code == 0, verdict.out);
}

BOOST_AUTO_TEST_CASE(killed_before_any_durable_write_the_renewal_is_issued_once) {
    sweep("before");
}

BOOST_AUTO_TEST_CASE(killed_after_any_durable_write_the_renewal_is_issued_once) {
    sweep("after");
}

}  // namespace
