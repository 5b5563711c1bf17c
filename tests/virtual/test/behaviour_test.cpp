#include <array>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/virtual/desfire/card.hpp"
#include "tests/virtual/test/terminal.hpp"

namespace virtual_card::test {
namespace {

const Bytes zero_aes_key(16, 0);
const Bytes fresh_key = from_hex("00112233445566778899AABBCCDDEEFF");
constexpr std::uint16_t rights_of_key_zero = 0x0000;
constexpr std::uint16_t rights_of_the_pass = 0x1220;

/// A powered card with the test application selected.
struct Bench {
    explicit Bench(CardMemory start, CardQuirks quirks = {})
        : memory(std::move(start)), card(memory, quirks), terminal(card) {
        card.activate();
        if (!memory.applications.empty()) {
            BOOST_REQUIRE_EQUAL(terminal.select(test_aid), Status::ok);
        }
    }
    CardMemory memory;
    Card card;
    Terminal terminal;
};

/// The terminal's side of the legacy protocol, which only ever deciphers: D(A), D(B ^ D(A)).
Bytes legacy_token(ByteView key, ByteView rnd_a, ByteView rnd_b) {
    const Bytes zero(8, 0);
    Bytes token = cbc_decrypt(KeyType::des, key, zero, rnd_a);
    Bytes second(rnd_b.begin(), rnd_b.end());
    for (std::size_t i = 0; i < second.size(); ++i) {
        second[i] ^= token[i];
    }
    return joined(token, cbc_decrypt(KeyType::des, key, zero, second));
}

/// The card's last answer of a legacy authentication that shows `key`.
Reply authenticate_legacy(Terminal& terminal, ByteView key, ByteView rnd_a) {
    const Reply challenge = terminal.frame(Ins::authenticate_legacy, Bytes{0});
    BOOST_REQUIRE_EQUAL(challenge.status, Status::additional_frame);
    const Bytes rnd_b = cbc_decrypt(KeyType::des, key, Bytes(8, 0), challenge.data);
    return terminal.frame(Ins::additional_frame, legacy_token(key, rnd_a, rotated_left(rnd_b)));
}

std::string answer_to(Card& card, std::string_view apdu) {
    return to_hex(*card.transceive(from_hex(apdu)));
}

BOOST_AUTO_TEST_SUITE(form)

BOOST_AUTO_TEST_CASE(the_reader_shows_the_atr_of_a_contactless_desfire) {
    Bench bench(factory_card(genuine_uid(0)));
    BOOST_CHECK_EQUAL(to_hex(bench.card.activate()), "3B8180018080");
}

BOOST_AUTO_TEST_CASE(a_card_outside_the_field_gives_no_answer) {
    Bench bench(factory_card(genuine_uid(0)));
    bench.card.deactivate();
    BOOST_CHECK(!bench.card.transceive(from_hex("9060000000")).has_value());
    bench.card.activate();
    BOOST_CHECK(bench.card.transceive(from_hex("9060000000")).has_value());
}

BOOST_AUTO_TEST_CASE(the_reader_itself_gives_the_uid_and_the_card_does_not_count_it) {
    Bench bench(factory_card(genuine_uid(0)));
    BOOST_CHECK_EQUAL(answer_to(bench.card, "FFCA000000"), "042A41CAE453809000");
    BOOST_CHECK_EQUAL(bench.card.apdus(), 0U);
}

BOOST_AUTO_TEST_CASE(the_reader_itself_obeys_commands_for_its_light_and_sound) {
    Bench bench(factory_card(genuine_uid(0)));
    BOOST_CHECK_EQUAL(answer_to(bench.card, "FF0040A00402010101"), "9000");
    BOOST_CHECK_EQUAL(answer_to(bench.card, "FF0040A0040201"), "6E00");
    BOOST_CHECK_EQUAL(bench.card.apdus(), 1U);
    BOOST_REQUIRE_EQUAL(bench.card.signals().size(), 1U);
    BOOST_CHECK_EQUAL(to_hex(bench.card.signals().front()), "FF0040A00402010101");
}

BOOST_AUTO_TEST_CASE(malformed_wraps_are_refused_by_form) {
    Bench bench(factory_card(genuine_uid(0)));
    BOOST_CHECK_EQUAL(answer_to(bench.card, "90600000"), "6700");
    BOOST_CHECK_EQUAL(answer_to(bench.card, "905A000003F54B50"), "6700");
    BOOST_CHECK_EQUAL(answer_to(bench.card, "905A000002F54B5000"), "6700");
    BOOST_CHECK_EQUAL(answer_to(bench.card, "9060010000"), "6A86");
    BOOST_CHECK_EQUAL(answer_to(bench.card, "00A4040000"), "6E00");
}

BOOST_AUTO_TEST_CASE(an_unknown_instruction_is_an_illegal_command) {
    Bench bench(factory_card(genuine_uid(0)));
    BOOST_CHECK_EQUAL(answer_to(bench.card, "9012000000"), "911C");
    BOOST_CHECK_EQUAL(answer_to(bench.card, "90AF000000"), "911C");
}

BOOST_AUTO_TEST_CASE(a_command_longer_than_the_frame_is_a_length_error) {
    CardMemory memory = prepared_card();
    add_file(memory, 1, FileType::standard, CommMode::plain, 0xEEEE, 64);
    Bench bench(std::move(memory));
    const Bytes too_long = joined(range(1, 0, 49), Bytes(49, 1));
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::write_data, too_long).status, Status::length_error);
    const Bytes longest = joined(range(1, 0, 48), Bytes(48, 1));
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::write_data, longest).status, Status::ok);
}

