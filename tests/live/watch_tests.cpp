// A station as those who run it see it: the service manager, Prometheus, backups, the audit chain,
// and whoever looks for what must not be there.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include <boost/test/unit_test.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/live/journey.hpp"

namespace {

using namespace live;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr const char* python = "/usr/bin/python3";

/// What the service manager's end of NOTIFY_SOCKET hears.
class NotifySocket {
  public:
    explicit NotifySocket(const std::string& path) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        BOOST_REQUIRE(
            ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    ~NotifySocket() { ::close(socket_); }
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;

    /// How many messages so far have this line, or one that begins so.
    long heard(const std::string& line) {
        std::string message(4096, '\0');
        for (;;) {
            const auto size = ::recv(socket_, message.data(), message.size(), MSG_DONTWAIT);
            if (size < 0) {
                break;
            }
            messages_.push_back("\n" + message.substr(0, static_cast<std::size_t>(size)));
        }
        return std::count_if(messages_.begin(), messages_.end(), [&](const std::string& text) {
            return text.find("\n" + line) != std::string::npos;
        });
    }

  private:
    int socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    std::vector<std::string> messages_;
};

void add_setting(Workplace& place, const std::string& line) {
    const std::string file = place.path("station.toml");
    const std::string rest = read_file(file);
    std::ofstream(file) << line << "\n" << rest;
}

std::string fetch(const std::string& url) {
    return run({python, "-c",
                "import sys, urllib.request\n"
                "sys.stdout.write(urllib.request.urlopen(sys.argv[1]).read().decode())",
                url})
        .out;
}

bool told(Workplace& place, const std::string& event) {
    const auto all = place.events();
    return std::any_of(all.begin(), all.end(),
                       [&](const json::object& entry) { return text(entry, "event") == event; });
}

/// The checker's program of this name.
std::string checker(const std::string& program) {
    return options_for("watch-any").source + "/tests/checker/" + program;
}

BOOST_AUTO_TEST_CASE(the_service_manager_hears_of_readiness_progress_and_the_end) {
    Workplace place(options_for("watch-notify"));
    place.start_central();
    NotifySocket manager(place.path("notify.sock"));
    place.start_station(
        {{"NOTIFY_SOCKET", place.path("notify.sock")}, {"WATCHDOG_USEC", "200000"}});
    BOOST_REQUIRE(eventually([&] { return manager.heard("READY=1") == 1; }));
    BOOST_TEST(!place.status().empty());  // it listens
    BOOST_TEST(eventually([&] { return manager.heard("WATCHDOG=1") >= 3; }));
    BOOST_TEST(manager.heard("STATUS=0 to produce") >= 1);
    BOOST_TEST(manager.heard("STOPPING=1") == 0);
    place.stop_station();
    BOOST_TEST(manager.heard("STOPPING=1") == 1);
    BOOST_TEST(manager.heard("READY=1") == 1);
    place.stop_central();
}

BOOST_AUTO_TEST_CASE(metrics_and_health_tell_what_a_run_came_to) {
    Workplace place(options_for("watch-metrics"));
    add_setting(place, "metrics = \"http://127.0.0.1:9464\"");
    place.start_central();
    place.start_station();
    BOOST_REQUIRE(eventually([&] { return !place.status().empty(); }));
    Journey journey(place, synthetic_pass(1));
    BOOST_REQUIRE(journey.produce());
    BOOST_REQUIRE(journey.hand_over());
    BOOST_REQUIRE(journey.issued());
    const std::string metrics = fetch("http://127.0.0.1:9464/metrics");
    for (const std::string line :
         {"cardstation_events_total{event=\"card.verified\"} 1",
          "cardstation_jobs{state=\"handed_over\"} 1", "cardstation_central_up 1",
          "cardstation_issue_duration_seconds_count 1", "cardstation_reader_up{reader=\"0\"} 1"}) {
        BOOST_TEST(metrics.find(line + "\n") != std::string::npos, line);
    }
    BOOST_TEST(metrics.find(journey.pass_no()) == std::string::npos);
    BOOST_TEST(fetch("http://127.0.0.1:9464/healthz") == "ok\n");
    place.stop_station();
    place.stop_central();
}

BOOST_AUTO_TEST_CASE(the_audit_chain_is_exported_and_proven_by_another_program) {
    Workplace place(options_for("watch-audit"));
    place.start_central();
    place.start_station();
    Journey journey(place, synthetic_pass(1));
    BOOST_REQUIRE(journey.produce());
    const std::string exported = place.station_run({"audit"}).out;
    const std::string file = place.path("audit.jsonl");
    std::ofstream(file) << exported;
    const Finished proven = run({python, checker("chain.py"), file});
    BOOST_TEST(proven.exit_code == 0, proven.out);
    BOOST_TEST(proven.out.find("proven: 2 records") != std::string::npos, proven.out);

    std::string forged = exported;
    forged.replace(forged.find("verified"), 8, "Verified");
    std::ofstream(file) << forged << exported.substr(0, exported.find('\n') + 1);
    BOOST_TEST(run({python, checker("chain.py"), file}).exit_code == 1);
    place.stop_station();
    place.stop_central();
}

/// Puts a file in the ledger's place, as an administrator would after a lost disk.
void put_back(Workplace& place, const std::string& file) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
        fs::remove(place.ledger() + suffix);
    }
    fs::copy_file(file, place.ledger());
}

