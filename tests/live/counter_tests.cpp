// The counter on real parts where it is not the plain case: papers that are missing, cards that
// must be voided, cards that were made elsewhere.

#include <algorithm>
#include <filesystem>

#include <boost/test/unit_test.hpp>

#include "tests/live/journey.hpp"

namespace {

using namespace live;
using namespace std::chrono_literals;

struct Office {
    explicit Office(const std::string& name) : place(options_for(name)) {
        place.start_central();
        place.start_station();
    }
    ~Office() {
        if (place.station().running()) {
            place.stop_station();
        }
        if (place.central().running()) {
            place.stop_central();
        }
    }
    Office(const Office&) = delete;
    Office& operator=(const Office&) = delete;

    bool told(const std::string& event, const std::string& key, const std::string& value) {
        const auto all = place.events();
        return std::any_of(all.begin(), all.end(), [&](const json::object& entry) {
            return text(entry, "event") == event && text(entry, key) == value;
        });
    }
    /// What a hand-over that ends by itself says.
    std::string said(const std::vector<std::string>& words) {
        std::vector<std::string> command{"hand-over"};
        command.insert(command.end(), words.begin(), words.end());
        return place.station_run(command).out;
    }
    /// Gives the card once it is asked for, and waits for the end.
    bool tap_and_finish(Process& sitting, const std::string& log, const std::string& card,
                        const std::string& asked = "tap_new_card") {
        const bool begun =
            eventually([&] { return read_file(log).find(asked) != std::string::npos; });
        place.slot(counter_reader).place(card);
        const bool ended = eventually([&] { return !sitting.running(); });
        place.take_off(counter_reader);
        return begun && ended;
    }
    /// Everything stopped, the checker is content.
    void check(int issued) {
        place.stop_station();
        place.stop_central();
        const Finished verdict = place.check(issued);
        BOOST_TEST(verdict.exit_code == 0, verdict.out);
    }

    Workplace place;
};

BOOST_AUTO_TEST_CASE(a_missing_letter_needs_a_supervisor_who_is_recorded) {
    Office office("no-letter");
    Journey journey(office.place, synthetic_pass(1));
    BOOST_REQUIRE(journey.produce());
    BOOST_TEST(office.said({"--old-qr", journey.old_pass()}).find("還缺領證通知信") !=
               std::string::npos);

    const std::string log = office.place.path("logs/no-letter");
    Process sitting(
        {std::string(PROGRAMS_DIR) + "/stationctl", "--control",
         "unix:" + office.place.path("stationd.sock"), "--json", "hand-over", "--old-qr",
         journey.old_pass(), "--supervisor", "s-17", "--reason", "not_received"},
        log);
    BOOST_REQUIRE(office.tap_and_finish(sitting, log, journey.card_file()));
    BOOST_REQUIRE(journey.issued());
    BOOST_TEST(office.told("handover.waived", "staff", "s-17"));
    const std::string history = office.place.station_run({"history", journey.pass_no()}).out;
    BOOST_TEST(history.find("letter_missing+qr_number_matched") != std::string::npos);
    office.check(1);
}

BOOST_AUTO_TEST_CASE(letter_and_old_pass_of_two_renewals_are_refused_and_recorded) {
    Office office("two-renewals");
    Journey mine(office.place, synthetic_pass(1));
    BOOST_REQUIRE(mine.produce());
    Journey other(office.place, synthetic_pass(2));
    BOOST_REQUIRE(other.produce());
    const std::string letter = office.place.letter_for(mine.old_pass());
    BOOST_REQUIRE(!letter.empty());
    BOOST_TEST(office.said({"--letter-qr", letter, "--old-qr", other.old_pass()})
                   .find("舊證與通知信不是同一件換證") != std::string::npos);
    BOOST_TEST(office.told("handover.refused", "code", "wrong_old_pass"));
    std::string forged = letter;
    std::swap(forged[40], forged[41]);
    if (forged == letter) {
        forged[40] = forged[40] == 'A' ? 'B' : 'A';
    }
    BOOST_TEST(office.said({"--letter-qr", forged, "--old-qr", mine.old_pass()})
                   .find("領證通知信無法確認為真") != std::string::npos);
    BOOST_TEST(office.told("handover.refused", "code", "letter_not_valid"));
}

}  // namespace
