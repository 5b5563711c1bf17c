// The counter on real parts where it is not the plain case: papers that are missing, cards that
// must be voided, cards that were made elsewhere.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include <boost/test/unit_test.hpp>

#include "tests/live/journey.hpp"

namespace {

using namespace live;
using namespace std::chrono_literals;

struct Office {
    /// `before` happens before anything but pcscd runs.
    explicit Office(const std::string& name, const std::function<void(Workplace&)>& before = {})
        : place(options_for(name)) {
        if (before) {
            before(place);
        }
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
    void check(int issued, const std::vector<std::string>& more = {}) {
        place.stop_station();
        place.stop_central();
        const Finished verdict = place.check(issued, more);
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

BOOST_AUTO_TEST_CASE(the_printed_letter_is_read_by_a_scanner_and_serves) {
    Office office("printed-letter");
    Journey journey(office.place, synthetic_pass(1));
    BOOST_REQUIRE(journey.produce());
    const std::string letter = office.place.letter_code(journey.pass_no());
    BOOST_REQUIRE(letter.starts_with("PL1:"));
    const std::string log = office.place.path("logs/printed");
    Process sitting =
        office.place.begin_hand_over(journey.old_pass(), log, {"--letter-qr", letter});
    BOOST_REQUIRE(office.tap_and_finish(sitting, log, journey.card_file()));
    BOOST_REQUIRE(journey.issued());
    const std::string history = office.place.station_run({"history", journey.pass_no()}).out;
    BOOST_TEST(history.find("letter_signed+qr_number_matched") != std::string::npos);
    office.check(1);
}

BOOST_AUTO_TEST_CASE(a_withdrawn_renewals_card_is_voided_by_its_tap) {
    Office office("void-withdrawn");
    Journey journey(office.place, synthetic_pass(1));
    BOOST_REQUIRE(journey.produce());
    office.place.central_run({"withdraw", journey.pass_no(), "--reason", "test"});
    BOOST_REQUIRE(eventually([&] {
        return office.place.station_run({"work"}).out.find("\"withdrawn\"") != std::string::npos;
    }));
    const std::string log = office.place.path("logs/void");
    Process sitting({std::string(PROGRAMS_DIR) + "/stationctl", "--control",
                     "unix:" + office.place.path("stationd.sock"), "--json", "void",
                     journey.pass_no(), "--reason", "withdrawn"},
                    log);
    BOOST_REQUIRE(office.tap_and_finish(sitting, log, journey.card_file(), "tap_card_to_void"));
    BOOST_TEST(read_file(log).find("\"card_voided\"") != std::string::npos);
    BOOST_TEST(read_file(journey.card_file()).find("\"active\"") == std::string::npos);
    BOOST_TEST(office.told("card.voided", "code", "withdrawn"));
    BOOST_REQUIRE(
        eventually([&] { return office.place.status().at("unacknowledged_facts") == 0; }));
    office.check(0);
}

BOOST_AUTO_TEST_CASE(a_dead_card_is_given_up_and_another_made_while_the_holder_waits) {
    Office office("dead-card");
    Journey journey(office.place, synthetic_pass(1));
    BOOST_REQUIRE(journey.produce());
    BOOST_REQUIRE(
        eventually([&] { return office.place.status().at("unacknowledged_facts") == 0; }));
    const auto give_up = [&](const std::vector<std::string>& more) {
        std::vector<std::string> words{"void", journey.pass_no(), "--reason", "dead", "--no-tap"};
        words.insert(words.end(), more.begin(), more.end());
        return office.place.station_run(words);
    };
    BOOST_TEST(give_up({}).out.find("須主管同意") != std::string::npos);
    BOOST_REQUIRE(give_up({"--supervisor", "s-17"}).exit_code == 0);
    const std::string blank = office.place.blank_card("second");
    BOOST_REQUIRE(eventually(
        [&] { return text(office.place.renewal(journey.pass_no()), "status") == "approved"; }));
    office.place.slot(production_reader).place(blank);
    BOOST_REQUIRE(eventually(
        [&] { return text(office.place.reader(production_reader), "notice") == "card_finished"; }));
    office.place.take_off(production_reader);
    const std::string log = office.place.path("logs/second");
    Process sitting = office.place.begin_hand_over(journey.old_pass(), log);
    BOOST_REQUIRE(office.tap_and_finish(sitting, log, blank));
    BOOST_REQUIRE(journey.issued());
    office.check(1);
}

BOOST_AUTO_TEST_CASE(the_central_hears_of_the_station_and_the_clocks_agree) {
    Office office("heartbeat");
    BOOST_REQUIRE(
        eventually([&] { return !text(office.place.status(), "last_heartbeat").empty(); }));
    BOOST_TEST(!office.place.status().at("clock_differs").as_bool());
    BOOST_TEST(office.place.status().at("offline_handover_s") == 0);
}

/// The manual's own sample pass that is 已製證, and the old pass that it replaces.
const std::string elsewhere_pass = "KHPS110-000035";
const std::string elsewhere_old_pass = "KHPS109-010345";

/// A card of that pass which no station wrote, with this last day of validity.
std::string card_from_elsewhere(Workplace& place, const std::string& name,
                                const std::string& valid_to) {
    const std::string file = place.blank_card(name);
    const std::string pass = place.path(name + "-pass.json");
    std::ofstream(pass) << json::serialize(json::object{{"pass_number", elsewhere_pass},
                                                        {"old_pass_number", elsewhere_old_pass},
                                                        {"valid_from", "2020-12-02"},
                                                        {"valid_to", valid_to},
                                                        {"port_areas", json::array{"KH"}}});
    place.slot(counter_reader).place(file);
    const Finished made =
        run({std::string(PROGRAMS_DIR) + "/cardtool", "personalise", "--keys", place.path("keys"),
             "--reader", place.virtual_reader(counter_reader), "--originality", "off", "--pass",
             pass, "--record", place.path(name + "-record.json")},
            place.path("commands.log"));
    BOOST_REQUIRE_MESSAGE(made.exit_code == 0, made.out);
    place.take_off(counter_reader);
    return file;
}

/// `stationctl adopt` of that pass; its steps go to the given file.
Process begin_adoption(Workplace& place, const std::string& log) {
    return Process({std::string(PROGRAMS_DIR) + "/stationctl", "--control",
                    "unix:" + place.path("stationd.sock"), "--json", "adopt", elsewhere_pass},
                   log);
}

bool waits_to_be_adopted(Office& office) {
    return eventually([&] {
        return office.place.station_run({"work"}).out.find("adopt_or_remake") != std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(a_card_that_was_made_elsewhere_is_adopted_by_its_tap_and_handed_over) {
    std::string card;
    Office office("elsewhere", [&](Workplace& place) {
        card = card_from_elsewhere(place, "elsewhere", "2023-07-05");
    });
    BOOST_REQUIRE(waits_to_be_adopted(office));
    const std::string log = office.place.path("logs/adopt");
    Process sitting = begin_adoption(office.place, log);
    BOOST_REQUIRE(office.tap_and_finish(sitting, log, card, "tap_card_to_adopt"));
    BOOST_TEST(read_file(log).find("\"card_adopted\"") != std::string::npos, read_file(log));
    BOOST_TEST(office.told("card.adopted", "pass_no", elsewhere_pass));

    const std::string collected = office.place.path("logs/adopted-hand-over");
    Process hand_over = office.place.begin_hand_over(elsewhere_old_pass, collected);
    BOOST_REQUIRE(office.tap_and_finish(hand_over, collected, card));
    BOOST_REQUIRE(eventually([&] {
        return text(office.place.central_command({"show", elsewhere_pass}), "status") == "issued";
    }));
    BOOST_REQUIRE(
        eventually([&] { return office.place.status().at("unacknowledged_facts") == 0; }));
    BOOST_TEST(office.place.station_run({"adopt", elsewhere_pass}).exit_code == 1);
    office.check(1, {"--issuer", "cardtool", "--issuer", "port-office:kh"});
}

BOOST_AUTO_TEST_CASE(a_card_that_does_not_prove_to_be_the_passes_is_not_adopted) {
    std::string other_data;
    Office office("not-elsewhere", [&](Workplace& place) {
        other_data = card_from_elsewhere(place, "other-data", "2023-07-06");
    });
    BOOST_REQUIRE(waits_to_be_adopted(office));
    const std::string log = office.place.path("logs/adopt");
    Process sitting = begin_adoption(office.place, log);
    std::size_t refusals = 0;
    for (const std::string& card : {office.place.blank_card("blank"), other_data}) {
        BOOST_REQUIRE(eventually(
            [&] { return read_file(log).find("tap_card_to_adopt") != std::string::npos; }));
        office.place.slot(counter_reader).place(card);
        ++refusals;
        BOOST_REQUIRE(eventually([&] {
            const std::string steps = read_file(log);
            std::size_t found = 0;
            for (auto at = steps.find("\"card_is_not_this_passes\""); at != std::string::npos;
                 at = steps.find("\"card_is_not_this_passes\"", at + 1)) {
                ++found;
            }
            return found == refusals;
        }));
        office.place.take_off(counter_reader);
    }
    BOOST_REQUIRE(office.place.station_run({"cancel"}).exit_code == 0);
    BOOST_REQUIRE(eventually([&] { return !sitting.running(); }));
    BOOST_TEST(read_file(log).find("\"adoption_cancelled\"") != std::string::npos);
    BOOST_TEST(text(office.place.central_command({"show", elsewhere_pass}), "status") ==
               "produced");
    BOOST_TEST(office.place.status().at("unacknowledged_facts") == 0);
    BOOST_TEST(office.place.station_run({"history", elsewhere_pass}).out.find("\"adopted\"") ==
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_the_central_or_its_consent_no_card_is_adopted) {
    std::string card;
    Office office("adopt-refused", [&](Workplace& place) {
        card = card_from_elsewhere(place, "elsewhere", "2023-07-05");
    });
    BOOST_REQUIRE(waits_to_be_adopted(office));
    const auto tapped = [&](const std::string& name) {
        const std::string log = office.place.path("logs/" + name);
        Process sitting = begin_adoption(office.place, log);
        BOOST_REQUIRE(office.tap_and_finish(sitting, log, card, "tap_card_to_adopt"));
        return read_file(log);
    };
    office.place.central_run({"hold", elsewhere_pass, "--reason", "test"});
    const std::string refused = tapped("held");
    BOOST_TEST(refused.find("\"adoption_refused\"") != std::string::npos, refused);
    BOOST_TEST(office.told("renewal.claim_refused", "code", "held"));
    office.place.central_run({"release", elsewhere_pass, "--reason", "test"});
    office.place.stop_central();
    const std::string away = tapped("away");
    BOOST_TEST(away.find("\"adoption_needs_central\"") != std::string::npos, away);
    office.place.start_central();
    const std::string adopted = tapped("again");
    BOOST_TEST(adopted.find("\"card_adopted\"") != std::string::npos, adopted);
}

}  // namespace
