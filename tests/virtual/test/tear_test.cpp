#include <algorithm>
#include <string>
#include <utility>
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

/// Opens sessions as the chip can: EV1 or EV2 secure messaging.
Status open(Terminal& terminal, const ChipProfile& profile, ByteView key, std::uint8_t number = 0) {
    return profile.ev2_messaging ? terminal.authenticate_ev2(key, number)
                                 : terminal.authenticate_aes(key, number);
}

/// A whole personalisation: identify, PICC key, application, keys, files, data, read-back.
void personalise(Terminal& terminal, const ChipProfile& profile) {
    terminal.plain(Ins::get_version);
    terminal.plain(Ins::read_signature, Bytes{0});
    terminal.plain(Ins::get_key_version, Bytes{0});
    terminal.plain(Ins::get_free_memory);
    terminal.authenticate_iso(zero_aes_key);
    terminal.secured(Ins::get_application_ids);
    terminal.change_key(0x80, picc_key, 1, std::nullopt);
    open(terminal, profile, picc_key);
    terminal.secured(Ins::change_key_settings, {}, Bytes{0x09}, CommMode::full);
    terminal.secured(Ins::create_application, joined(test_aid, Bytes{0x09, 0x83}));
    terminal.select(test_aid);
    open(terminal, profile, zero_aes_key);
    terminal.change_key(0, application_key, 1, std::nullopt);
    open(terminal, profile, application_key);
    terminal.change_key(1, application_key, 1, zero_aes_key);
    terminal.change_key(2, application_key, 1, zero_aes_key);
    terminal.secured(Ins::create_standard_file, from_hex("01032012F40100"));
    terminal.secured(Ins::create_backup_file, from_hex("030320123C0000"));
    open(terminal, profile, application_key, 2);
    terminal.secured(Ins::write_data, range(1, 0, pass_bytes), Bytes(pass_bytes, 0xAB),
                     CommMode::full, CommMode::full);
    terminal.secured(Ins::write_data, range(3, 0, state_bytes), Bytes(state_bytes, 0xCD),
                     CommMode::full, CommMode::full);
    terminal.secured(Ins::commit_transaction);
    open(terminal, profile, application_key, 1);
    terminal.secured(Ins::read_data, range(1, 0, pass_bytes), {}, CommMode::mac, CommMode::full);
    terminal.secured(Ins::read_data, range(3, 0, state_bytes), {}, CommMode::mac, CommMode::full);
}

CardMemory blank(const ChipProfile& profile) {
    return factory_card(genuine_uid(0), profile);
}

/// The memory before the first APDU of an undisturbed personalisation and after each.
std::vector<CardMemory> undisturbed_course(const ChipProfile& profile) {
    CardMemory memory = blank(profile);
    Card card(memory);
    std::vector<CardMemory> course{memory};
    card.activate();
    Terminal terminal(card, profile.max_command_data);
    terminal.after_each_apdu([&] { course.push_back(memory); });
    personalise(terminal, profile);
    return course;
}

/// The memory that a personalisation leaves behind when it is torn there.
CardMemory torn(const ChipProfile& profile, Tear tear, Bytes randoms = {}) {
    CardMemory memory = blank(profile);
    Card card(memory, {}, randoms.empty() ? system_randomness() : scripted(std::move(randoms)));
    card.activate();
    card.tear(tear);
    Terminal terminal(card, profile.max_command_data);
    BOOST_CHECK_THROW(personalise(terminal, profile), CardLeft);
    BOOST_CHECK(!card.active());
    BOOST_CHECK(!card.log().back().status.has_value());
    return memory;
}

/// With the data of standard files left out.
CardMemory without_standard_data(CardMemory memory) {
    for (Application& application : memory.applications) {
        for (File& file : application.files) {
            if (file.type == FileType::standard) {
                std::fill(file.data.begin(), file.data.end(), std::uint8_t{0});
            }
        }
    }
    return memory;
}

/// A card with a file 1 of ones, in which the test writes twos from 8 to 24 and is torn.
struct HalfWritten {
    explicit HalfWritten(FileType type, std::uint32_t at = 1) {
        add_file(memory, 1, type, CommMode::plain, 0xEEEE, 32);
        memory.applications.front().files.front().data.assign(32, 1);
        Card card(memory);
        card.activate();
        Terminal terminal(card);
        terminal.select(test_aid);
        card.tear({at, Tear::When::during});
        // In two frames: ten bytes, then six.
        BOOST_CHECK_THROW(
            {
                terminal.frame(Ins::write_data, joined(range(1, 8, 16), Bytes(10, 2)));
                terminal.frame(Ins::additional_frame, Bytes(6, 2));
                terminal.frame(Ins::commit_transaction);
            },
            CardLeft);
    }
    const Bytes& data() const { return memory.applications.front().files.front().data; }
    CardMemory memory = prepared_card();
};