BOOST_AUTO_TEST_CASE(an_answer_is_cut_at_59_bytes) {
    CardMemory memory = prepared_card();
    add_file(memory, 1, FileType::standard, CommMode::plain, 0xEEEE, 130);
    memory.applications.front().files.front().data = counting(130);
    Bench bench(std::move(memory));
    const Reply first = bench.terminal.frame(Ins::read_data, range(1, 0, 0));
    BOOST_CHECK_EQUAL(first.status, Status::additional_frame);
    BOOST_CHECK_EQUAL(first.data.size(), 59U);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::additional_frame).data.size(), 59U);
    const Reply last = bench.terminal.frame(Ins::additional_frame);
    BOOST_CHECK_EQUAL(last.status, Status::ok);
    BOOST_CHECK_EQUAL(last.data.size(), 12U);
}

BOOST_AUTO_TEST_CASE(another_command_inside_a_chain_is_aborted_and_ends_the_chain) {
    Bench bench(factory_card(genuine_uid(0)));
    bench.terminal.frame(Ins::get_version);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::get_free_memory).status, Status::command_aborted);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::additional_frame).status, Status::illegal_command);
    BOOST_CHECK_EQUAL(to_hex(bench.terminal.plain(Ins::get_free_memory).data), "001400");
}

BOOST_AUTO_TEST_CASE(hostile_bytes_never_break_the_card) {
    constexpr unsigned seed = 20240607;
    constexpr std::array<std::uint8_t, 20> instructions{0x0A, 0x1A, 0x3C, 0x3D, 0x45, 0x51, 0x54,
                                                        0x5A, 0x60, 0x64, 0x6A, 0x71, 0x77, 0xAF,
                                                        0xBD, 0xC4, 0xCA, 0xCD, 0xDF, 0xF5};
    std::mt19937 random(seed);
    const auto byte = [&] { return static_cast<std::uint8_t>(random()); };
    CardMemory memory = prepared_card();
    add_file(memory, 1, FileType::backup, CommMode::full, 0x000E, 64);
    Bench bench(std::move(memory));
    for (int round = 0; round < 20000; ++round) {
        if (round % 8 == 0) {
            bench.terminal.select(round % 16 == 0 ? test_aid : picc_level);
            if (round % 3 == 0) {
                bench.terminal.authenticate_ev2(zero_aes_key);
            } else {
                bench.terminal.authenticate_aes(zero_aes_key);
            }
        }
        Bytes data(random() % 4 == 0 ? byte() : byte() % 24U);
        for (std::uint8_t& each : data) {
            each = random() % 2 == 0 ? byte() : byte() % 4U;
        }
        Bytes apdu{0x90, instructions.at(random() % instructions.size()), 0, 0};
        if (!data.empty()) {
            apdu.push_back(static_cast<std::uint8_t>(data.size()));
            append(apdu, data);
        }
        apdu.push_back(0);
        if (random() % 50 == 0) {
            apdu.resize(random() % (apdu.size() + 1));
        }
        const std::optional<Bytes> answer = bench.card.transceive(apdu);
        BOOST_REQUIRE(answer.has_value());
        BOOST_REQUIRE(answer->size() >= 2 && answer->size() <= 61);
    }
}

