// What a person hears and sees on the reader itself: from the card's act to the model's own
// command, over the real pcscd.

#include <boost/test/unit_test.hpp>

#include "tests/live/journey.hpp"

namespace {

using namespace live;

// As an ACR122U obeys them: green and one beep, red and three.
constexpr const char* success = "FF0040A00402010101";
constexpr const char* refusal = "FF0040500401010301";

struct Office {
    Office(const std::string& name, const char* model) : place(options(name, model)) {
        place.start_central();
        place.start_station();
    }
    static WorkplaceOptions options(const std::string& name, const char* model) {
        WorkplaceOptions chosen = options_for(name);
        chosen.readers.assign(2, Stack::usb);
        chosen.usb_model = model;
        return chosen;
    }
    /// What the reader was told while the card that is, or was last, on it lay there.
    std::string signals(std::size_t reader) { return place.slot(reader).command("signals"); }
    void require_signals(std::size_t reader, const std::string& wanted) {
        BOOST_REQUIRE_MESSAGE(eventually([&] { return signals(reader) == wanted; }),
                              signals(reader) << " and not " << wanted);
    }
    void require_notice(std::size_t reader, const std::string& notice) {
        BOOST_REQUIRE_MESSAGE(
            eventually([&] { return text(place.reader(reader), "notice") == notice; }),
            "no " << notice << ": " << json::serialize(place.reader(reader)));
    }
    /// Made at one reader, laid there again, and handed over at the other after a wrong card.
    void make_and_hand_over(const std::function<void(std::size_t, bool)>& heard) {
        Journey journey(place, synthetic_pass(1));
        BOOST_REQUIRE(journey.produce());
        heard(production_reader, true);
        place.slot(production_reader).load(journey.card_file());
        place.slot(production_reader).put_back();
        require_notice(production_reader, "card_is_finished_already");
        heard(production_reader, false);
        place.take_off(production_reader);
        const std::string log = place.path("logs/hand-over");
        Process sitting = place.begin_hand_over(journey.old_pass(), log);
        require_notice(counter_reader, "tap_new_card");
        place.slot(counter_reader).place(place.blank_card("wrong"));
        require_notice(counter_reader, "wrong_new_card");
        heard(counter_reader, false);
        place.take_off(counter_reader);
        place.slot(counter_reader).place(journey.card_file());
        BOOST_REQUIRE(eventually([&] { return !sitting.running(); }));
        BOOST_TEST(read_file(log).find("\"handed_over\"") != std::string::npos);
        heard(counter_reader, true);
        place.take_off(counter_reader);
        BOOST_REQUIRE(journey.issued());
    }
    void check() {
        place.stop_station();
        place.stop_central();
        const Finished verdict = place.check(1);
        BOOST_TEST(verdict.exit_code == 0, verdict.out);
    }

    Workplace place;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_reader_beeps_once_for_a_card_that_is_done_and_thrice_for_one_that_is_not) {
    Office office("feedback", acr122u);
    office.make_and_hand_over([&](std::size_t reader, bool good) {
        office.require_signals(reader, std::string("ok ") + (good ? success : refusal));
    });
    office.check();
}

BOOST_AUTO_TEST_CASE(a_model_without_feedback_is_told_nothing) {
    Office office("no-feedback", omnikey_5022);
    office.make_and_hand_over(
        [&](std::size_t reader, bool /*good*/) { BOOST_TEST(office.signals(reader) == "ok"); });
    office.check();
}
