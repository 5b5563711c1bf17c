// The parts of cardtool that need no card: the files it reads and keeps, the choice of a reader,
// the gate's verdict.

#include <filesystem>
#include <fstream>
#include <set>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include "cardformat/crypto/random.hpp"
#include "station/card_files/pass_file.hpp"
#include "station/cardtool/card_reader.hpp"
#include "station/cardtool/cardtool.hpp"
#include "station/cardtool/gate.hpp"
#include "station/cardtool/journal.hpp"

namespace {

using namespace card;
using namespace card::cardtool;
namespace json = boost::json;
namespace fs = std::filesystem;

json::object good_pass() {
    return {{"pass_number", "KHPS110-000038"},
            {"old_pass_number", "KLPS109-000003"},
            {"valid_from", "2020-12-02"},
            {"valid_to", "2023-11-27"},
            {"port_areas", {"高雄港"}}};
}

std::string refusal(const json::object& pass) {
    const auto parsed = parse_pass_file(json::serialize(pass));
    BOOST_REQUIRE(!parsed);
    BOOST_TEST((parsed.error().fault == Fault::correct_input));
    return parsed.error().detail;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// A field, and a value that it must not have.
struct WrongValue {
    const char* field;
    std::string value;  ///< JSON
};

BOOST_AUTO_TEST_SUITE(a_pass_file)

BOOST_AUTO_TEST_CASE(says_what_to_write) {
    const auto pass = parse_pass_file(json::serialize(good_pass()));
    BOOST_REQUIRE(pass);
    BOOST_TEST(pass->pass_number.text() == "KHPS110-000038");
    BOOST_TEST(pass->old_pass_number.text() == "KLPS109-000003");
    BOOST_TEST(pass->valid_from.iso() == "2020-12-02");
    BOOST_TEST(pass->valid_to.iso() == "2023-11-27");
    BOOST_TEST(pass->port_areas == std::vector<std::string>{"高雄港"});
}

BOOST_AUTO_TEST_CASE(of_one_day_is_taken) {
    json::object pass = good_pass();
    pass["valid_from"] = pass["valid_to"];
    BOOST_TEST(parse_pass_file(json::serialize(pass)).has_value());
}

BOOST_AUTO_TEST_CASE(that_lacks_a_field_is_refused_with_its_name) {
    const json::object whole = good_pass();
    for (const json::key_value_pair& field : whole) {
        json::object pass = whole;
        pass.erase(field.key());
        BOOST_TEST(contains(refusal(pass), "\"" + std::string(field.key()) + "\" is missing"));
    }
}

BOOST_AUTO_TEST_CASE(with_a_field_of_another_type_is_refused_with_its_name) {
    const json::object whole = good_pass();
    for (const json::key_value_pair& field : whole) {
        json::object pass = whole;
        pass[field.key()] = 5;
        BOOST_TEST(contains(refusal(pass), field.key()));
    }
}

BOOST_AUTO_TEST_CASE(with_an_unknown_field_is_refused_with_its_name) {
    json::object pass = good_pass();
    pass["holder"] = "x";
    BOOST_TEST(contains(refusal(pass), "\"holder\" is no field"));
}

BOOST_AUTO_TEST_CASE(cannot_write_to_the_terminal_through_a_field_name) {
    json::object pass = good_pass();
    pass["\x1B[2J"] = "x";
    BOOST_TEST(!contains(refusal(pass), "\x1B"));
}

const std::vector<WrongValue> wrong_values{
    {"pass_number", R"("")"},
    {"pass_number", R"("khps110")"},
    {"pass_number", '"' + std::string(33, 'A') + '"'},
    {"old_pass_number", R"("KL 1")"},
    {"valid_from", R"("2021-02-30")"},
    {"valid_from", R"("yesterday")"},
    {"valid_to", R"("2020-12-01")"},  // before it begins
    {"port_areas", "[]"},
    {"port_areas", R"([""])"},
    {"port_areas", R"(["a\nb"])"},
    {"port_areas", "[1]"},
    {"port_areas", R"([")" + std::string(max_port_area_size + 1, 'a') + R"("])"},
    {"port_areas", json::serialize(json::array(max_port_areas + 1, json::value("a")))}};

BOOST_AUTO_TEST_CASE(with_a_wrong_value_is_refused_with_the_field) {
    for (const WrongValue& wrong : wrong_values) {
        json::object pass = good_pass();
        pass[wrong.field] = json::parse(wrong.value);
        BOOST_TEST(contains(refusal(pass), wrong.field), wrong.value);
    }
}

BOOST_AUTO_TEST_CASE(that_is_no_json_is_refused_with_the_line) {
    for (const char* text : {"", "[]", "5", "{", "{\"pass_number\": }", "\xFF", "{} {}"}) {
        BOOST_TEST(!parse_pass_file(text).has_value(), text);
    }
    const auto parsed = parse_pass_file("{\n\"pass_number\": \"A\",\n\"valid_to\" 5}");
    BOOST_REQUIRE(!parsed);
    BOOST_TEST(contains(parsed.error().detail, "line 3"));
}

BOOST_AUTO_TEST_CASE(that_is_too_long_or_too_deep_is_refused) {
    const std::string spaces(max_pass_file_size, ' ');
    BOOST_TEST(!parse_pass_file(json::serialize(good_pass()) + spaces).has_value());
    BOOST_TEST(!parse_pass_file("{\"port_areas\":" + std::string(8000, '[')).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

Record sample_record() {
    return {*CardUid::parse("04010203040506"), RecordState::activating, 3,
            RecordedPass{AttemptId{*Uuid::parse("01890000-0000-7000-8000-000000000001")},
                         *PassNumber::parse("KHPS110-000038"), 7, Bytes{1, 2, 3}}};
}

BOOST_AUTO_TEST_SUITE(a_record)

BOOST_AUTO_TEST_CASE(comes_back_as_it_was_written) {
    const auto back = parse_record(encode_record(sample_record()));
    BOOST_REQUIRE(back);
    BOOST_TEST(back->uid.hex() == "04010203040506");
    BOOST_TEST((back->state == RecordState::activating));
    BOOST_TEST(back->sequence == 3);
    BOOST_REQUIRE(back->pass);
    BOOST_TEST(back->pass->attempt.value.text() == "01890000-0000-7000-8000-000000000001");
    BOOST_TEST(back->pass->pass_number.text() == "KHPS110-000038");
    BOOST_TEST(back->pass->key_generation == 7);
    BOOST_TEST((back->pass->credential == Bytes{1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(of_a_card_that_was_only_formatted_needs_no_pass) {
    Record record = sample_record();
    record.pass.reset();
    record.state = RecordState::formatting;
    BOOST_TEST(parse_record(encode_record(record)).has_value());
    record.state = RecordState::started;
    BOOST_TEST(!parse_record(encode_record(record)).has_value());
}

BOOST_AUTO_TEST_CASE(that_lacks_a_field_is_refused) {
    const json::object whole = json::parse(encode_record(sample_record())).as_object();
    BOOST_TEST(whole.size() == 8U);
    for (const json::key_value_pair& field : whole) {
        json::object record = whole;
        record.erase(field.key());
        BOOST_TEST(!parse_record(json::serialize(record)).has_value(), field.key());
    }
}

const std::vector<WrongValue> wrong_record_values{
    {"format", "2"},
    {"uid", R"("0401020304050")"},
    {"state", R"("finished")"},
    {"sequence", "0"},
    {"attempt", R"("nobody")"},
    {"pass_number", R"("a b")"},
    {"key_generation", "0"},
    {"key_generation", "256"},
    {"credential", R"("0")"},
    {"credential", R"("")"},
    {"credential", '"' + std::string(2050, '0') + '"'},
    {"more", "1"}};

BOOST_AUTO_TEST_CASE(with_a_wrong_value_is_refused) {
    for (const WrongValue& wrong : wrong_record_values) {
        json::object record = json::parse(encode_record(sample_record())).as_object();
        record[wrong.field] = json::parse(wrong.value);
        BOOST_TEST(!parse_record(json::serialize(record)).has_value(), wrong.field);
    }
}

BOOST_AUTO_TEST_SUITE_END()

/// A folder that goes with the test.
struct Folder {
    fs::path path = fs::temp_directory_path() / ("cardtool-tests-" + std::to_string(::getpid()));
    std::string record = path / "record.json";

    Folder() { fs::create_directories(path); }
    ~Folder() { fs::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(path), fs::directory_iterator()));
    }
};

BOOST_FIXTURE_TEST_SUITE(the_journal, Folder)

BOOST_AUTO_TEST_CASE(gives_the_proof_for_the_card_of_the_record_that_it_keeps) {
    const auto proof = record_first(record, sample_record());
    BOOST_REQUIRE(proof);
    BOOST_TEST(proof->uid().hex() == "04010203040506");
    BOOST_TEST(proof->record() == 3);
    BOOST_TEST(read_record(record)->sequence == 3);
    BOOST_TEST(files() == 1U);
}

BOOST_AUTO_TEST_CASE(never_takes_the_place_of_another_record) {
    BOOST_REQUIRE(record_first(record, sample_record()));
    Record other = sample_record();
    other.sequence = 9;
    BOOST_TEST(!record_first(record, other).has_value());
    other.uid = *CardUid::parse("04FFFFFFFFFFFF");
    BOOST_TEST(!record_next(record, other).has_value());
    BOOST_TEST(read_record(record)->sequence == 3);
    BOOST_TEST(files() == 1U);
}

BOOST_AUTO_TEST_CASE(goes_on_with_a_record) {
    BOOST_REQUIRE(record_first(record, sample_record()));
    Record next = sample_record();
    next.state = RecordState::active;
    BOOST_TEST(record_next(record, next).has_value());
    BOOST_TEST((read_record(record)->state == RecordState::active));
}

BOOST_AUTO_TEST_CASE(gives_no_proof_where_nothing_can_be_kept) {
    BOOST_TEST(!record_first(path / "no-folder" / "record.json", sample_record()).has_value());
    BOOST_TEST(!record_next(record, sample_record()).has_value());
    BOOST_TEST(!record_first(path, sample_record()).has_value());
}

BOOST_AUTO_TEST_CASE(is_not_stopped_by_what_a_crash_left) {
    std::ofstream(record + ".new") << "half";
    BOOST_TEST(record_first(record, sample_record()).has_value());
    BOOST_TEST(files() == 1U);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_record) {
    BOOST_TEST(!find_record(record)->has_value());
    std::ofstream(record) << "";
    BOOST_TEST(!find_record(record).has_value());
    std::ofstream(record) << std::string(max_record_size + 1, ' ');
    BOOST_TEST(contains(read_record(record).error().detail, "longer than"));
    BOOST_TEST(!read_record(path).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_reader)

const std::vector<reader::ListedReader> two{{"A", {}, false}, {"B", {}, false}};

BOOST_AUTO_TEST_CASE(is_the_only_one_or_the_one_that_is_named) {
    BOOST_TEST(choose_reader(std::span(two).first(1), std::nullopt).value() == "A");
    BOOST_TEST(choose_reader(two, "B").value() == "B");
}

BOOST_AUTO_TEST_CASE(is_never_guessed) {
    const auto several = choose_reader(two, std::nullopt);
    BOOST_REQUIRE(!several);
    BOOST_TEST((several.error().exit == Exit::several_readers));
    BOOST_TEST(contains(several.error().detail, "\n  A\n  B"));
    const auto unknown = choose_reader(two, "C");
    BOOST_REQUIRE(!unknown);
    BOOST_TEST((unknown.error().exit == Exit::unknown_reader));
    BOOST_TEST(contains(unknown.error().detail, "\n  A\n  B"));
    const auto none = choose_reader({}, "C");
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().exit == Exit::no_reader));
}

BOOST_AUTO_TEST_SUITE_END()

/// A pass for one chip, signed by a key that is believed.
struct Signed {
    Es256Key key = Es256Key::generate();
    TrustList trusted{key.public_point()};
    CardUid uid = *CardUid::parse("04010203040506");
    PassCredential claims{"cardtool",
                          *PassNumber::parse("KHPS110-000038"),
                          *BusinessDay::parse("2020-12-02"),
                          *BusinessDay::parse("2023-11-27"),
                          AttemptId{*Uuid::parse("01890000-0000-7000-8000-000000000001")},
                          uid,
                          *PassNumber::parse("KLPS109-000003"),
                          {"高雄港"}};

    [[nodiscard]] desfire::GateReading reading(LifeState life) const {
        const Bytes credential =
            sign_credential(claims, key_id_of(key.public_point()), [this](BytesView message) {
                return Result<Bytes>(key.sign(message));
            }).value();
        return {credential, encode_state_file(life, credential)};
    }
    [[nodiscard]] GateVerdict verdict(desfire::GateReading reading) const {
        return judge(std::move(reading), uid, KeyGeneration{7}, trusted);
    }
};

BOOST_FIXTURE_TEST_SUITE(a_gate, Signed)

BOOST_AUTO_TEST_CASE(takes_what_was_signed_for_this_chip) {
    const GateVerdict found = verdict(reading(LifeState::retired));
    const auto* pass = std::get_if<GenuinePass>(&found);
    BOOST_REQUIRE(pass != nullptr);
    BOOST_TEST((pass->life == LifeState::retired));
    BOOST_TEST(pass->claims.pass_number.text() == "KHPS110-000038");
    BOOST_TEST(pass->generation.value == 7);
}

BOOST_AUTO_TEST_CASE(refuses_a_copy_on_another_chip) {
    claims.uid = *CardUid::parse("04FFFFFFFFFFFF");
    BOOST_TEST(std::holds_alternative<FalsePass>(verdict(reading(LifeState::active))));
}

BOOST_AUTO_TEST_CASE(refuses_a_signature_that_it_does_not_trust) {
    trusted.clear();
    BOOST_TEST(std::holds_alternative<FalsePass>(verdict(reading(LifeState::active))));
}

BOOST_AUTO_TEST_CASE(refuses_a_state_of_another_pass) {
    desfire::GateReading changed = reading(LifeState::active);
    changed.state.back() ^= 1U;
    BOOST_TEST(std::holds_alternative<FalsePass>(verdict(std::move(changed))));
}

BOOST_AUTO_TEST_CASE(counts_both_ends_of_the_validity_in) {
    const auto on = [&](const char* day) { return validity_of(claims, *BusinessDay::parse(day)); };
    BOOST_TEST((on("2020-12-01") == Validity::not_yet));
    BOOST_TEST((on("2020-12-02") == Validity::valid));
    BOOST_TEST((on("2023-11-27") == Validity::valid));
    BOOST_TEST((on("2023-11-28") == Validity::expired));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(every_exit_status_has_a_name_of_its_own_and_is_explained) {
    std::ostringstream help;
    std::ostringstream none;
    BOOST_TEST(run({"--help"}, help, none) == 0);
    std::set<std::string_view> names;
    int statuses = 0;
    for (int status = 0; status < 256; ++status) {
        const std::string_view called = name(static_cast<Exit>(status));
        if (called != "unknown") {
            ++statuses;
            names.insert(called);
            BOOST_TEST(contains(help.str(), " " + std::to_string(status) + " "), called);
        }
    }
    BOOST_TEST(statuses == 24);
    BOOST_TEST(names.size() == 24U);
}

}  // namespace