BOOST_AUTO_TEST_CASE(the_log_names_what_was_asked_and_answered) {
    Bench bench(factory_card(genuine_uid(0)));
    bench.terminal.frame(Ins::get_free_memory);
    bench.terminal.frame(Ins::commit_transaction);
    BOOST_REQUIRE_EQUAL(bench.card.log().size(), 2U);
    BOOST_CHECK_EQUAL(bench.card.log()[0].name, "GetFreeMem");
    BOOST_CHECK(bench.card.log()[1].status == std::uint8_t{0x0C});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(authentication)

BOOST_AUTO_TEST_CASE(a_factory_card_opens_with_the_zero_des_key) {
    Bench bench(factory_card(genuine_uid(0)));
    BOOST_CHECK_EQUAL(bench.terminal.authenticate_iso(zero_aes_key), Status::ok);
    BOOST_CHECK_EQUAL(bench.terminal.secured(Ins::get_free_memory).status, Status::ok);
}

BOOST_AUTO_TEST_CASE(the_legacy_authentication_opens_what_needs_no_cipher) {
    Bench bench(factory_card(genuine_uid(0)));
    const Bytes rnd_a = counting(8);
    const Reply proof = authenticate_legacy(bench.terminal, zero_aes_key, rnd_a);
    BOOST_CHECK_EQUAL(proof.status, Status::ok);
    BOOST_TEST(cbc_decrypt(KeyType::des, zero_aes_key, Bytes(8, 0), proof.data) ==
               rotated_left(rnd_a));
    BOOST_CHECK_EQUAL(bench.terminal.plain(Ins::format_picc).status, Status::ok);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::get_card_uid).status, Status::illegal_command);
    BOOST_CHECK_EQUAL(bench.terminal.plain(Ins::format_picc).status, Status::authentication_error);
}

BOOST_AUTO_TEST_CASE(the_legacy_authentication_refuses_a_wrong_key) {
    Bench bench(factory_card(genuine_uid(0)));
    BOOST_CHECK_EQUAL(authenticate_legacy(bench.terminal, counting(16), counting(8)).status,
                      Status::authentication_error);
    BOOST_CHECK_EQUAL(bench.terminal.plain(Ins::format_picc).status, Status::authentication_error);
}

BOOST_AUTO_TEST_CASE(a_wrong_key_is_an_authentication_error) {
    Bench bench(prepared_card());
    BOOST_CHECK_EQUAL(bench.terminal.authenticate_ev2(fresh_key), Status::authentication_error);
    BOOST_CHECK_EQUAL(bench.terminal.authenticate_aes(fresh_key), Status::authentication_error);
}

BOOST_AUTO_TEST_CASE(a_method_that_does_not_fit_the_key_type_is_an_authentication_error) {
    Bench factory(factory_card(genuine_uid(0)));
    BOOST_CHECK_EQUAL(factory.terminal.frame(Ins::authenticate_ev2_first, Bytes{0, 0}).status,
                      Status::authentication_error);
    BOOST_CHECK_EQUAL(factory.terminal.frame(Ins::authenticate_aes, Bytes{0}).status,
                      Status::authentication_error);
    Bench ours(prepared_card());
    BOOST_CHECK_EQUAL(ours.terminal.frame(Ins::authenticate_iso, Bytes{0}).status,
                      Status::authentication_error);
    BOOST_CHECK_EQUAL(ours.terminal.frame(Ins::authenticate_legacy, Bytes{0}).status,
                      Status::authentication_error);
}

BOOST_AUTO_TEST_CASE(a_key_that_does_not_exist_is_said_to_be_missing) {
    Bench bench(prepared_card());
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::authenticate_ev2_first, Bytes{3, 0}).status,
                      Status::no_such_key);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::get_key_version, Bytes{3}).status,
                      Status::no_such_key);
}

BOOST_AUTO_TEST_CASE(an_ev1_chip_knows_no_ev2_authentication_and_no_signature) {
    Bench bench(factory_card(genuine_uid(0), ev1_4k()));
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::authenticate_ev2_first, Bytes{0, 0}).status,
                      Status::illegal_command);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::read_signature, Bytes{0}).status,
                      Status::illegal_command);
}

BOOST_AUTO_TEST_CASE(non_first_needs_a_session_and_keeps_its_counter) {
    Bench bench(prepared_card());
    BOOST_CHECK_EQUAL(bench.terminal.authenticate_ev2_non_first(zero_aes_key),
                      Status::permission_denied);
    bench.terminal.authenticate_ev2(zero_aes_key);
    bench.terminal.secured(Ins::get_key_version, Bytes{0});
    BOOST_CHECK_EQUAL(bench.terminal.authenticate_ev2_non_first(zero_aes_key, 1), Status::ok);
    BOOST_CHECK_EQUAL(bench.terminal.secured(Ins::get_key_version, Bytes{0}).status, Status::ok);
}

