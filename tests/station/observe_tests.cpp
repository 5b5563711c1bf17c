#include <algorithm>
#include <set>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "station/observe/events.hpp"
#include "station/observe/words.hpp"

using namespace card;
using namespace card::observe;
using namespace std::string_view_literals;
using issuance::Notice;

namespace {

constexpr int last_notice = static_cast<int>(Notice::card_may_be_live);
constexpr int last_fault = static_cast<int>(Fault::report_defect);

class FixedClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override {
        return parse_rfc3339("2021-12-01T04:00:00.007Z").value();
    }
};

class CapturedLog final : public EventLog {
  public:
    explicit CapturedLog(const Clock& clock) : EventLog("kh", clock) {}
    std::vector<std::string> lines;

  protected:
    void write(const std::string& line) override { lines.push_back(line); }
};

struct Fixture {
    FixedClock clock;
    CapturedLog log{clock};

    /// The line that tells of this detail.
    std::string line_with(std::string_view detail) {
        log.tell(EventId::defect_found, {detail_field(detail)});
        return log.lines.back();
    }
    static boost::json::object parsed(const std::string& line) {
        return boost::json::parse(line).as_object();
    }
};

template <class Enum>
std::vector<Words> all_words(int last) {
    std::vector<Words> all;
    for (int i = 0; i <= last; ++i) {
        all.push_back(words(static_cast<Enum>(i)));
    }
    return all;
}

std::vector<Words> every_word() {
    auto all = all_words<Notice>(last_notice);
    const auto of_faults = all_words<Fault>(last_fault);
    all.insert(all.end(), of_faults.begin(), of_faults.end());
    return all;
}

bool has_chinese(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) >= 0xE4; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(words_of_people)

BOOST_AUTO_TEST_CASE(the_words_of_a_fault_carry_its_own_name) {
    for (int i = 0; i <= last_fault; ++i) {
        BOOST_TEST(words(static_cast<Fault>(i)).name == card::name(static_cast<Fault>(i)));
    }
}

BOOST_AUTO_TEST_CASE(the_words_of_a_notice_stand_in_the_order_of_the_enumeration) {
    BOOST_TEST(words(Notice::place_blank_card).name == "place_blank_card");
    BOOST_TEST(words(Notice::no_renewal_waiting).name == "no_renewal_waiting");
    BOOST_TEST(words(Notice::writing_card).name == "writing_card");
    BOOST_TEST(words(Notice::card_finished).name == "card_finished");
    BOOST_TEST(words(Notice::put_same_card_back).name == "put_same_card_back");
    BOOST_TEST(words(Notice::card_is_finished_already).name == "card_is_finished_already");
    BOOST_TEST(words(Notice::card_is_foreign).name == "card_is_foreign");
    BOOST_TEST(words(Notice::card_not_proven_genuine).name == "card_not_proven_genuine");
    BOOST_TEST(words(Notice::card_spoiled).name == "card_spoiled");
    BOOST_TEST(words(Notice::renewal_stopped).name == "renewal_stopped");
    BOOST_TEST(words(Notice::renewal_needs_look).name == "renewal_needs_look");
    BOOST_TEST(words(Notice::renewal_expired).name == "renewal_expired");
    BOOST_TEST(words(Notice::old_pass_unreadable).name == "old_pass_unreadable");
    BOOST_TEST(words(Notice::old_pass_unknown).name == "old_pass_unknown");
    BOOST_TEST(words(Notice::card_not_made_yet).name == "card_not_made_yet");
    BOOST_TEST(words(Notice::renewal_withdrawn).name == "renewal_withdrawn");
    BOOST_TEST(words(Notice::renewal_held).name == "renewal_held");
    BOOST_TEST(words(Notice::already_collected).name == "already_collected");
    BOOST_TEST(words(Notice::pass_expired).name == "pass_expired");
    BOOST_TEST(words(Notice::tap_new_card).name == "tap_new_card");
    BOOST_TEST(words(Notice::wrong_new_card).name == "wrong_new_card");
    BOOST_TEST(words(Notice::new_card_not_valid).name == "new_card_not_valid");
    BOOST_TEST(words(Notice::asking_central).name == "asking_central");
    BOOST_TEST(words(Notice::central_refused).name == "central_refused");
    BOOST_TEST(words(Notice::central_away).name == "central_away");
    BOOST_TEST(words(Notice::activating_card).name == "activating_card");
    BOOST_TEST(words(Notice::keep_card_on_reader).name == "keep_card_on_reader");
    BOOST_TEST(words(Notice::waiting_for_acknowledgement).name == "waiting_for_acknowledgement");
    BOOST_TEST(words(Notice::handed_over).name == "handed_over");
    BOOST_TEST(words(Notice::card_may_be_live).name == "card_may_be_live");
}

