// Cards that answer falsely while the station writes them, over both reader stacks. What must hold:
// the card is refused and never made, and the next card on the reader is the renewal's.

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/live/journey.hpp"

namespace {

using namespace live;
namespace data = boost::unit_test::data;

/// From the middle of a production on, and in the end from its beginning.
constexpr std::array<const char*, 7> misbehaviours{
    "quirk no_mac 20", "quirk short_mac 20", "quirk random 20", "quirk endless 20",
    "quirk replay 20", "quirk length 40 20", "quirk random"};

/// Neither what an operator reads before a card was looked at nor what he reads of a made one.
bool is_refused(const std::string& notice) {
    return notice == "put_same_card_back" || notice == "card_spoiled" ||
           notice == "card_is_foreign" || notice == "card_not_proven_genuine";
}

bool is_made(Workplace& place, const std::string& pass_no) {
    return text(place.renewal(pass_no), "card_stage") == "verified";
}

}  // namespace

BOOST_DATA_TEST_CASE(a_card_that_answers_falsely_is_not_made_and_stops_nobody,
                     data::make({Stack::pcsc, Stack::libnfc}), stack) {
    WorkplaceOptions options =
        options_for(stack == Stack::pcsc ? "hostile-pcsc" : "hostile-libnfc");
    options.readers.assign(2, stack);
    Workplace place(options);
    place.start_central();
    place.start_station();
    int number = 0;
    for (const char* misbehaviour : misbehaviours) {
        BOOST_TEST_CONTEXT(misbehaviour) {
            const Journey journey(place, synthetic_pass(++number));
            Slot& slot = place.slot(production_reader);
            slot.load(journey.card_file());
            BOOST_REQUIRE_EQUAL(slot.command(misbehaviour), "ok");
            slot.put_back();
            BOOST_REQUIRE(eventually(
                [&] { return is_refused(text(place.reader(production_reader), "notice")); }));
            BOOST_TEST(!is_made(place, journey.pass_no()));
            place.take_off(production_reader);
            slot.place(place.blank_card(journey.pass_no() + "-next"));
            BOOST_TEST(eventually([&] { return is_made(place, journey.pass_no()); }));
            place.take_off(production_reader);
        }
    }
    BOOST_REQUIRE(eventually([&] { return place.status().at("unacknowledged_facts") == 0; }));
    place.stop_station();
    place.stop_central();
    const Finished verdict = place.check(0);
    BOOST_TEST(verdict.exit_code == 0, verdict.out);
}