BOOST_AUTO_TEST_CASE(any_error_ends_the_session) {
    Bench bench(prepared_card());
    bench.terminal.authenticate_ev2(zero_aes_key);
    BOOST_CHECK_EQUAL(bench.terminal.secured(Ins::get_file_settings, Bytes{7}).status,
                      Status::file_not_found);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::get_card_uid).status, Status::authentication_error);
}

BOOST_AUTO_TEST_CASE(a_command_in_an_ev2_session_needs_its_mac) {
    for (const bool wrong : {false, true}) {
        Bench bench(prepared_card());
        bench.terminal.authenticate_ev2(zero_aes_key);
        const Bytes data = wrong ? joined(Bytes{0}, Bytes(8, 0)) : Bytes{0};
        BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::get_key_version, data).status,
                          wrong ? Status::integrity_error : Status::length_error);
    }
}

BOOST_AUTO_TEST_CASE(a_command_sent_twice_fails_because_the_counter_went_on) {
    Bench bench(prepared_card());
    bench.terminal.authenticate_ev2(zero_aes_key);
    const Bytes command =
        bench.terminal.protected_command(Ins::get_key_version, Bytes{0}, {}, CommMode::mac);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::get_key_version, command).status, Status::ok);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::get_key_version, command).status,
                      Status::integrity_error);
}

BOOST_AUTO_TEST_CASE(a_session_ends_when_its_counter_is_used_up) {
    Bench bench(prepared_card());
    bench.terminal.authenticate_ev2(zero_aes_key);
    Status status = Status::ok;
    std::uint32_t commands = 0;
    while (status == Status::ok && commands < 0x20000) {
        status = bench.terminal.secured(Ins::get_key_version, Bytes{0}).status;
        ++commands;
    }
    BOOST_CHECK_EQUAL(commands, 0x10000U);
    BOOST_CHECK_EQUAL(status, Status::authentication_error);
}

BOOST_AUTO_TEST_CASE(selecting_an_application_ends_the_session) {
    Bench bench(prepared_card());
    bench.terminal.authenticate_ev2(zero_aes_key);
    BOOST_CHECK_EQUAL(bench.terminal.select(test_aid), Status::ok);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::get_card_uid).status, Status::authentication_error);
}

BOOST_AUTO_TEST_CASE(the_card_uid_is_told_enciphered_and_only_in_a_session) {
    Bench bench(prepared_card());
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::get_card_uid).status, Status::authentication_error);
    bench.terminal.authenticate_ev2(zero_aes_key, 1);
    const Reply ev2 =
        bench.terminal.secured(Ins::get_card_uid, {}, {}, CommMode::mac, CommMode::full);
    BOOST_CHECK_EQUAL(to_hex(ev2.data), to_hex(bench.memory.uid));
    bench.terminal.authenticate_aes(zero_aes_key);
    const Reply ev1 =
        bench.terminal.secured(Ins::get_card_uid, {}, {}, CommMode::mac, CommMode::full);
    BOOST_CHECK_EQUAL(to_hex(ev1.data), to_hex(bench.memory.uid));
    BOOST_CHECK_EQUAL(to_hex(bench.terminal.padding()), "0000000000");
}

