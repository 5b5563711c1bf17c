// Four production readers at once, each fed one card after the other, over the real pcscd. What
// must hold: every card becomes one renewal's and no renewal gets two, whichever reader is first.

#include <set>

#include <boost/test/unit_test.hpp>

#include "tests/live/journey.hpp"

namespace {

using namespace live;

constexpr std::array<std::size_t, 4> readers{production_reader, 2, 3, 4};
constexpr int rounds = 3;

BOOST_AUTO_TEST_CASE(four_readers_at_once_give_each_card_a_renewal_of_its_own) {
    WorkplaceOptions options = options_for("four-readers");
    options.readers.assign(5, Stack::pcsc);
    Workplace place(options);
    place.start_central();
    place.start_station();
    std::vector<std::string> words{"apply", "--port", "KH"};
    for (int number = 1; number <= rounds * static_cast<int>(readers.size()); ++number) {
        words.push_back(synthetic_pass(number));
    }
    place.central_command(words);
    place.central_run({"approve", "--all", "--payment-confirmed"});
    std::set<std::string> made;
    for (int round = 0; round < rounds; ++round) {
        for (const std::size_t reader : readers) {
            place.slot(reader).place(
                place.blank_card("card-" + std::to_string(round) + "-" + std::to_string(reader)));
        }
        for (const std::size_t reader : readers) {
            BOOST_TEST_CONTEXT("round " << round << ", reader " << reader) {
                BOOST_REQUIRE(eventually(
                    [&] { return text(place.reader(reader), "notice") == "card_finished"; },
                    std::chrono::seconds(60)));
                made.insert(text(place.reader(reader), "pass_no"));
            }
        }
        for (const std::size_t reader : readers) {
            place.take_off(reader);
        }
    }
    BOOST_TEST(made.size() == static_cast<std::size_t>(rounds) * readers.size());
    BOOST_REQUIRE(eventually([&] { return place.status().at("unacknowledged_facts") == 0; }));
    place.stop_station();
    place.stop_central();
    const Finished verdict = place.check(0);
    BOOST_TEST(verdict.exit_code == 0, verdict.out);
}

}  // namespace
