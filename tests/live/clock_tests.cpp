// The station's clock stepped while it works, by libfaketime; time that only grows is left alone.
// What must hold: nothing is decided otherwise, and the renewal ends issued once. (Certificates do
// look at the clock: with TLS a station far out of time is away until its clock is right.)

#include <filesystem>
#include <fstream>

#include <boost/test/unit_test.hpp>

#include "tests/live/journey.hpp"

namespace {

using namespace live;

constexpr std::array steps{"+3600", "-3600", "+31536000", "-31536000"};
constexpr const char* no_step = "+0";

class SteppedOffice {
  public:
    explicit SteppedOffice(const WorkplaceOptions& options) : place(options) {
        step(no_step);
        place.start_central();
        place.start_station(
            {{"LD_PRELOAD", "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"},
             {"FAKETIME_TIMESTAMP_FILE", offset_file()},
             {"FAKETIME_NO_CACHE", "1"},
             {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}});
    }
    /// By so many seconds from the real time.
    void step(const std::string& seconds) const {
        const std::string fresh = offset_file() + ".new";
        std::ofstream(fresh) << seconds << "\n";
        std::filesystem::rename(fresh, offset_file());
    }
    void end(int renewals) {
        place.stop_station();
        place.stop_central();
        const Finished verdict = place.check(renewals);
        BOOST_TEST(verdict.exit_code == 0, verdict.out);
    }

    Workplace place;

  private:
    [[nodiscard]] std::string offset_file() const { return place.path("clock"); }
};

WorkplaceOptions in_the_clear(const std::string& name) {
    WorkplaceOptions options = options_for(name);
    options.plain_http = true;
    return options;
}

BOOST_AUTO_TEST_CASE(a_clock_that_steps_at_any_point_changes_nothing) {
    SteppedOffice office(in_the_clear("clock"));
    int renewals = 0;
    for (const char* const seconds : steps) {
        for (const char* const point : {"production", "drawer", "counter"}) {
            BOOST_TEST_CONTEXT(seconds << " s, " << point) {
                Journey journey(office.place, synthetic_pass(++renewals));
                const auto here = [&](const std::string& name) {
                    if (name == point) {
                        office.step(seconds);
                    }
                };
                journey.on_production = [&](Slot&) { here("production"); };
                journey.on_counter = [&](Slot&) { here("counter"); };
                BOOST_REQUIRE(journey.produce());
                here("drawer");
                BOOST_REQUIRE(journey.hand_over());
                BOOST_REQUIRE(journey.issued());
                BOOST_TEST(journey.deaths() == 0);
            }
        }
    }
    office.end(renewals);
}

BOOST_AUTO_TEST_CASE(the_stepped_clock_is_the_stations) {
    SteppedOffice office(in_the_clear("clock-seen"));
    BOOST_REQUIRE(eventually([&] { return !office.place.events().empty(); }));
    office.step("-31536000");
    Journey journey(office.place, synthetic_pass(1));
    BOOST_REQUIRE(journey.produce());
    office.place.stop_station();
    office.place.stop_central();
    const auto events = office.place.events();
    BOOST_TEST(text(events.front(), "ts") > text(events.back(), "ts"));
}

BOOST_AUTO_TEST_CASE(with_tls_a_station_far_out_of_time_works_again_when_its_clock_is_right) {
    SteppedOffice office(options_for("clock-tls"));
    Journey before(office.place, synthetic_pass(1));
    BOOST_REQUIRE(before.produce());
    office.place.stop_central();
    office.step("+31536000");
    office.place.start_central();
    BOOST_REQUIRE(eventually([&] {
        return read_file(office.place.path("logs/stationd.log")).find("central.unproven") !=
               std::string::npos;
    }));
    office.step(no_step);
    BOOST_REQUIRE(
        eventually([&] { return office.place.status().at("central_reachable").as_bool(); },
                   std::chrono::seconds(60)));
    BOOST_REQUIRE(before.hand_over());
    BOOST_REQUIRE(before.issued());
    office.end(1);
}

}  // namespace