BOOST_AUTO_TEST_CASE(the_signature_is_enciphered_in_an_ev2_session_and_leaves_it_open) {
    Bench bench(prepared_card());
    bench.terminal.authenticate_ev2(zero_aes_key);
    const Reply reply =
        bench.terminal.secured(Ins::read_signature, Bytes{0}, {}, CommMode::mac, CommMode::full);
    BOOST_CHECK_EQUAL(reply.status, Status::signature_ok);
    BOOST_CHECK_EQUAL(to_hex(reply.data), to_hex(*bench.memory.signature));
    BOOST_CHECK_EQUAL(bench.terminal.secured(Ins::get_free_memory).status, Status::ok);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(keys)

BOOST_AUTO_TEST_CASE(the_picc_key_goes_from_des_to_aes_under_its_own_session) {
    Bench bench(factory_card(genuine_uid(0)));
    bench.terminal.authenticate_iso(zero_aes_key);
    bench.terminal.change_key(0x80, fresh_key, 0x21, std::nullopt);
    BOOST_CHECK(bench.memory.picc_key_type == KeyType::aes);
    BOOST_CHECK(bench.memory.picc_key == (Key{fresh_key, 0x21}));
    BOOST_CHECK_EQUAL(to_hex(bench.terminal.plain(Ins::get_key_version, Bytes{0}).data), "21");
    BOOST_CHECK_EQUAL(bench.terminal.authenticate_ev2(fresh_key), Status::ok);
}

BOOST_AUTO_TEST_CASE(own_and_other_keys_change_in_every_aes_session) {
    for (const bool ev2 : {false, true}) {
        Bench bench(prepared_card());
        const auto authenticate = [&](ByteView key) {
            return ev2 ? bench.terminal.authenticate_ev2(key)
                       : bench.terminal.authenticate_aes(key);
        };
        BOOST_REQUIRE_EQUAL(authenticate(zero_aes_key), Status::ok);
        bench.terminal.change_key(1, fresh_key, 5, zero_aes_key);
        bench.terminal.change_key(0, fresh_key, 6, std::nullopt);
        const std::vector<Key>& keys = bench.memory.applications.front().keys;
        BOOST_CHECK(keys[0] == (Key{fresh_key, 6}));
        BOOST_CHECK(keys[1] == (Key{fresh_key, 5}));
        BOOST_CHECK(keys[2] == zero_key(KeyType::aes));
        BOOST_CHECK_EQUAL(authenticate(fresh_key), Status::ok);
    }
}

BOOST_AUTO_TEST_CASE(a_wrong_old_key_is_an_integrity_error_and_changes_nothing) {
    Bench bench(prepared_card());
    bench.terminal.authenticate_ev2(zero_aes_key);
    Bytes content = fresh_key;
    content[0] ^= 0x01U;  // the difference from a key that is not the old one
    content.push_back(5);
    append(content, to_little_endian(crc32(fresh_key), 4));
    BOOST_CHECK_EQUAL(
        bench.terminal.secured(Ins::change_key, Bytes{1}, content, CommMode::full).status,
        Status::integrity_error);
    BOOST_CHECK(bench.memory == prepared_card());
}

BOOST_AUTO_TEST_CASE(keys_change_only_under_the_key_that_the_settings_name) {
    struct Case {
        std::uint8_t settings;
        std::uint8_t authenticated;
        std::uint8_t target;
        Status status;
    };
    constexpr std::array cases{
        Case{0x0F, 0, 1, Status::ok},
        Case{0x0F, 1, 1, Status::authentication_error},
        Case{0x1F, 1, 2, Status::ok},
        Case{0x1F, 0, 2, Status::authentication_error},
        Case{0x0E, 0, 0, Status::permission_denied},
        Case{0xFF, 0, 1, Status::permission_denied},
    };
    for (const Case& c : cases) {
        Bench bench(prepared_card(c.settings));
        bench.terminal.authenticate_ev2(zero_aes_key, c.authenticated);
        Bytes content = joined(fresh_key, Bytes{1});
        if (c.target != c.authenticated) {
            append(content, to_little_endian(crc32(fresh_key), 4));
        }
        const Bytes command = bench.terminal.protected_command(Ins::change_key, Bytes{c.target},
                                                               content, CommMode::full);
        BOOST_CHECK_EQUAL(bench.terminal.plain(Ins::change_key, command).status, c.status);
    }
}

BOOST_AUTO_TEST_CASE(each_key_changes_itself_when_the_settings_say_so) {
    Bench bench(prepared_card(0xEF));
    bench.terminal.authenticate_ev2(zero_aes_key, 2);
    bench.terminal.change_key(2, fresh_key, 9, std::nullopt);
    BOOST_CHECK(bench.memory.applications.front().keys[2] == (Key{fresh_key, 9}));
}

BOOST_AUTO_TEST_CASE(settings_change_until_they_are_frozen) {
    Bench bench(prepared_card());
    bench.terminal.authenticate_ev2(zero_aes_key);
    BOOST_CHECK_EQUAL(
        bench.terminal.secured(Ins::change_key_settings, {}, Bytes{0x01}, CommMode::full).status,
        Status::ok);
    BOOST_CHECK_EQUAL(bench.memory.applications.front().settings, 0x01);
    BOOST_CHECK_EQUAL(to_hex(bench.terminal.secured(Ins::get_key_settings).data), "0183");
    BOOST_CHECK_EQUAL(
        bench.terminal.secured(Ins::change_key_settings, {}, Bytes{0x0F}, CommMode::full).status,
        Status::permission_denied);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(applications_and_files)

BOOST_AUTO_TEST_CASE(closed_settings_ask_for_the_master_key_to_list_and_create) {
    CardMemory memory = prepared_card(0x09);
    memory.picc_settings = 0x09;
    add_file(memory, 1, FileType::standard, CommMode::full, rights_of_the_pass, 32);
    Bench bench(std::move(memory));
    for (const auto& [ins, data] :
         {std::pair{Ins::get_file_ids, Bytes{}}, std::pair{Ins::get_file_settings, Bytes{1}},
          std::pair{Ins::get_key_settings, Bytes{}}, std::pair{Ins::delete_file, Bytes{1}},
          std::pair{Ins::create_standard_file, Bytes{2, 3, 0x20, 0x12, 0x20, 0, 0}}}) {
        BOOST_CHECK_EQUAL(bench.terminal.frame(ins, data).status, Status::authentication_error);
    }
    bench.terminal.select(picc_level);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::get_application_ids).status,
                      Status::authentication_error);
    BOOST_CHECK_EQUAL(
        bench.terminal.frame(Ins::create_application, Bytes{1, 2, 3, 0x0F, 0x83}).status,
        Status::authentication_error);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::delete_application, test_aid).status,
                      Status::authentication_error);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::format_picc).status, Status::authentication_error);
}

