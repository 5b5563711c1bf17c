// Two stations that serve one port, with two production readers, at work at once. What must hold:
// the central gives each renewal to one of them, and each gets one card.

#include <set>

#include <boost/test/unit_test.hpp>

#include "tests/live/journey.hpp"

namespace {

using namespace live;

constexpr int rounds = 4;

BOOST_AUTO_TEST_CASE(two_stations_of_one_port_make_each_renewal_once) {
    WorkplaceOptions options = options_for("two-stations");
    options.second_station = "kh2";
    Workplace place(options);
    place.start_central();
    place.start_station();
    place.second().start_station();
    std::set<std::string> made;
    const std::array<PortOffice*, 2> offices{&place, &place.second()};
    std::array<int, 2> made_by{};
    for (int round = 0; round < rounds; ++round) {
        const int first = 2 * round + 1;
        place.central_command(
            {"apply", "--port", "KH", synthetic_pass(first), synthetic_pass(first + 1)});
        for (std::size_t i = 0; i < offices.size(); ++i) {
            offices[i]
                ->slot(production_reader)
                .place(place.blank_card("card-" + std::to_string(round) + "-" + std::to_string(i)));
        }
        place.central_run({"approve", "--all", "--payment-confirmed"});
        // The first to claim has both, so its other one is made when its reader is free again.
        std::size_t made_now = 0;
        BOOST_REQUIRE(eventually(
            [&] {
                for (std::size_t i = 0; i < offices.size(); ++i) {
                    const json::object view = offices[i]->reader(production_reader);
                    if (!view.empty() && text(view, "notice") == "card_finished" &&
                        made.insert(text(view, "pass_no")).second) {
                        ++made_now;
                        ++made_by[i];
                        offices[i]->take_off(production_reader);
                        offices[i]
                            ->slot(production_reader)
                            .place(place.blank_card("card-" + std::to_string(round) + "-" +
                                                    std::to_string(i) + "-" +
                                                    std::to_string(made_now)));
                    }
                }
                return made_now == 2;
            },
            std::chrono::seconds(60)));
        for (PortOffice* office : offices) {
            office->take_off(production_reader);
        }
    }
    BOOST_TEST_MESSAGE("made by the first " << made_by[0] << ", by the second " << made_by[1]);
    for (PortOffice* office : offices) {
        BOOST_REQUIRE(eventually([&] { return office->status().at("unacknowledged_facts") == 0; }));
    }
    place.stop_station();
    place.second().stop_station();
    place.stop_central();
    const Finished verdict = place.check(0);
    BOOST_TEST(verdict.exit_code == 0, verdict.out);
}

}  // namespace