BOOST_AUTO_TEST_SUITE(tears)

BOOST_AUTO_TEST_CASE(an_undisturbed_personalisation_takes_52_apdus_and_none_fails) {
    CardMemory memory = blank(ev2_4k());
    Card card(memory);
    card.activate();
    Terminal terminal(card);
    personalise(terminal, ev2_4k());
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
    for (const ChipProfile& chip : {ev1_4k(), ev2_4k(), ev3_4k()}) {
        const std::vector<CardMemory> course = undisturbed_course(chip);
        for (std::uint32_t at = 1; at < course.size(); ++at) {
            BOOST_TEST_CONTEXT(chip.name << ", APDU " << at) {
                BOOST_CHECK(torn(chip, {at, Tear::When::before}) == course[at - 1]);
                BOOST_CHECK(torn(chip, {at, Tear::When::after}) == course[at]);
                CardMemory rolled_back = torn(chip, {at, Tear::When::rolled_back});
                BOOST_CHECK(rolled_back.rollback_pending);
                rolled_back.rollback_pending = false;
                BOOST_CHECK(rolled_back == course[at - 1]);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_tear_in_the_middle_leaves_undefined_only_what_standard_files_hold) {
    for (const ChipProfile& chip : {ev1_4k(), ev2_4k(), ev3_4k()}) {
        const std::vector<CardMemory> course = undisturbed_course(chip);
        for (std::uint32_t at = 1; at < course.size(); ++at) {
            BOOST_TEST_CONTEXT(chip.name << ", APDU " << at) {
                const CardMemory left = without_standard_data(torn(chip, {at, Tear::When::during}));
                BOOST_CHECK(left == without_standard_data(course[at - 1]) ||
                            left == without_standard_data(course[at]));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_a_tear_in_the_middle_leaves_of_all_else_is_old_as_well_as_new) {
    // Whether the change of the PICC key took effect hangs on the card's random numbers.
    const std::vector<CardMemory> course = undisturbed_course(ev2_4k());
    std::size_t at = 1;
    while (course[at].picc_key == course[at - 1].picc_key) {
        ++at;
    }
    int old = 0;
    int fresh = 0;
    for (std::uint8_t seed = 0; seed < 20; ++seed) {
        const CardMemory left =
            torn(ev2_4k(), {static_cast<std::uint32_t>(at), Tear::When::during}, Bytes(64, seed));
        old += left == course[at - 1] ? 1 : 0;
        fresh += left == course[at] ? 1 : 0;
    }
    BOOST_CHECK_EQUAL(old, 10);
    BOOST_CHECK_EQUAL(fresh, 10);
}

BOOST_AUTO_TEST_CASE(a_standard_file_torn_while_it_is_written_holds_old_new_and_worthless_bytes) {
    std::size_t old = 0;
    std::size_t fresh = 0;
    std::size_t worthless = 0;
    for (int round = 0; round < 50; ++round) {
        const HalfWritten half(FileType::standard, 2);
        for (std::size_t i = 0; i < half.data().size(); ++i) {
            const std::uint8_t byte = half.data()[i];
            if (i < 8 || i >= 24) {
                BOOST_REQUIRE_EQUAL(byte, 1);
                continue;
            }
            old += byte == 1 ? 1U : 0U;
            fresh += byte == 2 ? 1U : 0U;
            worthless += byte != 1 && byte != 2 ? 1U : 0U;
        }
    }
    BOOST_CHECK_GT(old, 100U);
    BOOST_CHECK_GT(fresh, 100U);
    BOOST_CHECK_GT(worthless, 100U);
}

BOOST_AUTO_TEST_CASE(a_standard_file_is_undefined_from_the_first_frame_of_a_write) {
    std::size_t changed = 0;
    for (int round = 0; round < 50; ++round) {
        const HalfWritten half(FileType::standard, 1);
        for (std::size_t i = 0; i < half.data().size(); ++i) {
            const bool inside = i >= 8 && i < 24;
            BOOST_REQUIRE(inside || half.data()[i] == 1);
            changed += half.data()[i] != 1 ? 1U : 0U;
        }
    }
    BOOST_CHECK_GT(changed, 100U);
}

BOOST_AUTO_TEST_CASE(a_backup_file_torn_at_any_moment_is_old_or_new) {
    Bytes written(32, 1);
    std::fill(written.begin() + 8, written.begin() + 24, std::uint8_t{2});
    for (int round = 0; round < 20; ++round) {
        BOOST_CHECK(HalfWritten(FileType::backup, 1).data() == Bytes(32, 1));
        BOOST_CHECK(HalfWritten(FileType::backup, 2).data() == Bytes(32, 1));
        const HalfWritten at_commit(FileType::backup, 3);
        BOOST_CHECK(at_commit.data() == Bytes(32, 1) || at_commit.data() == written);
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