BOOST_AUTO_TEST_CASE(an_application_is_made_listed_found_and_deleted) {
    Bench bench(factory_card(genuine_uid(0)));
    BOOST_CHECK_EQUAL(bench.terminal.select(test_aid), Status::application_not_found);
    const Bytes creation = joined(test_aid, Bytes{0x09, 0x83});
    BOOST_CHECK_EQUAL(bench.terminal.plain(Ins::create_application, creation).status, Status::ok);
    BOOST_CHECK_EQUAL(bench.terminal.plain(Ins::create_application, creation).status,
                      Status::duplicate);
    BOOST_CHECK_EQUAL(to_hex(bench.terminal.plain(Ins::get_application_ids).data), "F54B50");
    BOOST_CHECK_EQUAL(bench.terminal.select(test_aid), Status::ok);
    bench.terminal.select(picc_level);
    bench.terminal.authenticate_iso(zero_aes_key);
    BOOST_CHECK_EQUAL(bench.terminal.secured(Ins::delete_application, test_aid).status, Status::ok);
    BOOST_CHECK(bench.memory.applications.empty());
}

BOOST_AUTO_TEST_CASE(memory_of_deleted_things_comes_back_with_formatting_only) {
    Bench bench(factory_card(genuine_uid(0)));
    bench.terminal.authenticate_iso(zero_aes_key);
    int made = 0;
    while (bench.terminal.secured(Ins::create_application, joined(test_aid, Bytes{0x0F, 0x8E}))
               .status == Status::ok) {
        ++made;
        BOOST_REQUIRE_EQUAL(bench.terminal.secured(Ins::delete_application, test_aid).status,
                            Status::ok);
    }
    BOOST_CHECK_GT(made, 5);
    BOOST_CHECK_EQUAL(bench.card.log().back().status.value(),
                      static_cast<std::uint8_t>(Status::out_of_memory));
    bench.terminal.authenticate_iso(zero_aes_key);
    BOOST_CHECK_EQUAL(bench.terminal.secured(Ins::format_picc).status, Status::ok);
    BOOST_CHECK_EQUAL(free_bytes(bench.memory), 5120U);
}

BOOST_AUTO_TEST_CASE(files_are_made_with_their_settings_and_told_so) {
    Bench bench(prepared_card());
    bench.terminal.authenticate_ev2(zero_aes_key);
    const Bytes standard = from_hex("01032012F40100");
    const Bytes backup = from_hex("030320123C0000");
    BOOST_CHECK_EQUAL(bench.terminal.secured(Ins::create_standard_file, standard).status,
                      Status::ok);
    BOOST_CHECK_EQUAL(bench.terminal.secured(Ins::create_backup_file, backup).status, Status::ok);
    BOOST_CHECK_EQUAL(to_hex(bench.terminal.secured(Ins::get_file_ids).data), "0103");
    BOOST_CHECK_EQUAL(to_hex(bench.terminal.secured(Ins::get_file_settings, Bytes{1}).data),
                      "00032012F40100");
    BOOST_CHECK_EQUAL(to_hex(bench.terminal.secured(Ins::get_file_settings, Bytes{3}).data),
                      "010320123C0000");
    BOOST_CHECK_EQUAL(bench.memory.applications.front().files[0].access_rights, rights_of_the_pass);
    BOOST_CHECK_EQUAL(bench.terminal.secured(Ins::delete_file, Bytes{1}).status, Status::ok);
    BOOST_CHECK_EQUAL(bench.terminal.secured(Ins::create_backup_file, backup).status,
                      Status::duplicate);
}

