// The line on real parts when something is not as it should be: refused or waited for in clear
// words, with an event, and nothing lost.

#include <algorithm>
#include <fstream>

#include <boost/test/unit_test.hpp>
#include <signal.h>

#include "tests/live/journey.hpp"

namespace {

using namespace live;
using namespace std::chrono_literals;

WorkplaceOptions with_plain_http(WorkplaceOptions options) {
    options.plain_http = true;
    return options;
}

struct Office {
    explicit Office(const std::string& name) : Office(options_for(name)) {}
    explicit Office(const WorkplaceOptions& options) : place(options) {
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

    bool told(const std::string& event, const std::string& key = {},
              const std::string& value = {}) {
        const auto all = place.events();
        return std::any_of(all.begin(), all.end(), [&](const json::object& entry) {
            return text(entry, "event") == event && (key.empty() || text(entry, key) == value);
        });
    }
    std::string refusal(const std::string& scanned) {
        return place.station_run({"hand-over", "--old-qr", scanned}).out;
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

BOOST_AUTO_TEST_CASE(plain_http_on_loopback_serves_where_it_was_asked_for_and_is_announced) {
    Office office(with_plain_http(options_for("plain-http")));
    BOOST_TEST(eventually([&] { return office.told("central.reached"); }));
    BOOST_TEST(office.told("central.plain_http"));
}

BOOST_AUTO_TEST_CASE(a_station_with_another_station_s_certificate_gets_nothing_and_says_so) {
    Office office("wrong-station");
    office.place.stop_station();
    BOOST_REQUIRE(!office.told("central.refused"));
    office.place.use_certificate_of("kl");
    office.place.start_station();
    BOOST_TEST(eventually([&] { return office.told("central.refused"); }));
    BOOST_TEST(read_file(office.place.path("centrald.log")).find("\"wrong_station\"") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_station_that_the_central_s_ca_does_not_know_says_so) {
    Office office("foreign-station");
    office.place.stop_station();
    office.place.use_certificate_of("kh", "stranger");
    office.place.start_station();
    BOOST_TEST(eventually([&] { return office.told("central.unproven"); }));
    BOOST_TEST(read_file(office.place.path("centrald.log")).find("\"tls_refused\"") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_old_pass_that_nobody_exchanges_is_refused_in_words) {
    Office office("unknown-pass");
    BOOST_REQUIRE(eventually([&] { return !office.place.status().empty(); }));
    BOOST_TEST(office.refusal("KHPS109-999999").find("查無這張舊證的換證申請") !=
               std::string::npos);
    BOOST_TEST(office.told("handover.ended", "notice", "old_pass_unknown"));
}

BOOST_AUTO_TEST_CASE(a_scan_that_is_no_pass_is_refused_and_kept_nowhere) {
    Office office("no-pass");
    BOOST_REQUIRE(eventually([&] { return !office.place.status().empty(); }));
    const std::string scanned = "CANARY;A123456789;王小明";
    BOOST_TEST(office.refusal(scanned).find("無法辨識這張舊證") != std::string::npos);
    office.place.stop_station();
    const std::string everything = read_file(office.place.path("logs/stationd.log")) +
                                   read_file(office.place.ledger()) +
                                   read_file(office.place.ledger() + "-wal");
    BOOST_TEST(everything.find("CANARY") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_renewal_that_is_not_made_yet_is_refused_in_words) {
    Office office("not-made");
    const Journey journey(office.place, synthetic_pass(1));
    BOOST_REQUIRE(eventually([&] { return !office.place.renewal(journey.pass_no()).empty(); }));
    BOOST_TEST(office.refusal(journey.old_pass()).find("新證尚未製作完成") != std::string::npos);
    BOOST_TEST(office.told("handover.refused", "code", "not_produced"));
}

BOOST_AUTO_TEST_CASE(another_holders_new_card_is_refused_and_the_right_one_then_goes_through) {
    Office office("wrong-card");
    Journey mine(office.place, synthetic_pass(1));
    BOOST_REQUIRE(mine.produce());
    Journey other(office.place, synthetic_pass(2));
    BOOST_REQUIRE(other.produce());

    const std::string log = office.place.path("logs/wrong-card");
    Process sitting = office.place.begin_hand_over(mine.old_pass(), log);
    BOOST_REQUIRE(
        eventually([&] { return read_file(log).find("tap_new_card") != std::string::npos; }));
    office.place.slot(counter_reader).place(other.card_file());
    BOOST_REQUIRE(
        eventually([&] { return read_file(log).find("wrong_new_card") != std::string::npos; }));
    office.place.take_off(counter_reader);
    office.place.slot(counter_reader).place(mine.card_file());
    BOOST_REQUIRE(eventually([&] { return !sitting.running(); }));
    office.place.take_off(counter_reader);
    BOOST_TEST(read_file(log).find("\"handed_over\"") != std::string::npos);
    BOOST_TEST(office.told("handover.refused", "code", "wrong_new_card"));

    BOOST_REQUIRE(other.hand_over());
    BOOST_REQUIRE(other.issued());
    office.check(2);
}

BOOST_AUTO_TEST_CASE(a_renewal_withdrawn_before_production_uses_no_card) {
    Office office("withdrawn-early");
    const Journey journey(office.place, synthetic_pass(1));
    office.place.central_run({"withdraw", journey.pass_no(), "--reason", "test"});
    BOOST_REQUIRE(eventually(
        [&] { return text(office.place.renewal(journey.pass_no()), "status") == "withdrawn"; }));
    const std::string before = read_file(journey.card_file());
    office.place.slot(production_reader).place(journey.card_file());
    BOOST_REQUIRE(eventually([&] {
        return text(office.place.reader(production_reader), "notice") == "no_renewal_waiting";
    }));
    BOOST_TEST(read_file(journey.card_file()) == before);
}

BOOST_AUTO_TEST_CASE(a_renewal_withdrawn_after_production_is_not_handed_over) {
    Office office("withdrawn-late");
    Journey journey(office.place, synthetic_pass(1));
    BOOST_REQUIRE(journey.produce());
    office.place.central_run({"withdraw", journey.pass_no(), "--reason", "test"});
    BOOST_REQUIRE(eventually(
        [&] { return text(office.place.renewal(journey.pass_no()), "status") == "withdrawn"; }));
    BOOST_TEST(office.refusal(journey.old_pass()).find("這筆換證已撤回") != std::string::npos);
    BOOST_TEST(office.told("handover.refused", "code", "withdrawn"));
    BOOST_TEST(read_file(journey.card_file()).find("\"active\"") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_held_renewal_waits_and_goes_through_once_it_is_released) {
    Office office("held");
    Journey journey(office.place, synthetic_pass(1));
    BOOST_REQUIRE(journey.produce());
    office.place.central_run({"hold", journey.pass_no(), "--reason", "test"});
    BOOST_REQUIRE(
        eventually([&] { return office.place.renewal(journey.pass_no()).at("held").as_bool(); }));
    BOOST_TEST(office.refusal(journey.old_pass()).find("這筆換證暫停中") != std::string::npos);
    office.place.central_run({"release", journey.pass_no()});
    BOOST_REQUIRE(
        eventually([&] { return !office.place.renewal(journey.pass_no()).at("held").as_bool(); }));
    BOOST_REQUIRE(journey.hand_over());
    BOOST_REQUIRE(journey.issued());
    office.check(1);
}

BOOST_AUTO_TEST_CASE(with_the_central_away_a_claimed_card_is_made_and_told_later) {
    Office office("away-production");
    Journey journey(office.place, synthetic_pass(1));
    BOOST_REQUIRE(eventually([&] { return office.told("renewal.claimed"); }));
    office.place.stop_central();
    BOOST_REQUIRE(journey.produce());
    office.place.start_central();
    BOOST_REQUIRE(journey.hand_over());
    BOOST_REQUIRE(journey.issued());
    BOOST_TEST(office.told("central.away"));
    BOOST_TEST(office.told("central.reached"));
    office.check(1);
}

BOOST_AUTO_TEST_CASE(with_the_central_away_nothing_is_handed_over_and_the_words_say_so) {
    Office office("away-counter");
    Journey journey(office.place, synthetic_pass(1));
    BOOST_REQUIRE(journey.produce());
    BOOST_REQUIRE(
        eventually([&] { return office.place.status().at("unacknowledged_facts") == 0; }));
    BOOST_REQUIRE(!office.place.letter_for(journey.old_pass()).empty());
    office.place.stop_central();
    const std::string log = office.place.path("logs/away");
    Process sitting = office.place.begin_hand_over(journey.old_pass(), log);
    BOOST_REQUIRE(
        eventually([&] { return read_file(log).find("tap_new_card") != std::string::npos; }));
    office.place.slot(counter_reader).place(journey.card_file());
    BOOST_REQUIRE(eventually([&] { return !sitting.running(); }));
    office.place.take_off(counter_reader);
    BOOST_TEST(read_file(log).find("central_away") != std::string::npos);
    BOOST_TEST(text(office.place.renewal(journey.pass_no()), "card_stage") == "verified");
    office.place.start_central();
    BOOST_REQUIRE(journey.hand_over());
    BOOST_REQUIRE(journey.issued());
    office.check(1);
}

BOOST_AUTO_TEST_CASE(pcscd_killed_and_started_again_is_survived) {
    Office office("pcscd-killed");
    Journey first(office.place, synthetic_pass(1));
    BOOST_REQUIRE(first.produce());
    office.place.pcscd().signal(SIGKILL);
    office.place.pcscd().wait();
    BOOST_REQUIRE(eventually([&] { return office.told("reader.down", "fault", "start_pcscd"); }));
    office.place.start_pcscd();
    BOOST_REQUIRE(
        eventually([&] { return office.place.reader(production_reader).at("up").as_bool(); }));
    BOOST_REQUIRE(first.hand_over());
    BOOST_REQUIRE(first.issued());
    office.check(1);
}

BOOST_AUTO_TEST_CASE(a_pass_is_found_by_either_number_and_by_its_card) {
    Office office("find");
    Journey journey(office.place, synthetic_pass(1));
    BOOST_REQUIRE(journey.produce());
    const std::string uid = text(office.place.renewal(journey.pass_no()), "card_uid");
    for (const std::string& given : {journey.pass_no(), journey.old_pass(), uid}) {
        const Finished found = office.place.station_run({"find", given});
        BOOST_TEST(found.exit_code == 0, given);
        const json::object renewal = json::parse(found.out).as_object();
        BOOST_TEST(text(renewal, "pass_no") == journey.pass_no(), given);
        BOOST_TEST(text(renewal, "card_stage") == "verified", given);
    }
    BOOST_TEST(office.place.station_run({"find", synthetic_pass(2)}).exit_code == 1);
    BOOST_TEST(office.place.station_run({"find", "no pass"}).exit_code == 1);
}

/// What a screen gets from the station's console: a line with status, type and SHA-256.
std::string asked_of_console(const std::string& socket, const std::string& target) {
    static const std::string program =
        "import hashlib, http.client, socket, sys\n"
        "line = http.client.HTTPConnection('station')\n"
        "line.sock = socket.socket(socket.AF_UNIX)\n"
        "line.sock.connect(sys.argv[1])\n"
        "line.request('GET', sys.argv[2])\n"
        "answer = line.getresponse()\n"
        "print(answer.status, answer.getheader('content-type'),"
        " hashlib.sha256(answer.read()).hexdigest(), end='')\n";
    return run({"/usr/bin/python3", "-c", program, socket, target}).out;
}

BOOST_AUTO_TEST_CASE(the_counter_shows_the_photo_of_the_holder_who_stands_there_and_keeps_none) {
    WorkplaceOptions options = options_for("photo");
    options.passes = options.source + "/tests/data/eligible-passes.csv";
    Office office(options);
    const std::string socket = office.place.path("stationd.sock");
    const std::string target = "/sittings/current/photo";
    Journey journey(office.place, "KHPS109-010323");
    BOOST_REQUIRE(journey.produce());
    BOOST_TEST(asked_of_console(socket, target).starts_with("404 application/problem+json"));

    const std::string log = office.place.path("logs/photo");
    Process sitting = office.place.begin_hand_over(journey.old_pass(), log);
    BOOST_REQUIRE(
        eventually([&] { return read_file(log).find("tap_new_card") != std::string::npos; }));
    const std::string file = options.source + "/tests/data/photos/KHPS109-010323.png";
    const std::string sha256 = run({"/usr/bin/sha256sum", file}).out.substr(0, 64);
    BOOST_TEST(asked_of_console(socket, target) == "200 image/png " + sha256);

    office.place.slot(counter_reader).place(journey.card_file());
    BOOST_REQUIRE(eventually([&] { return !sitting.running(); }));
    office.place.take_off(counter_reader);
    BOOST_REQUIRE(journey.issued());
    BOOST_TEST(asked_of_console(socket, target).starts_with("404 "));
    const std::string photo = read_file(file);
    office.check(1);
    for (const std::string& kept : {office.place.ledger(), office.place.ledger() + "-wal"}) {
        BOOST_TEST(read_file(kept).find(photo.substr(0, 64)) == std::string::npos, kept);
    }
}

BOOST_AUTO_TEST_CASE(the_station_logs_no_name_and_no_id_number) {
    Office office("canaries");
    Journey journey(office.place, synthetic_pass(7));
    BOOST_REQUIRE(journey.produce());
    BOOST_REQUIRE(journey.hand_over());
    BOOST_REQUIRE(journey.issued());
    office.place.stop_station();
    for (const std::string& file : {office.place.path("logs/stationd.log"), office.place.ledger(),
                                    office.place.ledger() + "-wal"}) {
        const std::string content = read_file(file);
        BOOST_TEST(content.find("測試7") == std::string::npos, file);
        BOOST_TEST(content.find("TEST7") == std::string::npos, file);
    }
}

}  // namespace
