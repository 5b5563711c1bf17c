#include "tests/virtual/pn532/chip.hpp"

#include <filesystem>

#include <boost/test/unit_test.hpp>

#include "tests/virtual/pn532/emulated_reader.hpp"

namespace virtual_card::test {
namespace {

const std::string acknowledged = to_hex(acknowledgement());
const Bytes get_free_memory = from_hex("906E000000");

/// A woken chip with a blank card that does not lie on it yet.
struct Bench {
    Bench() { chip.receive(Wakeup{}); }
    ~Bench() { std::filesystem::remove_all(folder); }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    static std::filesystem::path new_folder() {
        std::string pattern = std::filesystem::temp_directory_path() / "pn532.XXXXXX";
        BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        save_memory(factory_card(genuine_uid(0)), pattern + "/card.json");
        return pattern;
    }
    std::string says(std::uint8_t code, const std::string& parameters = {}) {
        return to_hex(chip.receive(Command{code, from_hex(parameters)}));
    }
    /// What is acknowledged and answered so.
    static std::string answers(std::uint8_t code, const std::string& data) {
        return acknowledged + to_hex(answer_frame(code, from_hex(data)));
    }
    void select() {
        field.insert();
        BOOST_REQUIRE(says(0x4A, "0100").size() > acknowledged.size());
    }
    std::string exchange(ByteView apdu) { return says(0x40, "01" + to_hex(apdu)); }

    std::filesystem::path folder = new_folder();
    Field field{folder / "card.json"};
    Pn532 chip{field};
};

BOOST_FIXTURE_TEST_SUITE(pn532_chip, Bench)

BOOST_AUTO_TEST_CASE(a_sleeping_chip_is_silent_until_it_is_woken) {
    BOOST_TEST(says(0x16, "F0") == answers(0x16, "00"));
    BOOST_TEST(says(0x02).empty());
    chip.receive(Wakeup{});
    BOOST_TEST(says(0x02) == answers(0x02, "32010607"));
}

BOOST_AUTO_TEST_CASE(a_card_is_found_with_its_identifier_and_answer_to_select) {
    BOOST_TEST(says(0x32, "05000102") == answers(0x32, ""));
    BOOST_TEST(says(0x4A, "0100") == answers(0x4A, "00"));
    field.insert();
    BOOST_TEST(says(0x4A, "0100") == answers(0x4A,
                                             "0101034420"
                                             "07042A41CAE45380"
                                             "067577810280"));
    BOOST_TEST(says(0x4A, "0103FF") == answers(0x4A, "00"));
}

BOOST_AUTO_TEST_CASE(a_search_without_end_is_answered_when_a_card_comes_or_given_up) {
    BOOST_TEST(says(0x4A, "0100") == acknowledged);
    field.insert();
    BOOST_TEST(!chip.card_inserted().empty());
    BOOST_TEST(chip.card_inserted().empty());
    field.remove();
    BOOST_TEST(says(0x4A, "0100") == acknowledged);
    chip.receive(Abort{});
    BOOST_TEST(chip.card_inserted().empty());
}

BOOST_AUTO_TEST_CASE(a_selected_card_answers_until_it_leaves_or_the_field_is_off) {
    select();
    BOOST_TEST(exchange(get_free_memory) == answers(0x40, "000014009100"));
    BOOST_TEST(says(0x42, "B2") == answers(0x42, "00A2"));
    BOOST_TEST(says(0x32, "0100") == answers(0x32, ""));
    BOOST_TEST(exchange(get_free_memory) == answers(0x40, "27"));
    select();
    field.remove();
    BOOST_TEST(says(0x42, "B2") == answers(0x42, "01"));
    BOOST_TEST(exchange(get_free_memory) == answers(0x40, "01"));
    field.insert();
    BOOST_TEST(exchange(get_free_memory) == answers(0x40, "01"));
}

BOOST_AUTO_TEST_CASE(a_command_longer_than_the_chip_carries_does_not_reach_the_card) {
    select();
    Bytes longest = from_hex("903D000031");
    longest.resize(max_carried_apdu);
    BOOST_TEST(exchange(longest) != answers(0x40, "01"));
    longest.resize(max_carried_apdu + 1);
    BOOST_TEST(exchange(longest) == answers(0x40, "01"));
    BOOST_TEST(field.card().apdus() == 1U);
}

BOOST_AUTO_TEST_CASE(a_fault_strikes_once_at_the_exchange_it_is_armed_for) {
    select();
    const std::string sound = exchange(get_free_memory);
    for (const char* name :
         {"rf-timeout", "bad-checksum", "bad-length", "cut-short", "garbage", "wrong-command",
          "mute", "status-80", "more-information", "oversized"}) {
        BOOST_TEST_CONTEXT(name) {
            chip.arm({fault_named(name).value(), 2});
            BOOST_TEST(exchange(get_free_memory) == sound);
            BOOST_TEST(exchange(get_free_memory) != sound);
            BOOST_TEST(exchange(get_free_memory) == sound);
        }
    }
    BOOST_TEST(!fault_named("no-such-fault"));
}

BOOST_AUTO_TEST_CASE(an_unknown_command_gets_the_error_frame_and_a_hung_chip_says_nothing) {
    BOOST_TEST(says(0x8E) == acknowledged + to_hex(error_frame()));
    chip.hang();
    BOOST_TEST(says(0x02).empty());
    chip.release();
    BOOST_TEST(says(0x02) == answers(0x02, "32010607"));
}

BOOST_AUTO_TEST_CASE(a_command_without_its_parameters_harms_nothing) {
    select();
    for (unsigned code = 0; code <= 0xFF; ++code) {
        for (const char* parameters : {"", "00", "01", "0505", "FFFFFF"}) {
            chip.receive(Wakeup{});
            BOOST_TEST(says(static_cast<std::uint8_t>(code), parameters).starts_with(acknowledged));
        }
    }
}

BOOST_AUTO_TEST_CASE(lines_that_make_no_sense_are_refused_in_words) {
    EmulatedReader reader(folder / "card.json", folder / "port");
    for (const char* line : {"", "jump", "tear", "tear -1 after", "tear 1 never", "load",
                             "load /nonexistent", "mute 0", "mute x"}) {
        BOOST_TEST(reader.obey(line).starts_with("error "), line);
    }
    BOOST_TEST(reader.obey("insert") == "ok");
    BOOST_TEST(reader.obey("load " + (folder / "card.json").string()).starts_with("error "));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace virtual_card::test