BOOST_AUTO_TEST_CASE(files_cannot_be_made_outside_an_application) {
    Bench bench(factory_card(genuine_uid(0)));
    BOOST_CHECK_EQUAL(
        bench.terminal.frame(Ins::create_standard_file, from_hex("01032012F40100")).status,
        Status::permission_denied);
}

BOOST_AUTO_TEST_CASE(data_come_back_as_written_in_every_mode_and_session) {
    for (const CommMode mode : {CommMode::plain, CommMode::mac, CommMode::full}) {
        for (const bool ev2 : {false, true}) {
            // 160 is a whole number of cipher blocks, where the EV2 padding adds one more.
            for (const std::uint32_t length : {1U, 48U, 160U, 301U}) {
                CardMemory memory = prepared_card();
                add_file(memory, 1, FileType::standard, mode, rights_of_key_zero, 512);
                Bench bench(std::move(memory));
                if (ev2) {
                    bench.terminal.authenticate_ev2(zero_aes_key);
                } else {
                    bench.terminal.authenticate_aes(zero_aes_key);
                }
                const Bytes data = counting(length);
                const Bytes header = range(1, 7, length);
                BOOST_REQUIRE_EQUAL(
                    bench.terminal.secured(Ins::write_data, header, data, mode, mode).status,
                    Status::ok);
                const CommMode command = mode == CommMode::plain ? CommMode::plain : CommMode::mac;
                const Reply reply =
                    bench.terminal.secured(Ins::read_data, header, {}, command, mode);
                BOOST_CHECK_EQUAL(to_hex(reply.data), to_hex(data));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_full_file_refuses_plain_and_maced_writing) {
    for (const CommMode mode : {CommMode::plain, CommMode::mac}) {
        CardMemory memory = prepared_card();
        add_file(memory, 1, FileType::standard, CommMode::full, rights_of_key_zero, 64);
        Bench bench(std::move(memory));
        bench.terminal.authenticate_ev2(zero_aes_key);
        const Reply reply =
            bench.terminal.secured(Ins::write_data, range(1, 0, 24), counting(24), mode, mode);
        // The card still waits for the rest of what a FULL command of this length would have.
        BOOST_CHECK(reply.status != Status::ok);
        BOOST_CHECK_EQUAL(to_hex(bench.memory.applications.front().files[0].data),
                          to_hex(Bytes(64, 0)));
    }
}

BOOST_AUTO_TEST_CASE(a_full_write_without_the_extra_padding_block_is_refused) {
    CardMemory memory = prepared_card();
    add_file(memory, 1, FileType::standard, CommMode::full, rights_of_key_zero, 64);
    Bench bench(std::move(memory));
    bench.terminal.authenticate_ev2(zero_aes_key);
    // 16 bytes announced, one cipher block and a MAC sent: a block less than the padding makes.
    const Bytes command = joined(range(1, 0, 16), Bytes(24, 0));
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::write_data, command).status,
                      Status::additional_frame);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::commit_transaction).status,
                      Status::command_aborted);
}

BOOST_AUTO_TEST_CASE(access_rights_decide_who_reads_and_writes) {
    struct Case {
        std::uint8_t key;
        bool reads;
        bool writes;
    };
    for (const Case& c : {Case{0, false, false}, Case{1, true, false}, Case{2, true, true}}) {
        CardMemory memory = prepared_card();
        add_file(memory, 1, FileType::standard, CommMode::full, rights_of_the_pass, 32);
        Bench bench(std::move(memory));
        bench.terminal.authenticate_ev2(zero_aes_key, c.key);
        const Status read =
            bench.terminal
                .secured(Ins::read_data, range(1, 0, 32), {}, CommMode::mac, CommMode::full)
                .status;
        BOOST_CHECK_EQUAL(read, c.reads ? Status::ok : Status::authentication_error);
        bench.terminal.authenticate_ev2(zero_aes_key, c.key);
        const Status written = bench.terminal
                                   .secured(Ins::write_data, range(1, 0, 8), counting(8),
                                            CommMode::full, CommMode::full)
                                   .status;
        BOOST_CHECK_EQUAL(written, c.writes ? Status::ok : Status::authentication_error);
    }
}

