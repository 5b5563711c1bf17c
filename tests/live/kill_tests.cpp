// stationd and centrald killed with SIGKILL before and after each write that makes something
// durable, and stationd at the APDUs of a card. The points are fdatasync calls on ledger or
// database, counted by a preloaded library, and the card's own count: the product has no hooks.
// What must hold: started again, with the card put back and the sitting begun anew, the renewal
// ends issued once, with one active card, and the independent checker finds nothing wrong.

#include <boost/test/unit_test.hpp>
#include <signal.h>

#include "tests/live/journey.hpp"

namespace {

using namespace live;

/// Who is killed, and how many points a renewal has at least: of the station started, verified,
/// authorised and handed over. Fewer would mean that the points are not counted any more.
struct Victim {
    const char* program;
    const char* file;
    int points_at_least;
};
constexpr Victim station{"stationd", "ledger.db", 4};
constexpr Victim central{"centrald", "central.db", 6};

Environment kill_at(const Victim& victim, const std::string& when, int point) {
    return {{"LD_PRELOAD", std::string(PROGRAMS_DIR) + "/killpoint.so"},
            {"KILLPOINT_COMM", victim.program},
            {"KILLPOINT_FILE", victim.file},
            {"KILLPOINT", when + ":" + std::to_string(point)}};
}

/// More points than one renewal has; the sweep ends at the first that is not reached.
constexpr int points_at_most = 40;

void issue(Journey& journey) {
    BOOST_REQUIRE(journey.produce());
    BOOST_REQUIRE(journey.hand_over());
    BOOST_REQUIRE(journey.issued());
}

void end(Workplace& place, int renewals) {
    place.stop_station();
    place.stop_central();
    const Finished verdict = place.check(renewals);
    BOOST_TEST(verdict.exit_code == 0, verdict.out);
}

void end_sweep(const Victim& victim, int reached) {
    BOOST_TEST_MESSAGE(victim.program << " killed at " << reached << " points");
    BOOST_TEST(reached >= victim.points_at_least);
    BOOST_TEST(reached < points_at_most);
}

void kill_the_station(const std::string& when) {
    Workplace place(options_for("kill-" + when));
    place.start_central();
    int renewals = 0;
    int reached = 0;
    for (int point = 1; point <= points_at_most; ++point) {
        BOOST_TEST_CONTEXT("killed " << when << " write " << point) {
            place.start_station(kill_at(station, when, point));
            Journey journey(place, synthetic_pass(++renewals));
            issue(journey);
            if (journey.deaths() == 0) {
                break;
            }
            ++reached;
            place.stop_station();
        }
    }
    end_sweep(station, reached);
    end(place, renewals);
}

void kill_the_central(const std::string& when) {
    Workplace place(options_for("kill-central-" + when));
    place.start_central();
    place.start_station();
    int renewals = 0;
    int reached = 0;
    for (int point = 1; point <= points_at_most; ++point) {
        BOOST_TEST_CONTEXT("the central killed " << when << " write " << point) {
            place.stop_central();
            place.start_central(kill_at(central, when, point));
            Journey journey(place, synthetic_pass(++renewals));
            issue(journey);
            if (journey.central_deaths() == 0) {
                break;
            }
            ++reached;
        }
    }
    end_sweep(central, reached);
    end(place, renewals);
}

/// A card that says nothing more has executed the APDU; then its station is killed.
void kill_over_a_card(Workplace& place, Slot& slot) {
    if (slot.command("state").ends_with(" hanging")) {
        place.station().signal(SIGKILL);
        place.station().wait();
        slot.command("release");
    }
}

constexpr int apdus_at_most = 80;
constexpr int daily_stride = 7;

BOOST_AUTO_TEST_CASE(killed_before_any_durable_write_the_renewal_is_issued_once) {
    kill_the_station("before");
}

BOOST_AUTO_TEST_CASE(killed_after_any_durable_write_the_renewal_is_issued_once) {
    kill_the_station("after");
}

BOOST_AUTO_TEST_CASE(the_central_killed_before_any_durable_write_issues_the_renewal_once) {
    kill_the_central("before");
}

BOOST_AUTO_TEST_CASE(the_central_killed_after_any_durable_write_issues_the_renewal_once) {
    kill_the_central("after");
}

BOOST_AUTO_TEST_CASE(killed_at_any_apdu_the_renewal_is_issued_once) {
    Workplace place(options_for("kill-apdu"));
    place.start_central();
    place.start_station();
    int renewals = 0;
    for (const bool at_the_counter : {false, true}) {
        Slot& slot = place.slot(at_the_counter ? counter_reader : production_reader);
        int reached = 0;
        for (int apdu = 1; apdu <= apdus_at_most; apdu += every_point() ? 1 : daily_stride) {
            BOOST_TEST_CONTEXT("killed at APDU "
                               << apdu
                               << (at_the_counter ? " at the counter" : " of a production")) {
                Journey journey(place, synthetic_pass(++renewals));
                auto& hook = at_the_counter ? journey.on_counter : journey.on_production;
                hook = [&](Slot& loaded) { loaded.command("hang " + std::to_string(apdu)); };
                journey.meanwhile = [&] { kill_over_a_card(place, slot); };
                issue(journey);
                slot.command("quirk none");
                if (journey.deaths() == 0) {
                    break;
                }
                ++reached;
            }
        }
        BOOST_TEST_MESSAGE("killed at " << reached << " APDUs");
        BOOST_TEST(reached > 1);
    }
    end(place, renewals);
}

}  // namespace
