#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/virtual/desfire/card.hpp"
#include "tests/virtual/test/terminal.hpp"

namespace virtual_card::test {
namespace {

const Bytes zero_aes_key(16, 0);
const Bytes picc_key = counting(16, 0x10);
const Bytes application_key = counting(16, 0x40);
constexpr std::uint32_t pass_bytes = 500;
constexpr std::uint32_t state_bytes = 60;

/// A whole personalisation: identify, PICC key, application, keys, files, data, read-back.
void personalise(Terminal& terminal) {
    terminal.plain(Ins::get_version);
    terminal.plain(Ins::read_signature, Bytes{0});
    terminal.plain(Ins::get_key_version, Bytes{0});
    terminal.plain(Ins::get_free_memory);
    terminal.authenticate_iso(zero_aes_key);
    terminal.secured(Ins::get_application_ids);
    terminal.change_key(0x80, picc_key, 1, std::nullopt);
    terminal.authenticate_ev2(picc_key);
    terminal.secured(Ins::change_key_settings, {}, Bytes{0x09}, CommMode::full);
    terminal.secured(Ins::create_application, joined(test_aid, Bytes{0x09, 0x83}));
    terminal.select(test_aid);
    terminal.authenticate_ev2(zero_aes_key);
    terminal.change_key(0, application_key, 1, std::nullopt);
    terminal.authenticate_ev2(application_key);
    terminal.change_key(1, application_key, 1, zero_aes_key);
    terminal.change_key(2, application_key, 1, zero_aes_key);
    terminal.secured(Ins::create_standard_file, from_hex("01032012F40100"));
    terminal.secured(Ins::create_backup_file, from_hex("030320123C0000"));
    terminal.authenticate_ev2(application_key, 2);
    terminal.secured(Ins::write_data, range(1, 0, pass_bytes), Bytes(pass_bytes, 0xAB),
                     CommMode::full, CommMode::full);
    terminal.secured(Ins::write_data, range(3, 0, state_bytes), Bytes(state_bytes, 0xCD),
                     CommMode::full, CommMode::full);
    terminal.secured(Ins::commit_transaction);
    terminal.authenticate_ev2(application_key, 1);
    terminal.secured(Ins::read_data, range(1, 0, pass_bytes), {}, CommMode::mac, CommMode::full);
    terminal.secured(Ins::read_data, range(3, 0, state_bytes), {}, CommMode::mac, CommMode::full);
}

/// The memory before the first APDU of an undisturbed personalisation and after each.
std::vector<CardMemory> undisturbed_course() {
    CardMemory memory = factory_card(genuine_uid(0));
    Card card(memory);
    std::vector<CardMemory> course{memory};
    card.activate();
    Terminal terminal(card);
    terminal.after_each_apdu([&] { course.push_back(memory); });
    personalise(terminal);
    return course;
}

/// The memory that a personalisation leaves behind when it is torn there.
CardMemory torn(Tear tear) {
    CardMemory memory = factory_card(genuine_uid(0));
    Card card(memory);
    card.activate();
    card.tear(tear);
    Terminal terminal(card);
    BOOST_CHECK_THROW(personalise(terminal), CardLeft);
    BOOST_CHECK(!card.active());
    BOOST_CHECK(!card.log().back().status.has_value());
    return memory;
}

BOOST_AUTO_TEST_SUITE(tears)

BOOST_AUTO_TEST_CASE(an_undisturbed_personalisation_takes_52_apdus_and_none_fails) {
    CardMemory memory = factory_card(genuine_uid(0));
    Card card(memory);
    card.activate();
    Terminal terminal(card);
    personalise(terminal);
    BOOST_CHECK_EQUAL(card.apdus(), 52U);
    for (const LogEntry& entry : card.log()) {
        const auto status = static_cast<Status>(entry.status.value());
        BOOST_CHECK(status == Status::ok || status == Status::additional_frame ||
                    status == Status::signature_ok);
    }
    const Application& application = memory.applications.at(0);
    BOOST_CHECK(application.files.at(0).data == Bytes(pass_bytes, 0xAB));
    BOOST_CHECK(application.files.at(1).data == Bytes(state_bytes, 0xCD));
    card.reset_apdus();
    BOOST_CHECK_EQUAL(card.apdus(), 0U);
}

BOOST_AUTO_TEST_CASE(a_tear_at_any_apdu_leaves_all_or_nothing_of_that_apdu) {
    const std::vector<CardMemory> course = undisturbed_course();
    for (std::uint32_t at = 1; at < course.size(); ++at) {
        BOOST_TEST_CONTEXT("APDU " << at) {
            BOOST_CHECK(torn({at, Tear::When::before}) == course[at - 1]);
            BOOST_CHECK(torn({at, Tear::When::after}) == course[at]);
            CardMemory rolled_back = torn({at, Tear::When::rolled_back});
            BOOST_CHECK(rolled_back.rollback_pending);
            rolled_back.rollback_pending = false;
            BOOST_CHECK(rolled_back == course[at - 1]);
        }
    }
}

BOOST_AUTO_TEST_CASE(after_a_tear_the_card_is_silent_until_it_is_activated) {
    CardMemory memory = factory_card(genuine_uid(0));
    Card card(memory);
    card.activate();
    card.tear({2, Tear::When::before});
    const Bytes command = from_hex("906E000000");
    BOOST_CHECK(card.transceive(command).has_value());
    BOOST_CHECK(!card.transceive(command).has_value());
    BOOST_CHECK(!card.transceive(command).has_value());
    card.activate();
    BOOST_CHECK(card.transceive(command).has_value());
    BOOST_CHECK(card.transceive(command).has_value());
}

BOOST_AUTO_TEST_CASE(after_a_roll_back_the_first_command_answers_ee_once) {
    CardMemory memory = factory_card(genuine_uid(0));
    Card card(memory);
    card.activate();
    card.tear({1, Tear::When::rolled_back});
    const Bytes command = from_hex("906E000000");
    BOOST_CHECK(!card.transceive(command).has_value());
    Card again(memory);
    again.activate();
    BOOST_CHECK_EQUAL(to_hex(*again.transceive(command)), "91EE");
    BOOST_CHECK_EQUAL(to_hex(*again.transceive(command)), "0014009100");
}

BOOST_AUTO_TEST_CASE(a_tear_can_be_disarmed) {
    CardMemory memory = factory_card(genuine_uid(0));
    Card card(memory);
    card.activate();
    card.tear({1, Tear::When::before});
    card.tear({0, Tear::When::before});
    BOOST_CHECK(card.transceive(from_hex("906E000000")).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace virtual_card::test
