#include <boost/test/unit_test.hpp>

#include "station/issuance/clock_watch.hpp"

using namespace card;
using namespace card::issuance;
using namespace std::chrono_literals;

namespace {

const Timestamp noon = parse_rfc3339("2021-12-01T04:00:00.000Z").value();

ClockReading reading(std::chrono::milliseconds wall, std::chrono::milliseconds running) {
    return {noon + wall, running};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(clock_watch)

BOOST_AUTO_TEST_CASE(a_clock_that_runs_with_the_other_did_not_jump) {
    BOOST_TEST(!clock_jump(reading(0ms, 5s), reading(60s, 65s)).has_value());
    BOOST_TEST(!clock_jump(reading(0ms, 5s), reading(90s, 65s)).has_value());
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_set_jumped_by_that_much_either_way) {
    BOOST_TEST((clock_jump(reading(0ms, 5s), reading(1h + 60s, 65s)) == 3600s));
    BOOST_TEST((clock_jump(reading(0ms, 5s), reading(60s - 1h, 65s)) == -3600s));
    BOOST_TEST((clock_jump(reading(0ms, 5s), reading(91s, 65s)) == 31s));
}

BOOST_AUTO_TEST_CASE(the_central_s_answer_is_taken_for_the_middle_of_the_round_trip) {
    const ClockReading asked = reading(0ms, 5s);
    const ClockReading answered = reading(4s, 9s);
    BOOST_TEST(!clock_difference(asked, answered, noon + 2s).has_value());
    BOOST_TEST(!clock_difference(asked, answered, noon + 32s).has_value());
    BOOST_TEST((clock_difference(asked, answered, noon + 33s) == -31s));
    BOOST_TEST((clock_difference(asked, answered, noon - 1h) == 3602s));
}

BOOST_AUTO_TEST_SUITE_END()
