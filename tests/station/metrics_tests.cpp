#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <boost/test/unit_test.hpp>

#include "station/observe/metrics.hpp"

using namespace card;
using namespace card::observe;
using namespace std::chrono_literals;

namespace {

class SettableClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override { return time; }
    Timestamp time = parse_rfc3339("2021-12-01T04:00:00.000Z").value();
};

constexpr std::size_t readers = 8;
/// What operators of Prometheus are promised for a station.
constexpr std::size_t max_series = 200;

struct Fixture {
    SettableClock clock;
    Metrics metrics{"0.1.0"};
    EventLog log{"kh", clock, {[this](const EventRecord& record) { metrics.count(record); }}};
    Standing standing;

    std::string text() { return metrics.text(standing, clock.time); }
    bool has(const std::string& line) {
        return ("\n" + text()).find("\n" + line + "\n") != std::string::npos;
    }
    static AttemptId attempt(std::uint8_t last) {
        Bytes octets(Uuid::size, 0x11);
        octets.back() = last;
        return AttemptId(Uuid::from(octets).value());
    }
    /// As a busy and hostile year would leave it.
    void tell_everything() {
        standing.readers_up.assign(readers, true);
        for (int i = 0; i < 100; ++i) {
            for (const CatalogueEntry& event : catalogue()) {
                log.tell(
                    event.id,
                    {pass_field(PassNumber::mint(Port::parse("KH").value(), 110, i + 1).value()),
                     attempt_field(attempt(static_cast<std::uint8_t>(i))),
                     reader_field("reader " + std::to_string(i)),
                     code_field("code " + std::to_string(i)), detail_field("王小明\n\"}")});
            }
        }
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(metrics_of_a_station, Fixture)

BOOST_AUTO_TEST_CASE(every_event_has_a_counter_from_the_start) {
    for (const CatalogueEntry& event : catalogue()) {
        BOOST_TEST(has("cardstation_events_total{event=\"" + std::string(event.name) + "\"} 0"),
                   event.name);
    }
}

BOOST_AUTO_TEST_CASE(an_event_is_counted) {
    log.tell(EventId::card_torn);
    log.tell(EventId::card_torn);
    BOOST_TEST(has("cardstation_events_total{event=\"card.torn\"} 2"));
}

BOOST_AUTO_TEST_CASE(queues_and_readers_are_told_as_they_stand) {
    standing = {3, 1, 4, 15, 9, clock.time - 90s, 26, true, clock.time, {true, false}};
    BOOST_TEST(has("cardstation_jobs{state=\"to_produce\"} 3"));
    BOOST_TEST(has("cardstation_jobs{state=\"to_collect\"} 4"));
    BOOST_TEST(has("cardstation_jobs{state=\"handed_over\"} 15"));
    BOOST_TEST(has("cardstation_jobs_in_doubt 1"));
    BOOST_TEST(has("cardstation_report_queue_length 9"));
    BOOST_TEST(has("cardstation_report_oldest_age_seconds 90"));
    BOOST_TEST(has("cardstation_journal_last_seq 26"));
    BOOST_TEST(has("cardstation_central_up 1"));
    BOOST_TEST(has("cardstation_reader_up{reader=\"0\"} 1"));
    BOOST_TEST(has("cardstation_reader_up{reader=\"1\"} 0"));
}

BOOST_AUTO_TEST_CASE(a_card_is_timed_from_its_last_taking_up_to_its_verification) {
    log.tell(EventId::card_started, {attempt_field(attempt(1))});
    clock.time += 100s;
    log.tell(EventId::card_torn, {attempt_field(attempt(1))});
    log.tell(EventId::card_resumed, {attempt_field(attempt(1))});
    clock.time += 4s;
    log.tell(EventId::card_verified, {attempt_field(attempt(1))});
    BOOST_TEST(has("cardstation_issue_duration_seconds_count 1"));
    BOOST_TEST(has("cardstation_issue_duration_seconds_sum 4"));
    BOOST_TEST(has("cardstation_issue_duration_seconds_bucket{le=\"3\"} 0"));
    BOOST_TEST(has("cardstation_issue_duration_seconds_bucket{le=\"5\"} 1"));
}

BOOST_AUTO_TEST_CASE(a_card_that_is_given_up_is_not_timed) {
    log.tell(EventId::card_started, {attempt_field(attempt(1))});
    log.tell(EventId::card_spoiled, {attempt_field(attempt(1))});
    log.tell(EventId::card_verified, {attempt_field(attempt(1))});
    BOOST_TEST(has("cardstation_issue_duration_seconds_count 0"));
}

BOOST_AUTO_TEST_CASE(acts_of_the_ledger_are_timed) {
    metrics.note_ledger_act(3ms);
    BOOST_TEST(has("cardstation_ledger_act_duration_seconds_bucket{le=\"0.002\"} 0"));
    BOOST_TEST(has("cardstation_ledger_act_duration_seconds_bucket{le=\"0.005\"} 1"));
}

BOOST_AUTO_TEST_CASE(the_number_of_series_is_bounded_whatever_happens) {
    tell_everything();
    std::istringstream lines(text());
    std::set<std::string> series;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with('#')) {
            series.insert(line.substr(0, line.rfind(' ')));
        }
    }
    BOOST_TEST(series.size() <= max_series);
    BOOST_TEST(series.size() > catalogue().size());
}

BOOST_AUTO_TEST_CASE(no_series_names_a_pass_an_attempt_or_a_text) {
    tell_everything();
    const std::string all = text();
    for (const char* forbidden : {"KHPS", "11111111", "reader 1", "code 1", "王小明"}) {
        BOOST_TEST(all.find(forbidden) == std::string::npos, forbidden);
    }
}

BOOST_AUTO_TEST_CASE(promtool_is_content) {
    const char* promtool = std::getenv("PROMTOOL");
    if (promtool == nullptr) {
        BOOST_TEST_MESSAGE("PROMTOOL is not set: not looked at");
        return;
    }
    tell_everything();
    std::ofstream("metrics.txt") << text();
    const std::string command =
        "'" + std::string(promtool) + "' check metrics < metrics.txt > promtool.txt 2>&1";
    const int status = std::system(command.c_str());
    std::ostringstream complaints;
    complaints << std::ifstream("promtool.txt").rdbuf();
    BOOST_TEST(status == 0, complaints.str());
}

BOOST_AUTO_TEST_SUITE_END()
