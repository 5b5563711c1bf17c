// Every request that a renewal needs, harmed once in each way. What must hold: with nobody's help
// the renewal ends issued once, and the independent checker finds nothing wrong. The daily run
// harms the first of each kind of call; LIVE_SWEEP=full every one.

#include <boost/test/unit_test.hpp>

#include "tests/live/fault_proxy.hpp"
#include "tests/live/journey.hpp"

namespace {

using namespace live;

constexpr std::uint16_t proxy_port = 8081;
/// More calls of a kind than one renewal has.
constexpr int calls_at_most = 12;

WorkplaceOptions behind_the_proxy(const std::string& name) {
    WorkplaceOptions options = options_for(name);
    options.plain_http = true;
    options.central_seen_at = proxy_port;
    return options;
}

void sweep(NetFault fault, const std::string& folder) {
    FaultProxy proxy(proxy_port, central_port);
    Workplace place(behind_the_proxy(folder));
    place.start_central();
    place.start_station();
    int renewals = 0;
    for (const char* const call : renewal_calls) {
        const int last = every_point() ? calls_at_most : 1;
        bool reached = true;
        for (int n = 1; n <= last && reached; ++n) {
            BOOST_TEST_CONTEXT(name(fault) << ", " << call << " " << n) {
                proxy.arm(call, n, fault);
                Journey journey(place, synthetic_pass(++renewals));
                BOOST_REQUIRE(journey.produce());
                BOOST_REQUIRE(journey.hand_over());
                BOOST_REQUIRE(journey.issued());
                reached = proxy.disarm();
                BOOST_TEST((reached || n > 1));
            }
        }
    }
    BOOST_TEST_MESSAGE(name(fault) << ": " << renewals << " renewals");
    place.stop_station();
    place.stop_central();
    const Finished verdict = place.check(renewals);
    BOOST_TEST(verdict.exit_code == 0, verdict.out);
}

BOOST_AUTO_TEST_CASE(a_request_that_never_arrives_is_made_again) {
    sweep(NetFault::refused, "net-refused");
}

BOOST_AUTO_TEST_CASE(a_request_that_arrives_in_half_is_made_again) {
    sweep(NetFault::request_cut, "net-request-cut");
}

BOOST_AUTO_TEST_CASE(a_request_whose_answer_is_lost_is_made_again_and_acts_once) {
    sweep(NetFault::answer_lost, "net-answer-lost");
}

BOOST_AUTO_TEST_CASE(a_request_whose_answer_is_cut_is_made_again_and_acts_once) {
    sweep(NetFault::answer_cut, "net-answer-cut");
}

BOOST_AUTO_TEST_CASE(a_request_that_arrives_twice_acts_once) {
    sweep(NetFault::duplicated, "net-duplicated");
}

BOOST_AUTO_TEST_CASE(a_request_whose_answer_comes_too_late_acts_once) {
    sweep(NetFault::late, "net-late");
}

BOOST_AUTO_TEST_CASE(a_busy_central_is_asked_again) {
    sweep(NetFault::server_error, "net-server-error");
}

}  // namespace
