// Cards that hang in the middle of being written, three at once, over both reader stacks. What must
// hold: the other readers go on; a reader that hangs over PC/SC is shown as stuck and is back when
// its driver returns, one over libnfc is back by itself; every card is finished in the end.

#include <boost/test/unit_test.hpp>

#include "tests/live/journey.hpp"

namespace {

using namespace live;
using namespace std::chrono_literals;

constexpr std::array<std::size_t, 2> hung_pcsc{0, 2};
constexpr std::size_t hung_libnfc = 4;
constexpr std::array<std::size_t, 2> healthy{3, 5};
constexpr int cards_of_healthy = 2;
constexpr int renewals = 7;

struct Office {
    Office() : place(options()) {
        place.start_central();
        std::vector<std::string> words{"apply", "--port", "KH"};
        for (int number = 1; number <= renewals; ++number) {
            words.push_back(synthetic_pass(number));
        }
        place.central_command(words);
        place.central_run({"approve", "--all", "--payment-confirmed"});
        place.start_station();
        BOOST_REQUIRE(eventually([&] {
            std::size_t up = 0;
            for (std::size_t reader = 0; reader < options().readers.size(); ++reader) {
                up += flag(reader, "up") ? 1U : 0U;
            }
            return up == options().readers.size() && claimed() == renewals;
        }));
    }
    static WorkplaceOptions options() {
        WorkplaceOptions chosen = options_for("hung");
        chosen.readers.assign(4, Stack::usb);
        chosen.readers.insert(chosen.readers.end(), 2, Stack::libnfc);
        return chosen;
    }
    int claimed() {
        int count = 0;
        for (const json::object& event : place.events()) {
            count += text(event, "event") == "renewal.claimed" ? 1 : 0;
        }
        return count;
    }
    bool flag(std::size_t reader, std::string_view name) {
        const json::object view = place.reader(reader);
        const json::value* value = view.if_contains(name);
        return value != nullptr && value->as_bool();
    }
    std::string notice(std::size_t reader) { return text(place.reader(reader), "notice"); }
    void lay_one_that_hangs(std::size_t reader, const std::string& how) {
        Slot& slot = place.slot(reader);
        slot.load(place.blank_card("hung-" + std::to_string(reader)));
        BOOST_REQUIRE_EQUAL(slot.command(how), "ok");
        slot.put_back();
    }
    bool finishes(std::size_t reader) {
        return eventually([&] { return notice(reader) == "card_finished"; }, 40s);
    }

    Workplace place;
};

}  // namespace

BOOST_AUTO_TEST_CASE(cards_that_hang_stop_their_readers_only_and_are_finished_in_the_end) {
    Office office;
    for (const std::size_t reader : hung_pcsc) {
        office.lay_one_that_hangs(reader, "hang 25");
    }
    office.lay_one_that_hangs(hung_libnfc, "mute 25");
    for (int card = 0; card < cards_of_healthy; ++card) {
        for (const std::size_t reader : healthy) {
            office.place.slot(reader).place(office.place.blank_card(
                "healthy-" + std::to_string(reader) + "-" + std::to_string(card)));
            BOOST_TEST(office.finishes(reader));
            office.place.take_off(reader);
        }
    }
    for (const std::size_t reader : hung_pcsc) {
        BOOST_TEST(eventually([&] { return office.flag(reader, "stuck"); }));
        BOOST_TEST(!office.flag(reader, "up"));
    }
    BOOST_TEST(eventually([&] { return office.notice(hung_libnfc) == "put_same_card_back"; }));
    BOOST_TEST(office.flag(hung_libnfc, "up"));
    BOOST_TEST(!office.flag(hung_libnfc, "stuck"));
    office.place.take_off(hung_libnfc);
    office.place.slot(hung_libnfc).put_back();
    BOOST_TEST(office.finishes(hung_libnfc));
    for (const std::size_t reader : hung_pcsc) {
        BOOST_REQUIRE_EQUAL(office.place.slot(reader).command("release"), "ok");
        BOOST_TEST(office.finishes(reader));
        BOOST_TEST(!office.flag(reader, "stuck"));
    }
    BOOST_REQUIRE(
        eventually([&] { return office.place.status().at("unacknowledged_facts") == 0; }));
    office.place.stop_station();
    office.place.stop_central();
    const Finished verdict = office.place.check(0);
    BOOST_TEST(verdict.exit_code == 0, verdict.out);
}
