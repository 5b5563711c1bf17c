// The whole line over libnfc: an emulated PN532 at either end of the counter, the real library in
// the workers. What crashes, hangs or unplugs a reader costs time and no card.

#include <fstream>

#include <boost/test/unit_test.hpp>

#include "tests/live/journey.hpp"

namespace {

using namespace live;
using namespace std::chrono_literals;

WorkplaceOptions over_libnfc(const std::string& name) {
    WorkplaceOptions options = options_for(name);
    options.readers = {Stack::libnfc, Stack::libnfc};
    return options;
}

struct Office {
    explicit Office(const std::string& name) : place(over_libnfc(name)) {
        place.start_central();
        place.start_station();
    }
    ~Office() {
        place.stop_station();
        place.stop_central();
    }
    Office(const Office&) = delete;
    Office& operator=(const Office&) = delete;

    Slot& board() { return place.slot(production_reader); }
    bool told(const std::string& event) {
        for (const json::object& entry : place.events()) {
            if (text(entry, "event") == event) {
                return true;
            }
        }
        return false;
    }
    /// Everything stopped, the checker is content.
    void check(int issued) {
        place.stop_station();
        place.stop_central();
        const Finished verdict = place.check(issued);
        BOOST_TEST(verdict.exit_code == 0, verdict.out);
    }
    /// Puts the card back, as often as an operator is asked to, until it is made.
    bool is_made(const Journey& journey) {
        return eventually(
            [&] {
                const auto made = [&] {
                    const std::string stage = text(place.renewal(journey.pass_no()), "card_stage");
                    return stage == "verified";
                };
                if (eventually(made, 3s)) {
                    return true;
                }
                place.take_off(production_reader);
                board().put_back();
                return false;
            },
            40s);
    }

    Workplace place;
};

/// A program of libnfc's or libfreefare's at the board.
Finished tool(const Workplace& place, const std::vector<std::string>& command) {
    std::vector<std::string> whole{"/usr/bin/env",
                                   "LIBNFC_DEVICE=pn532_uart:" + place.path("port-0"),
                                   "/usr/bin/timeout", "20"};
    whole.insert(whole.end(), command.begin(), command.end());
    return run(whole);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_renewal_goes_from_application_to_hand_over) {
    Office office("nfc-line");
    Journey journey(office.place, synthetic_pass(1));
    BOOST_REQUIRE(journey.produce());
    BOOST_REQUIRE(journey.hand_over());
    BOOST_REQUIRE(journey.issued());
    office.check(1);
}

BOOST_AUTO_TEST_CASE(a_card_is_made_whatever_befalls_the_reader_while_it_is_written) {
    Office office("nfc-faults");
    int number = 0;
    for (const char* fault :
         {"rf-timeout 20", "bad-checksum 25", "status-80 36", "tear 28 after"}) {
        BOOST_TEST_CONTEXT(fault) {
            Journey journey(office.place, synthetic_pass(++number));
            office.board().place(journey.card_file());
            office.board().command(fault);
            BOOST_TEST(office.is_made(journey));
            office.place.take_off(production_reader);
        }
    }
    BOOST_TEST(office.told("card.torn"));
    BOOST_TEST(office.told("reader.worker_lost"));
    office.check(0);
}

BOOST_AUTO_TEST_CASE(a_reader_that_is_unplugged_or_hangs_is_down_and_comes_back_with_the_card) {
    Office office("nfc-unplugged");
    int number = 0;
    for (const auto& [away, back] : {std::pair{"unplug", "plug"}, std::pair{"hang", "release"}}) {
        BOOST_TEST_CONTEXT(away) {
            Journey journey(office.place, synthetic_pass(++number));
            office.board().reset_apdus();
            office.board().place(journey.card_file());
            BOOST_REQUIRE(eventually([&] { return office.board().apdus() > 15; }));
            office.board().command(away);
            BOOST_REQUIRE(eventually(
                [&] { return !office.place.reader(production_reader).at("up").as_bool(); }));
            office.board().command(back);
            BOOST_REQUIRE(eventually(
                [&] { return office.place.reader(production_reader).at("up").as_bool(); }));
            BOOST_TEST(office.is_made(journey));
            office.place.take_off(production_reader);
        }
    }
    office.check(0);
}

BOOST_AUTO_TEST_CASE(other_peoples_programs_accept_reader_and_card) {
    Workplace place(over_libnfc("nfc-tools"));
    place.slot(production_reader).place(place.blank_card("tools", 0));
    const Finished list = tool(place, {"/usr/bin/nfc-list"});
    BOOST_TEST(list.exit_code == 0);
    BOOST_TEST(list.out.find("UID (NFCID1): 04  2a  41  ca  e4  53  80") != std::string::npos,
               list.out);
    const Finished information = tool(place, {"/usr/bin/mifare-desfire-info"});
    BOOST_TEST(information.exit_code == 0);
    for (const char* line :
         {"UID:                      0x042a41cae45380", "Storage size:         0x18 (=4096 bytes)",
          "Free memory: 5120 bytes", "Use random UID: no"}) {
        BOOST_TEST(information.out.find(line) != std::string::npos, information.out);
    }
}

BOOST_AUTO_TEST_CASE(libfreefare_s_tool_formats_a_card_that_has_an_application) {
    Workplace place(over_libnfc("nfc-format"));
    const std::string file = place.blank_card("format", 0);
    json::object memory = json::parse(read_file(file)).as_object();
    memory["applications"] = json::array{json::object{
        {"aid", "F54B50"},
        {"settings", "0F"},
        {"key_type", "AES"},
        {"files", json::array{}},
        {"keys", json::array{json::object{{"value", std::string(32, '0')}, {"version", "00"}}}}}};
    memory["used_bytes"] = 96;
    std::ofstream(file) << json::serialize(memory);
    place.slot(production_reader).place(file);
    const Finished formatted = tool(place, {"/usr/bin/mifare-desfire-format", "-y"});
    BOOST_TEST(formatted.exit_code == 0, formatted.out);
    const json::object after = json::parse(read_file(file)).as_object();
    BOOST_TEST(after.at("applications").as_array().empty());
    BOOST_TEST(after.at("used_bytes") == 0);
}