BOOST_AUTO_TEST_CASE(there_are_no_words_behind_the_last_notice) {
    BOOST_CHECK_THROW((void)words(static_cast<Notice>(last_notice + 1)), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(every_notice_and_fault_is_said_in_both_languages) {
    for (const Words& said : every_word()) {
        BOOST_TEST(has_chinese(said.zh), said.name);
        BOOST_TEST(!said.en.empty(), said.name);
        BOOST_TEST(!has_chinese(said.en), said.name);
    }
}

BOOST_AUTO_TEST_CASE(names_of_notices_are_unique) {
    std::set<std::string_view> names;
    for (const Words& said : all_words<Notice>(last_notice)) {
        BOOST_TEST(names.insert(said.name).second, said.name);
    }
}

BOOST_AUTO_TEST_CASE(an_exchange_is_never_called_an_extension) {
    for (const Words& said : every_word()) {
        BOOST_TEST(said.zh.find("續卡") == std::string_view::npos, said.name);
    }
}

BOOST_AUTO_TEST_CASE(only_two_notices_sound_like_success) {
    std::set<std::string_view> done;
    for (const Words& said : every_word()) {
        if (said.tone == Tone::done) {
            done.insert(said.name);
        }
    }
    BOOST_TEST((done == std::set{"card_finished"sv, "handed_over"sv}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(catalogue_of_events)

BOOST_AUTO_TEST_CASE(every_event_is_there_in_the_order_of_the_enumeration) {
    BOOST_TEST(catalogue().size() == static_cast<std::size_t>(EventId::defect_found) + 1);
    for (std::size_t i = 0; i < catalogue().size(); ++i) {
        BOOST_TEST((catalogue()[i].id == static_cast<EventId>(i)), catalogue()[i].name);
    }
}

BOOST_AUTO_TEST_CASE(names_of_events_are_unique) {
    std::set<std::string_view> names;
    for (const CatalogueEntry& entry : catalogue()) {
        BOOST_TEST(names.insert(entry.name).second, entry.name);
    }
}

BOOST_AUTO_TEST_CASE(every_event_says_what_it_means_and_what_to_do) {
    for (const CatalogueEntry& entry : catalogue()) {
        BOOST_TEST(!entry.name.empty());
        BOOST_TEST(!entry.meaning.empty(), entry.name);
        BOOST_TEST(!entry.what_to_do.empty(), entry.name);
    }
}

BOOST_AUTO_TEST_CASE(every_warning_and_error_asks_for_something) {
    for (const CatalogueEntry& entry : catalogue()) {
        if (entry.level == Level::warning || entry.level == Level::error) {
            BOOST_TEST(entry.what_to_do != "Nothing.", entry.name);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(event_log, Fixture)

BOOST_AUTO_TEST_CASE(a_line_says_when_what_how_bad_and_where) {
    log.tell(EventId::card_torn);
    const auto line = parsed(log.lines.at(0));
    BOOST_TEST(line.at("ts").as_string() == "2021-12-01T04:00:00.007Z");
    BOOST_TEST(line.at("event").as_string() == "card.torn");
    BOOST_TEST(line.at("level").as_string() == "warning");
    BOOST_TEST(line.at("station").as_string() == "kh");
}

BOOST_AUTO_TEST_CASE(fields_are_named_and_typed) {
    log.tell(EventId::hand_over_refused,
             {pass_field(PassNumber::parse("KHPS110-000038").value()),
              notice_field(Notice::pass_expired), code_field("expired"), seq_field(7),
              fault_field(Fault::follow_refusal), status_field(RenewalStatus::produced),
              date_field(BusinessDay::parse("2021-12-01").value())});
    const auto line = parsed(log.lines.at(0));
    BOOST_TEST(line.at("pass_no").as_string() == "KHPS110-000038");
    BOOST_TEST(line.at("notice").as_string() == "pass_expired");
    BOOST_TEST(line.at("code").as_string() == "expired");
    BOOST_TEST(line.at("seq").as_int64() == 7);
    BOOST_TEST(line.at("fault").as_string() == "follow_refusal");
    BOOST_TEST(line.at("status").as_string() == "produced");
    BOOST_TEST(line.at("date").as_string() == "2021-12-01");
}

BOOST_AUTO_TEST_CASE(a_hostile_detail_stays_one_line_of_printable_octets) {
    for (const std::string_view detail :
         {"a\nb"sv, "a\r\nb"sv, "a\0b"sv, "\x1B[2J\x1B[31m"sv, "\x07\x08\t\x7F"sv,
          "\"},{\"event\":\"station.ready"sv, "\\\\n"sv}) {
        const std::string line = line_with(detail);
        BOOST_TEST(std::all_of(line.begin(), line.end(),
                               [](char c) { return static_cast<unsigned char>(c) >= 0x20; }),
                   line);
    }
}

BOOST_AUTO_TEST_CASE(a_hostile_detail_comes_back_from_the_line) {
    for (const std::string_view detail :
         {"a\nb"sv, "a\0b"sv, "\x1B[2J"sv, "\x7F"sv, "\"},{\"x\":\""sv, "\\\\n"sv, "高雄港"sv}) {
        BOOST_TEST((parsed(line_with(detail)).at("detail").as_string() == detail));
    }
}

BOOST_AUTO_TEST_CASE(a_detail_cannot_add_a_field_of_its_own) {
    const auto line = parsed(line_with("\",\"level\":\"info"));
    BOOST_TEST(line.size() == 5U);
    BOOST_TEST(line.at("level").as_string() == "error");
}

BOOST_AUTO_TEST_CASE(a_detail_that_is_not_utf8_still_makes_a_line_of_json) {
    for (const std::string_view detail :
         {"\xFF\xFE"sv, "\xC0\xAF"sv, "\xED\xA0\x80"sv, "a\xE9"sv}) {
        boost::system::error_code error;
        (void)boost::json::parse(line_with(detail), error);
        BOOST_TEST(!error, error.message());
    }
}

BOOST_AUTO_TEST_SUITE_END()