BOOST_AUTO_TEST_CASE(free_access_falls_back_to_plain_and_never_means_never) {
    CardMemory memory = prepared_card();
    add_file(memory, 1, FileType::standard, CommMode::full, 0xEFF0, 16);
    Bench bench(std::move(memory));
    BOOST_CHECK_EQUAL(bench.terminal.plain(Ins::read_data, range(1, 0, 0)).data.size(), 16U);
    bench.terminal.authenticate_ev2(zero_aes_key);
    BOOST_CHECK_EQUAL(
        bench.terminal.secured(Ins::read_data, range(1, 0, 0), {}, CommMode::plain, CommMode::plain)
            .data.size(),
        16U);
    BOOST_CHECK_EQUAL(bench.terminal.secured(Ins::get_key_version, Bytes{0}).status, Status::ok);
    BOOST_CHECK_EQUAL(
        bench.terminal.frame(Ins::write_data, joined(range(1, 0, 1), Bytes{1})).status,
        Status::permission_denied);
}

BOOST_AUTO_TEST_CASE(reading_and_writing_stop_at_the_files_end) {
    CardMemory memory = prepared_card();
    add_file(memory, 1, FileType::standard, CommMode::plain, 0xEEEE, 16);
    Bench bench(std::move(memory));
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::read_data, range(1, 8, 9)).status,
                      Status::boundary_error);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::read_data, range(1, 16, 0)).status,
                      Status::boundary_error);
    BOOST_CHECK_EQUAL(
        bench.terminal.frame(Ins::write_data, joined(range(1, 15, 2), Bytes(2, 0))).status,
        Status::boundary_error);
    BOOST_CHECK_EQUAL(bench.terminal.frame(Ins::read_data, range(2, 0, 0)).status,
                      Status::file_not_found);
}

BOOST_AUTO_TEST_CASE(a_backup_write_counts_only_once_it_is_committed) {
    CardMemory memory = prepared_card();
    add_file(memory, 3, FileType::backup, CommMode::plain, 0xEEEE, 8);
    Bench bench(std::move(memory));
    const Bytes write = joined(range(3, 0, 2), Bytes{7, 7});
    const auto content = [&] {
        return to_hex(bench.terminal.plain(Ins::read_data, range(3, 0, 2)).data);
    };
    bench.terminal.plain(Ins::write_data, write);
    BOOST_CHECK_EQUAL(content(), "0000");
    BOOST_CHECK_EQUAL(bench.terminal.plain(Ins::commit_transaction).status, Status::ok);
    BOOST_CHECK_EQUAL(content(), "0707");
    BOOST_CHECK_EQUAL(bench.terminal.plain(Ins::commit_transaction).status, Status::no_changes);
}

BOOST_AUTO_TEST_CASE(an_open_transaction_is_lost_by_selecting_errors_abort_and_power_loss) {
    CardMemory memory = prepared_card();
    add_file(memory, 3, FileType::backup, CommMode::plain, 0xEEEE, 8);
    Bench bench(std::move(memory));
    const Bytes write = joined(range(3, 0, 2), Bytes{7, 7});
    const auto expect_lost = [&] {
        BOOST_CHECK_EQUAL(bench.terminal.plain(Ins::commit_transaction).status, Status::no_changes);
    };
    bench.terminal.plain(Ins::write_data, write);
    bench.terminal.select(test_aid);
    expect_lost();
    bench.terminal.plain(Ins::write_data, write);
    bench.terminal.frame(Ins::get_file_settings, Bytes{9});
    expect_lost();
    bench.terminal.plain(Ins::write_data, write);
    BOOST_CHECK_EQUAL(bench.terminal.plain(Ins::abort_transaction).status, Status::ok);
    expect_lost();
    bench.terminal.plain(Ins::write_data, write);
    bench.card.activate();
    bench.terminal.select(test_aid);
    expect_lost();
}

BOOST_AUTO_TEST_CASE(an_open_transaction_survives_another_authentication) {
    CardMemory memory = prepared_card();
    add_file(memory, 3, FileType::backup, CommMode::plain, 0xEEEE, 8);
    Bench bench(std::move(memory));
    bench.terminal.plain(Ins::write_data, joined(range(3, 0, 2), Bytes{7, 7}));
    bench.terminal.authenticate_ev2(zero_aes_key);
    BOOST_CHECK_EQUAL(bench.terminal.secured(Ins::commit_transaction).status, Status::ok);
    BOOST_CHECK_EQUAL(bench.memory.applications.front().files[0].data[0], 7);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace virtual_card::test
