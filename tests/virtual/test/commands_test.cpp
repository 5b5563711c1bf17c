#include "tests/virtual/vcard/commands.hpp"

#include <filesystem>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

#include "tests/virtual/test/slot_bench.hpp"
#include "tests/virtual/test/terminal.hpp"

namespace virtual_card::test {
namespace {

struct Bench : SlotBench {
    std::string say(std::string_view line) { return obey(slot, running, line); }
    bool running = true;
};

BOOST_AUTO_TEST_SUITE(commands)

BOOST_AUTO_TEST_CASE(a_card_is_put_in_asked_for_and_taken_out) {
    Bench bench;
    BOOST_TEST(bench.say("insert") == "ok");
    BOOST_TEST(bench.say("state") == "ok present connected=no apdus=0 uid=042A41CAE45380");
    BOOST_TEST(bench.say("apdus") == "ok 0");
    BOOST_TEST(bench.say("remove") == "ok");
    BOOST_TEST(!bench.slot.present());
    BOOST_TEST(bench.say("quit") == "ok");
    BOOST_TEST(!bench.running);
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_an_error_and_changes_nothing) {
    Bench bench;
    for (const std::string_view line : {"",
                                        "fly",
                                        "tear",
                                        "tear 1",
                                        "tear 1 never",
                                        "tear x before",
                                        "hang",
                                        "hang 0",
                                        "hang -1",
                                        "tear -1 before",
                                        "hang 5000000000",
                                        "release",
                                        "status 1",
                                        "status 1 XX",
                                        "status 1 9190",
                                        "status 0 AE",
                                        "quirk",
                                        "quirk dance",
                                        "quirk no_mac 0",
                                        "quirk length",
                                        "quirk length 5000",
                                        "quirk random 1 x",
                                        "load",
                                        "load nowhere.json"}) {
        BOOST_TEST(bench.say(line).starts_with("error "), line);
    }
    bench.insert();
    BOOST_TEST(bench.say("load card.json") == "error a card is present; remove it first");
    BOOST_TEST(bench.answer_to(get_free_memory) == "0014009100");
}

BOOST_AUTO_TEST_CASE(a_tear_in_the_middle_of_a_command_empties_the_slot) {
    Bench bench;
    bench.insert();
    BOOST_TEST(bench.say("tear 2 during") == "ok");
    BOOST_TEST(bench.answer_to(get_free_memory) == "0014009100");
    BOOST_TEST(bench.answer_to(create_application) == "closed");
    BOOST_TEST(!bench.slot.present());
}

BOOST_AUTO_TEST_CASE(a_hanging_card_is_silent_until_it_is_released) {
    Bench bench;
    bench.insert();
    BOOST_TEST(bench.say("hang 1") == "ok");
    bench.ask(create_application);
    BOOST_TEST(bench.driver.silent());
    BOOST_TEST(bench.say("state").ends_with(" hanging"));
    BOOST_TEST(bench.saved().applications.size() == 1U);
    BOOST_TEST(bench.say("release") == "ok");
    BOOST_TEST(bench.driver.receive() == "9100");
    BOOST_TEST(bench.answer_to(get_free_memory).ends_with("9100"));
}

BOOST_AUTO_TEST_CASE(a_hanging_card_can_be_taken_out) {
    Bench bench;
    bench.insert();
    bench.say("hang 1");
    bench.ask(get_free_memory);
    BOOST_TEST(bench.say("remove") == "ok");
    BOOST_TEST(bench.driver.receive() == "closed");
    bench.insert();
    BOOST_TEST(bench.answer_to(get_free_memory) == "0014009100");
}

BOOST_AUTO_TEST_CASE(a_status_comes_at_its_apdu_counted_from_now) {
    Bench bench;
    bench.insert();
    bench.answer_to(get_free_memory);
    BOOST_TEST(bench.say("status 2 EE") == "ok");
    BOOST_TEST(bench.answer_to(get_free_memory) == "0014009100");
    BOOST_TEST(bench.answer_to(get_free_memory) == "91EE");
    BOOST_TEST(bench.answer_to(get_free_memory) == "0014009100");
}

BOOST_AUTO_TEST_CASE(a_quirk_holds_where_it_is_said_to_and_ends_with_none) {
    Bench bench;
    bench.insert();
    BOOST_TEST(bench.say("quirk length 1 2 3") == "ok");
    for (const std::string_view answer :
         {"0014009100", "001400009100", "001400009100", "0014009100"}) {
        BOOST_TEST(bench.answer_to(get_free_memory) == answer);
    }
    BOOST_TEST(bench.say("quirk endless") == "ok");
    BOOST_TEST(bench.answer_to(get_free_memory).ends_with("91AF"));
    BOOST_TEST(bench.say("quirk none") == "ok");
    BOOST_TEST(bench.answer_to(get_free_memory) == "0014009100");
    BOOST_TEST(bench.say("quirk replay 2") == "ok");
    bench.answer_to(get_free_memory);
    BOOST_TEST(bench.answer_to(create_application) == "0014009100");
    BOOST_TEST(bench.say("reset-apdus") == "ok");
    BOOST_TEST(bench.answer_to(create_application) == "9100");
}

BOOST_AUTO_TEST_CASE(a_quirk_leaves_a_hang_and_a_status_that_are_to_come) {
    Bench bench;
    bench.say("hang 3");
    bench.say("status 2 EE");
    for (const std::string_view name :
         {"no_mac", "wrong_mac", "short_mac", "random", "endless", "replay"}) {
        BOOST_TEST(bench.say("quirk " + std::string(name) + " 9") == "ok", name);
    }
    BOOST_TEST(bench.slot.card().quirks().hangs_at.value() == 3U);
    BOOST_TEST(bench.slot.card().quirks().injected_status->at == 2U);
}

BOOST_AUTO_TEST_CASE(another_card_lies_in_the_slot_after_a_tear) {
    Bench bench;
    bench.insert();
    bench.say("tear 1 after");
    BOOST_TEST(bench.answer_to(create_application) == "closed");
    const std::filesystem::path other = bench.driver.card_file().string() + ".other";
    save_memory(factory_card(genuine_uid(1)), other);
    BOOST_TEST(bench.say("load " + other.string()) == "ok");
    bench.insert();
    BOOST_TEST(bench.answer_to(from_hex("FFCA000000")) == "045640CAE453809000");
    BOOST_TEST(bench.answer_to(get_free_memory) == "0014009100");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace virtual_card::test
