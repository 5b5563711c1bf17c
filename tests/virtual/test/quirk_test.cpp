#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/virtual/desfire/card.hpp"
#include "tests/virtual/test/terminal.hpp"

namespace virtual_card::test {
namespace {

const Bytes zero_aes_key(16, 0);
const Bytes get_free_memory = from_hex("906E000000");

struct Bench {
    explicit Bench(CardQuirks quirks) : card(memory, quirks), terminal(card) { card.activate(); }
    Bytes ask() { return *card.transceive(get_free_memory); }
    CardMemory memory = prepared_card();
    Card card;
    Terminal terminal;
};

BOOST_AUTO_TEST_SUITE(quirks)

BOOST_AUTO_TEST_CASE(omits_response_mac_leaves_the_mac_out_of_session_answers) {
    Bench bench({.omits_response_mac = true});
    bench.terminal.authenticate_ev2(zero_aes_key);
    const Bytes ev2 = bench.terminal.protected_command(Ins::get_free_memory, {}, {}, CommMode::mac);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::get_free_memory, ev2).data.size(), 3U);
    bench.terminal.authenticate_aes(zero_aes_key);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::get_free_memory).data.size(), 3U);
}

BOOST_AUTO_TEST_CASE(corrupts_response_mac_flips_one_bit_of_it) {
    Bytes answers[2];
    for (const bool corrupt : {false, true}) {
        CardMemory memory = prepared_card();
        Card card(memory, {.corrupts_response_mac = corrupt}, scripted({}));
        card.activate();
        Terminal terminal(card);
        terminal.authenticate_aes(zero_aes_key);
        answers[corrupt ? 1 : 0] = terminal.frame(Ins::get_free_memory).data;
    }
    BOOST_CHECK_EQUAL(answers[0].back() ^ answers[1].back(), 1);
    answers[1].back() = answers[0].back();
    BOOST_CHECK(answers[0] == answers[1]);
}

BOOST_AUTO_TEST_CASE(corrupts_response_mac_spoils_an_ev1_cryptogram_too) {
    std::string answers[2];
    for (const bool corrupt : {false, true}) {
        CardMemory memory = prepared_card();
        Card card(memory, {.corrupts_response_mac = corrupt}, scripted({}));
        card.activate();
        Terminal terminal(card);
        terminal.authenticate_aes(zero_aes_key);
        answers[corrupt ? 1 : 0] = to_hex(terminal.frame(Ins::get_card_uid).data);
    }
    BOOST_CHECK_EQUAL(answers[0].size(), answers[1].size());
    BOOST_CHECK(answers[0] != answers[1]);
}

BOOST_AUTO_TEST_CASE(shortens_response_mac_leaves_half_of_it) {
    Bench bench({.shortens_response_mac = true});
    bench.terminal.authenticate_ev2(zero_aes_key);
    const Bytes ev2 = bench.terminal.protected_command(Ins::get_free_memory, {}, {}, CommMode::mac);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::get_free_memory, ev2).data.size(), 7U);
    bench.terminal.authenticate_aes(zero_aes_key);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::get_free_memory).data.size(), 7U);
}

BOOST_AUTO_TEST_CASE(misbehaviour_begins_and_ends_at_its_apdus) {
    Bench bench({.wrong_length_answer = 1, .from = 2, .until = 3});
    for (const std::size_t length : {5U, 6U, 6U, 5U}) {
        BOOST_CHECK_EQUAL(bench.ask().size(), length);
    }
}

BOOST_AUTO_TEST_CASE(a_mac_is_missing_only_within_the_bounds) {
    Bench bench({.omits_response_mac = true, .from = 4, .until = 4});
    bench.terminal.authenticate_aes(zero_aes_key);
    for (const std::size_t length : {11U, 3U, 11U}) {
        BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::get_free_memory).data.size(), length);
    }
}

