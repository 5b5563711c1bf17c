// NfcReader over the real libnfc, at an emulated board.

#include <filesystem>
#include <fstream>
#include <thread>

#include <boost/test/unit_test.hpp>

#include "reader/nfc/nfc_reader.hpp"
#include "tests/reader/board.hpp"

using namespace card;
using namespace card::reader;
using namespace std::chrono_literals;

namespace {

const Bytes get_free_memory{0x90, 0x6E, 0x00, 0x00, 0x00};
const std::string free_memory = "0014009100";

/// WriteData to a file that is not there, with as much data as makes a command of that size.
Bytes command_of(std::size_t size) {
    Bytes apdu{0x90, 0x3D, 0x00, 0x00, static_cast<std::uint8_t>(size - 6)};
    apdu.resize(size);
    return apdu;
}

struct Bench {
    Board board;
    NfcReader reader{board.connection(), {500ms, 500ms}};

    /// The next status that differs.
    ReaderStatus status() {
        const Result<std::optional<ReaderStatus>> seen = reader.wait_for_change();
        BOOST_REQUIRE_MESSAGE(seen, seen.error().detail);
        BOOST_REQUIRE(seen->has_value());
        return **seen;
    }
    void connect() {
        board.tell("insert");
        while (!status().card_present) {
        }
        BOOST_REQUIRE(reader.connect());
    }
    std::string answer_to(const Bytes& apdu) {
        const Result<Bytes> answer = reader.transmit(apdu);
        BOOST_REQUIRE_MESSAGE(answer, answer.error().detail);
        return to_hex(*answer);
    }
    Fault fault_of(const Bytes& apdu) {
        const Result<Bytes> answer = reader.transmit(apdu);
        BOOST_REQUIRE(!answer);
        BOOST_TEST_MESSAGE(answer.error().detail);
        return answer.error().fault;
    }
    Fault failure_of_watching() {
        const Result<std::optional<ReaderStatus>> seen = reader.wait_for_change();
        BOOST_REQUIRE(!seen);
        return seen.error().fault;
    }
    bool state_has(const std::string& words) {
        return board.tell("state").find(words) != std::string::npos;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(nfc_reader, Bench)

BOOST_AUTO_TEST_CASE(a_reader_without_a_card_says_so_at_once_and_leaves_its_field_off) {
    BOOST_TEST(!status().card_present);
    BOOST_TEST(state_has("radio=no"));
}

BOOST_AUTO_TEST_CASE(a_card_that_comes_and_goes_is_told_each_time) {
    BOOST_TEST(!status().card_present);
    board.tell("insert");
    const ReaderStatus first = status();
    BOOST_TEST(first.card_present);
    BOOST_TEST(to_hex(first.atr) == "3B8180018080");
    board.tell("remove");
    BOOST_TEST(!status().card_present);
    board.tell("insert");
    const ReaderStatus second = status();
    BOOST_TEST(second.card_present);
    BOOST_TEST(second.event_count != first.event_count);
}

BOOST_AUTO_TEST_CASE(a_card_replaced_between_two_looks_is_another_insertion) {
    board.tell("insert");
    const ReaderStatus first = status();
    for (const bool same : {true, false}) {
        board.tell("remove");
        if (!same) {
            board.tell("load " + board.another_card());
        }
        board.tell("insert");
        const ReaderStatus next = status();
        BOOST_TEST(next.card_present);
        BOOST_TEST(next.event_count != first.event_count);
    }
}

BOOST_AUTO_TEST_CASE(commands_reach_the_card_and_its_answers_come_back) {
    connect();
    for (int round = 0; round < 3; ++round) {
        BOOST_TEST(answer_to(get_free_memory) == free_memory);
    }
}

BOOST_AUTO_TEST_CASE(a_connection_needs_a_card) {
    BOOST_TEST((reader.connect().error().fault == Fault::present_same_card_again));
    BOOST_TEST(!reader.insertion());
    BOOST_TEST((reader.transmit(get_free_memory).error().fault == Fault::present_same_card_again));
    connect();
}

BOOST_AUTO_TEST_CASE(a_reset_switches_the_field_off_and_leaving_does_not) {
    connect();
    reader.disconnect(Disposition::leave);
    BOOST_TEST(state_has("active=yes"));
    BOOST_REQUIRE(reader.connect());
    reader.disconnect(Disposition::reset);
    BOOST_TEST(state_has("active=no"));
    BOOST_TEST(state_has("radio=no"));
    BOOST_TEST((reader.transmit(get_free_memory).error().fault == Fault::present_same_card_again));
}

BOOST_AUTO_TEST_CASE(a_card_that_stays_through_a_reset_is_the_same_insertion) {
    connect();
    const auto before = reader.insertion();
    reader.disconnect(Disposition::reset);
    BOOST_REQUIRE(reader.connect());
    BOOST_TEST((reader.insertion() == before));
    BOOST_TEST(answer_to(get_free_memory) == free_memory);
}

BOOST_AUTO_TEST_CASE(another_card_after_a_reset_is_another_insertion) {
    connect();
    const auto before = reader.insertion();
    reader.disconnect(Disposition::reset);
    board.tell("remove");
    board.tell("load " + board.another_card());
    board.tell("insert");
    BOOST_REQUIRE(reader.connect());
    BOOST_TEST((reader.insertion() != before));
    BOOST_TEST(status().event_count == *reader.insertion());
}

BOOST_AUTO_TEST_CASE(a_card_that_leaves_in_a_transmission_is_in_doubt_and_gone) {
    for (const char* when : {"before", "after", "rolled_back"}) {
        connect();
        board.tell(std::string("tear 1 ") + when);
        BOOST_TEST((fault_of(get_free_memory) == Fault::present_same_card_again));
        reader.disconnect(Disposition::reset);
        BOOST_TEST(!status().card_present);
    }
}

BOOST_AUTO_TEST_CASE(a_card_that_does_not_answer_once_is_in_doubt_and_still_there) {
    connect();
    const auto before = reader.insertion();
    board.tell("rf-timeout");
    BOOST_TEST((fault_of(get_free_memory) == Fault::present_same_card_again));
    reader.disconnect(Disposition::reset);
    BOOST_REQUIRE(reader.connect());
    BOOST_TEST((reader.insertion() == before));
    BOOST_TEST(answer_to(get_free_memory) == free_memory);
}

BOOST_AUTO_TEST_CASE(a_malformed_answer_costs_the_connection_and_not_the_reader) {
    for (const char* fault :
         {"bad-checksum", "bad-length", "cut-short", "garbage", "wrong-command", "mute"}) {
        BOOST_TEST_CONTEXT(fault) {
            connect();
            const auto before = reader.insertion();
            board.tell(fault);
            BOOST_TEST((fault_of(get_free_memory) == Fault::present_same_card_again));
            reader.disconnect(Disposition::reset);
            BOOST_REQUIRE(reader.connect());
            BOOST_TEST((reader.insertion() == before));
            BOOST_TEST(answer_to(get_free_memory) == free_memory);
            reader.disconnect(Disposition::reset);
            board.tell("remove");
            while (status().card_present) {
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(an_answer_longer_than_any_sets_the_card_aside) {
    connect();
    board.tell("oversized");
    BOOST_TEST((fault_of(get_free_memory) == Fault::set_card_aside));
    reader.disconnect(Disposition::reset);
    BOOST_REQUIRE(reader.connect());
    BOOST_TEST(answer_to(get_free_memory) == free_memory);
}

BOOST_AUTO_TEST_CASE(a_command_as_long_as_the_limit_reaches_the_card_and_a_longer_one_is_not_sent) {
    connect();
    board.tell("reset-apdus");
    const std::size_t limit = NfcReader::largest_frame.value - 3U;
    BOOST_TEST(answer_to(command_of(limit)).size() == 4U);
    for (const std::size_t size : {limit + 1, std::size_t{263}, std::size_t{1000}}) {
        BOOST_TEST((reader.transmit(command_of(size)).error().fault == Fault::restart_worker));
    }
    BOOST_TEST(board.tell("apdus") == "ok 1");
}

BOOST_AUTO_TEST_CASE(a_chip_that_hangs_is_a_reader_to_wait_for_until_it_answers) {
    connect();
    board.tell("hang");
    BOOST_TEST((fault_of(get_free_memory) == Fault::present_same_card_again));
    reader.disconnect(Disposition::reset);
    BOOST_TEST((failure_of_watching() == Fault::wait_for_reader));
    BOOST_TEST((reader.connect().error().fault == Fault::wait_for_reader));
    board.tell("release");
    BOOST_TEST(status().card_present);
}

BOOST_AUTO_TEST_CASE(a_chip_that_hangs_while_nothing_is_asked_of_it_is_noticed) {
    for (const bool with_card : {false, true}) {
        if (with_card) {
            board.tell("insert");
        }
        BOOST_TEST(status().card_present == with_card);
        board.tell("hang");
        BOOST_TEST((failure_of_watching() == Fault::wait_for_reader));
        board.tell("release");
        BOOST_TEST(status().card_present == with_card);
    }
}

BOOST_AUTO_TEST_CASE(a_reader_that_is_unplugged_is_waited_for_and_found_again) {
    BOOST_TEST(!status().card_present);
    board.tell("unplug");
    BOOST_TEST((failure_of_watching() == Fault::wait_for_reader));
    BOOST_TEST((failure_of_watching() == Fault::wait_for_reader));
    board.tell("plug");
    connect();
    board.tell("unplug");
    BOOST_TEST((fault_of(get_free_memory) == Fault::present_same_card_again));
    reader.disconnect(Disposition::reset);
    BOOST_TEST((failure_of_watching() == Fault::wait_for_reader));
    board.tell("plug");
    BOOST_TEST(status().card_present);
}

BOOST_AUTO_TEST_CASE(a_port_belongs_to_one_reader_whatever_it_is_called) {
    BOOST_TEST(!status().card_present);
    const std::filesystem::path other = board.port().parent_path() / "0:1:other";
    std::filesystem::create_symlink(board.port(), other);
    for (const std::string& name : {board.port().string(), other.string()}) {
        NfcReader second("pn532_uart:" + name);
        const auto seen = second.wait_for_change();
        BOOST_REQUIRE(!seen);
        BOOST_TEST((seen.error().fault == Fault::wait_for_reader));
        BOOST_TEST(seen.error().detail.find("another reader-worker has it") != std::string::npos);
    }
    connect();
    BOOST_TEST(answer_to(get_free_memory) == free_memory);
}

BOOST_AUTO_TEST_CASE(a_port_whose_name_has_colons_is_opened) {
    const std::filesystem::path other = board.port().parent_path() / "pci-0000:00:14.0-usb-0:2:1.0";
    std::filesystem::create_symlink(board.port(), other);
    NfcReader named("pn532_uart:" + other.string());
    BOOST_TEST(named.wait_for_change().has_value());
}

BOOST_AUTO_TEST_CASE(an_interruption_ends_the_watching_and_none_is_lost) {
    BOOST_TEST(!status().card_present);
    reader.interrupt();
    BOOST_TEST(!reader.wait_for_change().value());
    std::thread other([this] {
        std::this_thread::sleep_for(20ms);
        reader.interrupt();
    });
    BOOST_TEST(!reader.wait_for_change().value());
    other.join();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(what_is_no_reader_is_waited_for) {
    const std::filesystem::path file = std::filesystem::temp_directory_path() / "nfc-no-port";
    std::ofstream(file.string()) << "no port";
    for (const std::string& connection :
         {std::string("pn532_uart:/nonexistent"), "pn532_uart:" + file.string(),
          std::string("pn532_uart:/dev/null"), std::string("no_such_driver"), std::string(),
          "pn532_uart:" + std::string(2000, 'a'), std::string(2000, 'a')}) {
        NfcReader reader(connection);
        const auto seen = reader.wait_for_change();
        BOOST_REQUIRE(!seen);
        BOOST_TEST((seen.error().fault == Fault::wait_for_reader), seen.error().detail);
    }
    std::filesystem::remove(file);
}

BOOST_AUTO_TEST_CASE(a_board_named_by_its_place_is_found_at_whatever_port_it_comes_back) {
    Board first;
    Board second;
    const std::filesystem::path place = first.port().parent_path() / "by-path-1-4";
    std::filesystem::create_symlink(first.port(), place);
    NfcReader reader("pn532_uart:" + place.string(), {500ms, 500ms});
    BOOST_REQUIRE(reader.wait_for_change());
    first.tell("unplug");
    std::filesystem::remove(place);
    BOOST_TEST((reader.wait_for_change().error().fault == Fault::wait_for_reader));
    std::filesystem::create_symlink(second.port(), place);
    second.tell("insert");
    const Result<std::optional<ReaderStatus>> seen = reader.wait_for_change();
    BOOST_REQUIRE_MESSAGE(seen, seen.error().detail);
    BOOST_TEST((*seen)->card_present);
}

BOOST_AUTO_TEST_CASE(a_usb_reader_named_by_its_place_is_looked_for_by_the_number_that_it_has_now) {
    const Board folder;  // of its own, for nodes as udev makes them
    const std::filesystem::path nodes = folder.port().parent_path() / "bus/usb/001";
    const std::filesystem::path place = folder.port().parent_path() / "by-path-1-4";
    std::filesystem::create_directories(nodes);
    NfcReader reader("pn53x_usb:" + place.string(), {500ms, 500ms});
    const auto failure = [&] { return reader.wait_for_change().error(); };
    BOOST_TEST(failure().detail == place.string() + ": No such file or directory");
    for (const std::string number : {"004", "005", "011"}) {
        std::ofstream(nodes / number) << "";
        std::filesystem::remove(place);
        std::filesystem::create_symlink("bus/usb/001/" + number, place);
        const Failure none = failure();
        BOOST_TEST((none.fault == Fault::wait_for_reader));
        BOOST_TEST(none.detail == "nfc_open: no reader answers at pn53x_usb:001:" + number);
        std::filesystem::remove(nodes / number);
    }
}

BOOST_AUTO_TEST_CASE(a_reader_that_is_said_to_be_there_is_looked_at_before_its_time) {
    Bench bench;
    bench.board.tell("unplug");
    for (int look = 0; look < 4; ++look) {  // after which the pause is 2 s
        BOOST_TEST((bench.failure_of_watching() == Fault::wait_for_reader));
    }
    std::thread plugging([&] {
        std::this_thread::sleep_for(100ms);
        bench.board.tell("plug");
        bench.reader.look_now();
    });
    const auto before = std::chrono::steady_clock::now();
    BOOST_TEST(!bench.status().card_present);
    BOOST_TEST((std::chrono::steady_clock::now() - before < 1'500ms));
    plugging.join();
}
