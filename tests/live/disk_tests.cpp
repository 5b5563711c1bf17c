// stationd's disk, failing at each sync of the ledger and full at each write to it. What must hold:
// the station stops rather than go on without its memory, and started again it ends each renewal
// issued once. The daily run takes a sample of the points; LIVE_SWEEP=full every one.

#include <boost/test/unit_test.hpp>

#include "tests/live/journey.hpp"

namespace {

using namespace live;

/// More points than one renewal has; the sweep ends at the first that is not reached.
constexpr int points_at_most = 150;
constexpr int points_at_least = 6;

int stride(const std::string& how) {
    constexpr int syncs = 4;
    constexpr int writes = 17;
    return every_point() ? 1 : how == "full" ? writes : syncs;
}

Environment fail_at(const std::string& how, int point) {
    return {{"LD_PRELOAD", std::string(PROGRAMS_DIR) + "/killpoint.so"},
            {"KILLPOINT_COMM", "stationd"},
            {"KILLPOINT_FILE", "ledger.db"},
            {"KILLPOINT_COUNT", options_for("disk-" + how).folder + "/count"},
            {"KILLPOINT", how + ":" + std::to_string(point)}};
}

/// Whether the station came to the point, in any of its lives.
bool reached(const std::string& how, int point) {
    const std::string count = read_file(options_for("disk-" + how).folder + "/count");
    return !count.empty() && std::stoi(count) >= point;
}

void sweep(const std::string& how) {
    Workplace place(options_for("disk-" + how));
    place.start_central();
    int renewals = 0;
    int points = 0;
    for (int point = 1; point <= points_at_most; point += stride(how)) {
        BOOST_TEST_CONTEXT(how << " at " << point) {
            place.start_station(fail_at(how, point));
            Journey journey(place, synthetic_pass(++renewals));
            BOOST_REQUIRE(journey.produce());
            BOOST_REQUIRE(journey.hand_over());
            BOOST_REQUIRE(journey.issued());
            place.stop_station();
            if (!reached(how, point)) {
                break;
            }
            ++points;
        }
    }
    BOOST_TEST_MESSAGE(how << " at each of " << points << " points");
    BOOST_TEST(points * stride(how) >= points_at_least);
    place.stop_central();
    const Finished verdict = place.check(renewals);
    BOOST_TEST(verdict.exit_code == 0, verdict.out);
}

BOOST_AUTO_TEST_CASE(where_a_sync_of_the_ledger_fails_the_renewal_is_issued_once) {
    sweep("error");
}

BOOST_AUTO_TEST_CASE(where_the_disk_is_full_the_renewal_is_issued_once) {
    sweep("full");
}

}  // namespace