BOOST_AUTO_TEST_CASE(a_hang_keeps_the_answer_back_and_the_effect) {
    Bench bench({.hangs_at = 2});
    const Bytes create = from_hex("90CA0000050102030F8300");
    bench.ask();
    BOOST_CHECK(!bench.card.transceive(create).has_value());
    BOOST_CHECK(bench.card.active());
    BOOST_CHECK(bench.card.hanging());
    BOOST_CHECK(!bench.card.transceive(get_free_memory).has_value());
    BOOST_CHECK_EQUAL(bench.memory.applications.size(), 2U);
    BOOST_CHECK_EQUAL(to_hex(bench.card.release().value()), "9100");
    BOOST_CHECK(!bench.card.release().has_value());
    BOOST_CHECK_EQUAL(bench.ask().back(), 0x00);
}

BOOST_AUTO_TEST_CASE(a_hang_ends_with_the_field) {
    Bench bench({.hangs_at = 1});
    BOOST_CHECK(!bench.card.transceive(get_free_memory).has_value());
    bench.card.activate();
    BOOST_CHECK(!bench.card.hanging());
    BOOST_CHECK_EQUAL(bench.ask().back(), 0x00);
}

BOOST_AUTO_TEST_CASE(a_card_can_begin_and_cease_to_misbehave) {
    Bench bench({});
    bench.ask();
    bench.card.misbehave({.endless_chaining = true});
    BOOST_CHECK_EQUAL(bench.ask().back(), 0xAF);
    bench.card.misbehave({});
    BOOST_CHECK_EQUAL(to_hex(ByteView(bench.ask()).last(2)), "9100");
}

BOOST_AUTO_TEST_CASE(answers_random_bytes_varies_and_has_no_effect) {
    Bench bench({.answers_random_bytes = true});
    std::size_t different = 0;
    for (int i = 0; i < 50; ++i) {
        const Bytes answer = *bench.card.transceive(from_hex("90CA0000050102030F8300"));
        BOOST_CHECK_LE(answer.size(), 61U);
        different += answer != bench.ask() ? 1U : 0U;
    }
    BOOST_CHECK_GT(different, 40U);
    BOOST_CHECK(bench.memory == prepared_card());
}

BOOST_AUTO_TEST_CASE(endless_chaining_never_ends) {
    Bench bench({.endless_chaining = true});
    for (int i = 0; i < 1000; ++i) {
        const Reply reply = bench.terminal.frame(Ins::additional_frame);
        BOOST_CHECK_EQUAL(reply.status, Status::additional_frame);
        BOOST_CHECK_EQUAL(reply.data.size(), 59U);
    }
}

BOOST_AUTO_TEST_CASE(wrong_length_answer_makes_answers_longer_or_shorter) {
    for (const auto& [difference, length] :
         {std::pair{1, 6U}, std::pair{-1, 4U}, std::pair{-9, 2U}}) {
        Bench bench({.wrong_length_answer = difference});
        const Bytes answer = bench.ask();
        BOOST_CHECK_EQUAL(answer.size(), length);
        BOOST_CHECK_EQUAL(to_hex(ByteView(answer).last(2)), "9100");
    }
}

BOOST_AUTO_TEST_CASE(injected_status_comes_once_at_its_apdu) {
    Bench bench({.injected_status = CardQuirks::InjectedStatus{2, 0xEE}});
    BOOST_CHECK_EQUAL(bench.ask().back(), 0x00);
    BOOST_CHECK_EQUAL(to_hex(bench.ask()), "91EE");
    BOOST_CHECK_EQUAL(bench.ask().back(), 0x00);
}

BOOST_AUTO_TEST_CASE(replays_last_answer_repeats_the_last_genuine_one) {
    Bench bench({.replays_last_answer = 2});
    const Bytes genuine = bench.ask();
    BOOST_CHECK(*bench.card.transceive(from_hex("9060000000")) == genuine);
    BOOST_CHECK(*bench.card.transceive(from_hex("90CA0000050102030F8300")) == genuine);
    BOOST_CHECK(bench.memory == prepared_card());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace virtual_card::test