BOOST_AUTO_TEST_CASE(a_restored_ledger_begins_no_card_until_the_newest_one_is_back) {
    Workplace place(options_for("watch-restore"));
    place.start_central();
    place.start_station();
    Journey first(place, synthetic_pass(1));
    BOOST_REQUIRE(first.produce());
    const fs::path backups = place.path("backups");
    fs::create_directory(backups);
    BOOST_REQUIRE(place.station_run({"backup", backups}).exit_code == 0);
    BOOST_TEST(told(place, "ledger.backup_made"));
    const std::string backup = fs::directory_iterator(backups)->path();

    Journey second(place, synthetic_pass(2));
    BOOST_REQUIRE(second.produce());
    BOOST_REQUIRE(second.hand_over());
    BOOST_REQUIRE(second.issued());
    place.stop_station();
    const std::string newest = place.path("newest.db");
    fs::copy_file(place.ledger(), newest);  // closed: the WAL is in it

    put_back(place, backup);
    Journey third(place, synthetic_pass(3));
    place.start_station();
    BOOST_REQUIRE(eventually([&] { return told(place, "ledger.behind"); }));
    const std::string before = read_file(third.card_file());
    place.slot(production_reader).place(third.card_file());
    BOOST_TEST(eventually(
        [&] { return text(place.reader(production_reader), "notice") == "ledger_is_behind"; }));
    place.take_off(production_reader);
    BOOST_TEST(read_file(third.card_file()) == before);
    place.stop_station();

    put_back(place, newest);
    place.start_station();
    BOOST_REQUIRE(third.produce());
    for (Journey* journey : {&first, &third}) {
        BOOST_REQUIRE(journey->hand_over());
        BOOST_REQUIRE(journey->issued());
    }
    place.stop_station();
    place.stop_central();
    const Finished verdict = place.check(3);
    BOOST_TEST(verdict.exit_code == 0, verdict.out);
}

constexpr const char* canary_name = "金絲雀明珠";
constexpr const char* canary_id = "C987654321";
constexpr const char* canary_scan = "QRCANARY42";

BOOST_AUTO_TEST_CASE(no_name_number_scan_or_key_is_left_anywhere_after_a_run) {
    WorkplaceOptions options = options_for("watch-canaries");
    std::ofstream(options.passes) << "pass_no,id_no,name,valid_from,valid_to,pass_kind,fee,photo\n"
                                  << synthetic_pass(1) << "," << canary_id << "," << canary_name
                                  << ",2020/12/02,2023/11/27,QRcode二維,免費,有\n";
    Workplace place(options);
    add_setting(place, "metrics = \"unix:" + place.path("metrics.sock") + "\"");
    place.start_central();
    place.start_station();
    Journey journey(place, synthetic_pass(1));
    BOOST_REQUIRE(journey.produce());
    fs::create_directory(place.path("logs/backups"));
    BOOST_REQUIRE(place.station_run({"backup", place.path("logs/backups")}).exit_code == 0);

    const std::string log = place.path("logs/sitting");
    Process sitting = place.begin_hand_over(
        "https://example.invalid/p?no=" + journey.old_pass() + "&x=" + canary_scan, log);
    BOOST_REQUIRE(
        eventually([&] { return read_file(log).find("tap_new_card") != std::string::npos; }));
    place.slot(counter_reader).place(journey.card_file());
    BOOST_REQUIRE(eventually([&] { return !sitting.running(); }));
    place.take_off(counter_reader);
    BOOST_REQUIRE(journey.issued());
    const std::string core = place.path("core");
    const Finished dumped =
        run({python, checker("memory.py"), std::to_string(place.station().pid()), core});
    BOOST_REQUIRE(dumped.exit_code == 0);
    place.stop_station();
    place.stop_central();

    const auto check = [&](const std::vector<std::string>& more) {
        std::vector<std::string> command{python,
                                         checker("check.py"),
                                         "--ledger",
                                         place.ledger(),
                                         "--central",
                                         place.path("central.db"),
                                         "--cards",
                                         place.path("cards"),
                                         "--keys",
                                         place.path("keys"),
                                         "--business-date",
                                         "2021-12-01",
                                         "--expect-issued",
                                         "1",
                                         "--forbid",
                                         canary_id,
                                         "--forbid",
                                         canary_scan};
        command.insert(command.end(), more.begin(), more.end());
        const Finished verdict = run(command);
        BOOST_TEST(verdict.exit_code == 0, verdict.out);
    };
    check({"--logs", place.path("logs"), "--forbid", canary_name, "--forbid", "C987*****"});
    // Name and masked number came in the central's answer, whose buffers are still there.
    check({"--core", core});
    fs::remove(core);
}

}  // namespace
