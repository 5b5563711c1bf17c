#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "cardformat/base/utf8.hpp"
#include "station/observe/output.hpp"
#include "station/observe/words.hpp"

using namespace card;
using namespace card::observe;
using namespace std::string_view_literals;
using issuance::Notice;

namespace {

constexpr int last_notice = static_cast<int>(Notice::ledger_needs_room);
constexpr int last_fault = static_cast<int>(Fault::report_defect);

class FixedClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override {
        return parse_rfc3339("2021-12-01T04:00:00.007Z").value();
    }
};

/// What an event becomes, everywhere it goes.
struct Told {
    std::string line;
    std::string sentence;
    std::vector<std::string> journal;
};

struct Fixture {
    FixedClock clock;
    std::vector<Told> told;
    EventLog log{
        "kh", clock, {[this](const EventRecord& record) {
            told.push_back({to_json_line(record), to_sentence(record), to_journal_fields(record)});
        }}};

    /// The line that tells of this detail.
    std::string line_with(std::string_view detail) {
        log.tell(EventId::defect_found, {detail_field(detail)});
        return told.back().line;
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
    BOOST_TEST(words(Notice::tap_card_to_adopt).name == "tap_card_to_adopt");
    BOOST_TEST(words(Notice::card_is_not_this_passes).name == "card_is_not_this_passes");
    BOOST_TEST(words(Notice::adoption_needs_central).name == "adoption_needs_central");
    BOOST_TEST(words(Notice::ledger_is_behind).name == "ledger_is_behind");
    BOOST_TEST(words(Notice::ledger_needs_room).name == "ledger_needs_room");
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

BOOST_AUTO_TEST_CASE(only_what_was_achieved_sounds_like_success) {
    std::set<std::string_view> done;
    for (const Words& said : every_word()) {
        if (said.tone == Tone::done) {
            done.insert(said.name);
        }
    }
    BOOST_TEST(
        (done == std::set{"card_adopted"sv, "card_finished"sv, "card_voided"sv, "handed_over"sv}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(catalogue_of_events)

BOOST_AUTO_TEST_CASE(names_and_message_ids_of_events_are_unique) {
    std::set<std::string_view> names;
    for (const CatalogueEntry& event : catalogue()) {
        BOOST_TEST(names.insert(event.name).second, event.name);
        BOOST_TEST(names.insert(event.message_id).second, event.name);
    }
}

BOOST_AUTO_TEST_CASE(every_event_says_what_it_means_and_what_each_does) {
    for (const CatalogueEntry& event : catalogue()) {
        BOOST_TEST(!event.name.empty());
        BOOST_TEST(!event.meaning.empty(), event.name);
        BOOST_TEST(!event.operator_does.empty(), event.name);
        BOOST_TEST(!event.ops_do.empty(), event.name);
    }
}

BOOST_AUTO_TEST_CASE(every_warning_and_error_asks_ops_for_something) {
    for (const CatalogueEntry& event : catalogue()) {
        if (event.level <= Level::warning) {
            BOOST_TEST(event.ops_do != "Nothing.", event.name);
        }
    }
}

BOOST_AUTO_TEST_CASE(there_is_no_event_behind_the_last_one) {
    BOOST_CHECK_THROW((void)entry(static_cast<EventId>(catalogue().size())), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(the_page_of_the_project_is_the_catalogue) {
    std::ifstream file(EVENTS_PAGE);
    std::ostringstream page;
    page << file.rdbuf();
    BOOST_TEST((page.str() == catalogue_page()),
               "make it anew: build/release/bin/stationd --events > station/EVENTS.md");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(event_log, Fixture)

BOOST_AUTO_TEST_CASE(a_line_says_when_what_how_bad_and_where) {
    log.tell(EventId::card_torn);
    const auto line = parsed(told.at(0).line);
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
    const auto line = parsed(told.at(0).line);
    BOOST_TEST(line.at("pass_no").as_string() == "KHPS110-000038");
    BOOST_TEST(line.at("notice").as_string() == "pass_expired");
    BOOST_TEST(line.at("code").as_string() == "expired");
    BOOST_TEST(line.at("seq").as_int64() == 7);
    BOOST_TEST(line.at("fault").as_string() == "follow_refusal");
    BOOST_TEST(line.at("status").as_string() == "produced");
    BOOST_TEST(line.at("date").as_string() == "2021-12-01");
}

BOOST_AUTO_TEST_CASE(a_field_that_has_nothing_to_say_is_left_out) {
    log.tell(EventId::card_verified, {detail_field("")});
    BOOST_TEST(!parsed(told.at(0).line).contains("detail"));
    for (const std::string& field : told.at(0).journal) {
        BOOST_TEST(!field.starts_with("DETAIL"));
    }
}

BOOST_AUTO_TEST_CASE(the_journal_gets_fields_by_name) {
    log.tell(EventId::hand_over_refused, {pass_field(PassNumber::parse("KHPS110-000038").value()),
                                          code_field("wrong_new_card")});
    const std::vector<std::string> expected{
        R"(MESSAGE=handover.refused: The counter refused, and recorded why. code="wrong_new_card")",
        "MESSAGE_ID=" + std::string(entry(EventId::hand_over_refused).message_id),
        "PRIORITY=5",
        "SYSLOG_IDENTIFIER=stationd",
        "EVENT=handover.refused",
        "EVENT_CLASS=audit",
        "STATION=kh",
        "PASS_NO=KHPS110-000038",
        "CODE=wrong_new_card"};
    BOOST_TEST(told.at(0).journal == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// What a hostile text may hold, and more than fits.
const std::vector<std::string> hostile_texts{
    "a\nb",
    "a\r\nb",
    std::string("a\0b", 3),
    "\x1B[2J\x1B[31m",
    "\x07\x08\t\x7F",
    "\xC2\x9B"
    "2J\xC2\x85",
    "\"},{\"event\":\"station.ready",
    "\",\"level\":\"info",
    "\\\\n",
    "\xFF\xFE",
    "\xC0\xAF",
    "\xED\xA0\x80",
    "a\xE9",
    "\xC2",
    "高雄港",
    std::string(64 * 1024, 'x'),
    std::string(64 * 1024, '\n'),
    std::string(64 * 1024, '\xFF'),
    std::string(1023, 'x') + "港港",
};

/// Every field that takes a text of which the program does not choose the letters.
std::vector<Field> fields_of(const std::string& text) {
    return {reader_field(text), code_field(text), detail_field(text)};
}

bool is_printable(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto octet = static_cast<unsigned char>(text[i]);
        const bool late =
            octet == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        if (octet < 0x20 || octet == 0x7F || late) {
            return false;
        }
    }
    return is_utf8(text);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(hostile_fields, Fixture)

BOOST_AUTO_TEST_CASE(become_one_line_of_printable_text) {
    for (const std::string& text : hostile_texts) {
        for (const Field& field : fields_of(text)) {
            log.tell(EventId::defect_found, {field});
            BOOST_TEST(is_printable(told.back().line), told.back().line);
            BOOST_TEST(is_printable(told.back().sentence), told.back().sentence);
        }
    }
}

BOOST_AUTO_TEST_CASE(are_cut) {
    for (const std::string& text : hostile_texts) {
        for (const Field& field : fields_of(text)) {
            BOOST_TEST(field.text().size() <= max_field_size);
            BOOST_TEST(is_utf8(field.text()));
        }
    }
}

BOOST_AUTO_TEST_CASE(add_no_field_and_change_no_other) {
    for (const std::string& text : hostile_texts) {
        for (const Field& field : fields_of(text)) {
            log.tell(EventId::defect_found, {field});
            const auto line = parsed(told.back().line);
            BOOST_TEST(line.size() == 5U);
            BOOST_TEST(line.at("level").as_string() == "error");
            BOOST_TEST((line.at(name(field.name())).as_string() == field.text()));
        }
    }
}

BOOST_AUTO_TEST_CASE(that_are_harmless_come_back_as_they_were) {
    for (const std::string_view detail :
         {"a\nb"sv, "a\0b"sv, "\x1B[2J"sv, "\"},{\"x\":\""sv, "\\\\n"sv, "高雄港"sv}) {
        BOOST_TEST((parsed(line_with(detail)).at("detail").as_string() == detail));
    }
}

BOOST_AUTO_TEST_SUITE_END()
