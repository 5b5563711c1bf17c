#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/virtual/desfire/card.hpp"
#include "tests/virtual/test/terminal.hpp"

// How the chips of the family differ.

namespace virtual_card::test {
namespace {

const Bytes zero_aes_key(16, 0);
const Bytes fresh_key = counting(16, 0x40);

struct Bench {
    explicit Bench(const ChipProfile& profile, Bytes uid = genuine_uid(0))
        : memory(factory_card(uid, profile)), card(memory), terminal(card, frame(profile)) {
        card.activate();
    }
    static std::size_t frame(const ChipProfile& profile) { return profile.max_command_data; }
    CardMemory memory;
    Card card;
    Terminal terminal;
};

BOOST_AUTO_TEST_SUITE(chips)

BOOST_AUTO_TEST_CASE(an_ev1_takes_every_command_of_an_issuance_over_aes) {
    Bench bench(ev1_4k());
    Terminal& terminal = bench.terminal;  // checks the MAC of every answer
    const auto expect = [](const Reply& reply, std::string_view data = "") {
        BOOST_TEST(reply.status == Status::ok);
        BOOST_TEST(to_hex(reply.data) == data);
    };
    BOOST_REQUIRE_EQUAL(terminal.authenticate_iso(zero_aes_key), Status::ok);
    expect(terminal.secured(Ins::get_application_ids));
    terminal.change_key(0x80, fresh_key, 0x21, std::nullopt);
    BOOST_REQUIRE_EQUAL(terminal.authenticate_aes(fresh_key), Status::ok);
    expect(terminal.secured(Ins::get_version), to_hex(bench.memory.profile.hardware_version) +
                                                   to_hex(bench.memory.profile.software_version) +
                                                   to_hex(bench.memory.uid) +
                                                   to_hex(bench.memory.profile.production));
    expect(terminal.secured(Ins::change_key_settings, {}, Bytes{0x09}, CommMode::full));
    expect(terminal.secured(Ins::create_application, joined(test_aid, Bytes{0x09, 0x83})));
    expect(terminal.secured(Ins::get_application_ids), "F54B50");
    expect(terminal.secured(Ins::get_card_uid, {}, {}, CommMode::mac, CommMode::full),
           to_hex(bench.memory.uid));

    BOOST_REQUIRE_EQUAL(terminal.select(test_aid), Status::ok);
    BOOST_REQUIRE_EQUAL(terminal.authenticate_aes(zero_aes_key), Status::ok);
    terminal.change_key(1, fresh_key, 1, zero_aes_key);
    terminal.change_key(2, fresh_key, 2, zero_aes_key);
    expect(terminal.secured(Ins::get_key_version, Bytes{2}), "02");
    expect(terminal.secured(Ins::get_key_settings), "0983");
    expect(terminal.secured(Ins::create_standard_file, from_hex("01032012F40100")));
    expect(terminal.secured(Ins::create_backup_file, from_hex("030320121A0000")));
    expect(terminal.secured(Ins::get_file_ids), "0103");
    expect(terminal.secured(Ins::get_file_settings, Bytes{1}), "00032012F40100");
    terminal.change_key(0, fresh_key, 3, std::nullopt);

    BOOST_REQUIRE_EQUAL(terminal.authenticate_aes(fresh_key, 2), Status::ok);
    expect(terminal.secured(Ins::write_data, range(1, 0, 500), counting(500), CommMode::full,
                            CommMode::full));
    expect(terminal.secured(Ins::write_data, range(3, 0, 26), counting(26), CommMode::full,
                            CommMode::full));
    expect(terminal.secured(Ins::commit_transaction));
    BOOST_REQUIRE_EQUAL(terminal.authenticate_aes(fresh_key, 1), Status::ok);
    expect(terminal.secured(Ins::read_data, range(1, 0, 500), {}, CommMode::mac, CommMode::full),
           to_hex(counting(500)));
    expect(terminal.secured(Ins::read_data, range(3, 0, 26), {}, CommMode::mac, CommMode::full),
           to_hex(counting(26)));

    terminal.select(picc_level);
    BOOST_REQUIRE_EQUAL(terminal.authenticate_aes(fresh_key), Status::ok);
    expect(terminal.secured(Ins::delete_application, test_aid));
    expect(terminal.secured(Ins::format_picc));
    expect(terminal.secured(Ins::get_free_memory), "001300");
}

BOOST_AUTO_TEST_CASE(ev1_pads_with_80_where_the_terminal_named_no_length) {
    Bench bench(ev1_4k());
    bench.memory.applications.push_back({test_aid,
                                         factory_settings,
                                         KeyType::aes,
                                         std::vector<Key>(1, zero_key(KeyType::aes)),
                                         {}});
    add_file(bench.memory, 1, FileType::standard, CommMode::full, 0x0000, 20);
    bench.terminal.select(test_aid);
    bench.terminal.authenticate_aes(zero_aes_key);
    const auto padding_after = [&](std::uint32_t length) {
        const Reply reply = bench.terminal.secured(Ins::read_data, range(1, 0, length), {},
                                                   CommMode::mac, CommMode::full);
        BOOST_TEST(reply.data.size() == 20U);
        return to_hex(bench.terminal.padding());
    };
    BOOST_TEST(padding_after(20) == "0000000000000000");
    BOOST_TEST(padding_after(0) == "8000000000000000");
}

BOOST_AUTO_TEST_CASE(only_a_later_ev1_has_a_signature) {
    const Bytes uid = genuine_uid(0, ev1_4k_signed());
    Bench early(ev1_4k(), uid);
    BOOST_TEST(early.terminal.plain(Ins::read_signature, Bytes{0}).status ==
               Status::illegal_command);
    Bench later(ev1_4k_signed(), uid);
    const Reply reply = later.terminal.plain(Ins::read_signature, Bytes{0});
    BOOST_TEST(reply.status == Status::signature_ok);
    BOOST_TEST(to_hex(reply.data) == to_hex(later.memory.signature.value()));
    BOOST_CHECK_THROW(genuine_uid(0, ev1_4k()), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(memory_of_deleted_applications_is_missing_until_the_chip_is_formatted) {
    for (const ChipProfile& profile : all_profiles()) {
        Bench bench(profile);
        BOOST_REQUIRE_EQUAL(bench.terminal.authenticate_iso(zero_aes_key), Status::ok);
        Status status = Status::ok;
        while (status == Status::ok) {
            status =
                bench.terminal.secured(Ins::create_application, joined(test_aid, Bytes{0x0F, 0x8E}))
                    .status;
            if (status == Status::ok) {
                BOOST_REQUIRE_EQUAL(
                    bench.terminal.secured(Ins::delete_application, test_aid).status, Status::ok);
            }
        }
        BOOST_TEST(status == Status::out_of_memory, profile.name);
        bench.terminal.authenticate_iso(zero_aes_key);
        BOOST_TEST(bench.terminal.secured(Ins::format_picc).status == Status::ok);
        BOOST_TEST(
            bench.terminal.secured(Ins::create_application, joined(test_aid, Bytes{0x0F, 0x8E}))
                .status == Status::ok);
    }
}

BOOST_AUTO_TEST_CASE(each_chip_tells_its_size) {
    for (const auto& [name, storage, bytes] :
         {std::tuple{"EV1-2K", 0x16, 2304U}, std::tuple{"EV1-4K", 0x18, 4864U},
          std::tuple{"EV1-8K", 0x1A, 7936U}, std::tuple{"EV2-2K", 0x16, 2304U},
          std::tuple{"EV2-4K", 0x18, 5120U}, std::tuple{"EV2-8K", 0x1A, 7936U},
          std::tuple{"EV3-2K", 0x16, 2304U}, std::tuple{"EV3-4K", 0x18, 5120U},
          std::tuple{"EV3-8K", 0x1A, 7936U}}) {
        Bench bench(profile_named(name));
        BOOST_TEST(bench.terminal.frame(Ins::get_version).data.at(5) == storage, name);
        BOOST_TEST(bench.terminal.frame(Ins::additional_frame).data.at(5) == storage, name);
        bench.terminal.frame(Ins::additional_frame);
        BOOST_TEST(from_little_endian(bench.terminal.plain(Ins::get_free_memory).data) == bytes,
                   name);
    }
    BOOST_CHECK_THROW(profile_named("EV4-4K"), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_chip_that_is_nearly_full_refuses_what_does_not_fit) {
    Bench bench(profile_named("EV2-2K"));
    bench.memory.used_bytes = bench.memory.profile.memory_bytes - application_cost(KeyType::aes, 3);
    BOOST_TEST(
        bench.terminal.plain(Ins::create_application, joined(test_aid, Bytes{0x0F, 0x84})).status ==
        Status::out_of_memory);
    BOOST_TEST(bench.memory.applications.empty());
    BOOST_TEST(
        bench.terminal.plain(Ins::create_application, joined(test_aid, Bytes{0x0F, 0x83})).status ==
        Status::ok);
    bench.terminal.select(test_aid);
    BOOST_TEST(bench.terminal.plain(Ins::create_standard_file, from_hex("010000E0200000")).status ==
               Status::out_of_memory);
}

BOOST_AUTO_TEST_CASE(an_ev3_takes_119_bytes_and_gives_123_at_once) {
    Bench bench(ev3_4k());
    bench.memory.applications.push_back({test_aid,
                                         factory_settings,
                                         KeyType::aes,
                                         std::vector<Key>(1, zero_key(KeyType::aes)),
                                         {}});
    add_file(bench.memory, 1, FileType::standard, CommMode::plain, 0xEEEE, 200);
    bench.terminal.select(test_aid);
    const auto write = [&](std::size_t length) {
        return bench.terminal
            .frame(Ins::write_data,
                   joined(range(1, 0, static_cast<std::uint32_t>(length)), Bytes(length, 1)))
            .status;
    };
    BOOST_TEST(write(112) == Status::ok);
    BOOST_TEST(write(113) == Status::length_error);
    bench.terminal.select(test_aid);
    BOOST_TEST(bench.terminal.frame(Ins::read_data, range(1, 0, 0)).data.size() == 123U);
    BOOST_TEST(bench.terminal.frame(Ins::additional_frame).data.size() == 77U);
}

BOOST_AUTO_TEST_CASE(every_chip_shows_the_atr_of_a_contactless_desfire) {
    for (const ChipProfile& profile : all_profiles()) {
        BOOST_TEST(to_hex(atr_of(profile)) == "3B8180018080", profile.name);
    }
}

BOOST_AUTO_TEST_CASE(an_ev3_delays_after_fifty_failures_in_a_row_and_no_other_chip_does) {
    const auto status_after = [](Bench& bench, int failures) {
        bench.terminal.authenticate_iso(zero_aes_key);
        bench.terminal.change_key(0x80, fresh_key, 1, std::nullopt);
        for (int i = 0; i < failures; ++i) {
            bench.card.activate();  // the count does not begin anew in another field
            BOOST_TEST(bench.terminal.authenticate_aes(zero_aes_key) ==
                       Status::authentication_error);
        }
        return bench.terminal.authenticate_aes(fresh_key);
    };
    Bench patient(ev3_4k());
    BOOST_TEST(status_after(patient, 49) == Status::ok);
    BOOST_TEST(patient.terminal.authenticate_aes(zero_aes_key) == Status::authentication_error);
    BOOST_TEST(patient.terminal.authenticate_aes(fresh_key) == Status::ok);

    Bench delayed(ev3_4k());
    BOOST_TEST(status_after(delayed, 50) == Status::authentication_delay);
    BOOST_TEST(delayed.terminal.authenticate_aes(fresh_key) == Status::authentication_delay);
    BOOST_TEST(delayed.terminal.authenticate_aes(zero_aes_key) == Status::authentication_error);
    BOOST_TEST(delayed.terminal.authenticate_aes(fresh_key) == Status::authentication_delay);
    BOOST_TEST(delayed.terminal.authenticate_aes(fresh_key) == Status::authentication_delay);
    BOOST_TEST(delayed.terminal.authenticate_aes(fresh_key) == Status::ok);
    BOOST_TEST(delayed.terminal.authenticate_aes(fresh_key) == Status::ok);

    Bench ev2(ev2_4k());
    BOOST_TEST(status_after(ev2, 200) == Status::ok);
    Bench ev1(ev1_4k());
    BOOST_TEST(status_after(ev1, 200) == Status::ok);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace virtual_card::test
