// Cards torn on the real pcscd and under the real libnfc, in production and at the counter.
// LIVE_TEAR_STRIDE=1 takes every APDU; without it a sample is taken, and the exhaustive sweep is
// desfire_tear_tests' in one thread.

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/live/journey.hpp"

namespace {

using namespace live;
namespace data = boost::unit_test::data;

int stride() {
    const char* given = std::getenv("LIVE_TEAR_STRIDE");           // NOLINT(concurrency-mt-unsafe)
    return given == nullptr ? 13 : std::max(1, std::atoi(given));  // NOLINT
}

bool carry_through(Journey& journey) {
    return journey.produce() && journey.hand_over() && journey.issued();
}

struct Counts {
    std::int64_t production = 0;
    std::int64_t counter = 0;
};

/// The APDUs of a renewal that nothing befalls.
Counts count_apdus(Workplace& place, const std::string& old_pass) {
    Journey journey(place, old_pass);
    // A card that comes before its renewal is looked at twice.
    BOOST_REQUIRE(eventually([&] {
        const std::vector<json::object> events = place.events();
        return std::any_of(events.begin(), events.end(), [&](const json::object& event) {
            return text(event, "event") == "renewal.claimed" &&
                   text(event, "pass_no") == journey.pass_no();
        });
    }));
    BOOST_REQUIRE(carry_through(journey));
    return {place.slot(production_reader).apdus(), place.slot(counter_reader).apdus()};
}

struct Torn {
    Stack stack;
    std::string chip;
    std::string when;
};

std::ostream& operator<<(std::ostream& out, const Torn& torn) {
    return out << torn.stack << "-" << torn.chip << "-" << torn.when;
}

/// The counter's APDUs are fewer: they are torn one by one, and then again from the first on.
void sweep(const Torn& torn) {
    std::ostringstream name;
    name << "tear-" << torn;
    WorkplaceOptions options = options_for(name.str());
    options.readers.assign(2, torn.stack);
    options.chip = torn.chip;
    Workplace place(options);
    place.start_central();
    place.start_station();
    int renewals = 1;
    const Counts apdus = count_apdus(place, synthetic_pass(renewals));
    BOOST_TEST_MESSAGE(apdus.production << " and " << apdus.counter << " APDUs");
    for (std::int64_t at = 1; at <= apdus.production; at += stride()) {
        BOOST_TEST_CONTEXT("torn " << torn.when << " APDU " << at) {
            Journey journey(place, synthetic_pass(++renewals));
            journey.on_production = [&](Slot& slot) {
                slot.tear(static_cast<std::uint32_t>(at), torn.when);
            };
            journey.on_counter = [&](Slot& slot) {
                slot.tear(static_cast<std::uint32_t>((at - 1) % apdus.counter + 1), torn.when);
            };
            BOOST_REQUIRE(carry_through(journey));
            BOOST_TEST(journey.tears() == 2);
        }
    }
    place.stop_station();
    place.stop_central();
    const Finished verdict = place.check(renewals);
    BOOST_TEST(verdict.exit_code == 0, verdict.out);
}

const std::vector<Torn> sweeps{
    {Stack::pcsc, "EV2-4K", "before"},      {Stack::pcsc, "EV2-4K", "after"},
    {Stack::pcsc, "EV2-4K", "rolled_back"}, {Stack::pcsc, "EV1-4K", "after"},
    {Stack::pcsc, "EV3-4K", "after"},       {Stack::libnfc, "EV2-4K", "before"},
    {Stack::libnfc, "EV2-4K", "after"},     {Stack::libnfc, "EV1-4K", "rolled_back"},
};

BOOST_DATA_TEST_CASE(torn_at_an_apdu_and_put_back_the_card_is_issued_once, data::make(sweeps),
                     torn) {
    sweep(torn);
}

}  // namespace
