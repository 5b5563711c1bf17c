// reader-worker over the real libnfc, at an emulated board: what crashes or hangs it costs one
// worker and nothing else.

#include <boost/asio/co_spawn.hpp>
#include <boost/test/unit_test.hpp>

#include "reader/host/reader_host.hpp"
#include "tests/reader/board.hpp"
#include "tests/reader/conversation.hpp"

using namespace card;
using namespace card::reader;
using namespace std::chrono_literals;

namespace {

const CommandApdu get_free_memory = CommandApdu::without_data(0x90, 0x6E, 0x00, 0x00);

template <class T>
asio::awaitable<void> store(asio::awaitable<T> step, std::optional<T>* result) {
    T value = co_await std::move(step);
    result->emplace(std::move(value));
}

/// A board, and a station's host of its reader.
struct Station {
    Board board;
    asio::io_context context{1};
    ReaderHost host{context, {READER_WORKER, NfcConnection{board.connection()}, 2s, 5ms}};

    template <class T>
    T run(asio::awaitable<T> step) {
        std::optional<T> result;
        asio::co_spawn(context, store(std::move(step), &result),
                       [](const std::exception_ptr& failed) { BOOST_REQUIRE(!failed); });
        while (!result) {
            BOOST_REQUIRE(context.run_one() == 1);
        }
        return std::move(*result);
    }
    void run(asio::awaitable<void> step) {
        bool done = false;
        asio::co_spawn(context, std::move(step), [&done](const std::exception_ptr& failed) {
            BOOST_REQUIRE(!failed);
            done = true;
        });
        while (!done) {
            BOOST_REQUIRE(context.run_one() == 1);
        }
    }
    template <class Event>
    Event wait_for() {
        for (;;) {
            ReaderEvent event = run(host.next_event());
            if (Event* const found = std::get_if<Event>(&event)) {
                return std::move(*found);
            }
        }
    }
    void connect() {
        board.tell("insert");
        wait_for<CardPresent>();
        BOOST_REQUIRE(run(host.connect()));
    }
    std::string answer() {
        const Result<ResponseApdu> answered = run(host.transmit(get_free_memory));
        BOOST_REQUIRE_MESSAGE(answered, answered.error().detail);
        return to_hex(answered->data());
    }
    Fault fault_of_transmit() {
        const Result<ResponseApdu> answered = run(host.transmit(get_free_memory));
        BOOST_REQUIRE(!answered);
        return answered.error().fault;
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_worker_tells_of_reader_and_card_and_carries_commands) {
    Board board;
    Conversation worker(READER_WORKER, NfcConnection{board.connection()});
    BOOST_TEST(worker.hear_a<ReaderUp>().name == board.connection());
    board.tell("insert");
    BOOST_TEST(to_hex(worker.hear_a<CardPresent>().atr) == "3B8180018080");
    worker.say(encode(ToWorker(Connect{})));
    BOOST_TEST(worker.hear_a<Connected>().largest_frame.value == 58);
    worker.say(encode(ToWorker(Transmit{{0x90, 0x6E, 0x00, 0x00, 0x00}})));
    BOOST_TEST(to_hex(worker.hear_a<Response>().apdu) == "0014009100");
    worker.say(encode(ToWorker(Disconnect{Disposition::reset})));
    worker.hear_a<Disconnected>();
    board.tell("remove");
    worker.hear_a<CardRemoved>();
    worker.close_socket();
    BOOST_TEST(worker.wait_for_end() == "exit status 0");
}

BOOST_AUTO_TEST_CASE(a_worker_without_a_reader_says_so_and_still_answers) {
    Conversation worker(READER_WORKER, NfcConnection{"pn532_uart:/nonexistent"});
    BOOST_TEST((worker.hear_a<ReaderDown>().why == Fault::wait_for_reader));
    worker.say(encode(ToWorker(Connect{})));
    BOOST_TEST((worker.hear_a<Failed>().fault == Fault::wait_for_reader));
    worker.close_socket();
    BOOST_TEST(worker.wait_for_end() == "exit status 0");
}

BOOST_FIXTURE_TEST_SUITE(nfc_worker, Station)

BOOST_AUTO_TEST_CASE(a_card_that_stays_after_its_connection_is_not_told_again) {
    connect();
    BOOST_TEST(answer() == "001400");
    run(host.disconnect(Disposition::reset));
    board.tell("remove");
    const ReaderEvent next = run(host.next_event());
    BOOST_TEST(std::holds_alternative<CardRemoved>(next));
}

BOOST_AUTO_TEST_CASE(an_answer_that_crashes_the_library_leaves_the_card_in_doubt_and_no_more) {
    connect();
    board.tell("status-80");
    BOOST_TEST((fault_of_transmit() == Fault::present_same_card_again));
    wait_for<WorkerLost>();
    wait_for<CardPresent>();
    BOOST_REQUIRE(run(host.connect()));
    BOOST_TEST(answer() == "001400");
}

BOOST_AUTO_TEST_CASE(a_card_that_crashes_the_library_when_selected_is_survived) {
    wait_for<ReaderUp>();
    board.tell("ats-empty");
    board.tell("insert");
    wait_for<WorkerLost>();
    wait_for<CardPresent>();
    BOOST_REQUIRE(run(host.connect()));
    BOOST_TEST(answer() == "001400");
}

BOOST_AUTO_TEST_CASE(an_answer_that_never_ends_is_survived) {
    connect();
    board.tell("more-information");
    BOOST_TEST((fault_of_transmit() == Fault::present_same_card_again));
    BOOST_REQUIRE(run(host.connect()));
    BOOST_TEST(answer() == "001400");
}

BOOST_AUTO_TEST_CASE(a_hung_chip_gets_the_worker_killed_and_the_reader_is_back_when_it_answers) {
    connect();
    board.tell("hang");
    BOOST_TEST((fault_of_transmit() == Fault::wait_for_reader));
    wait_for<WorkerLost>();
    BOOST_TEST((wait_for<ReaderDown>().why == Fault::wait_for_reader));
    board.tell("release");
    wait_for<ReaderUp>();
    wait_for<CardPresent>();
    BOOST_REQUIRE(run(host.connect()));
    BOOST_TEST(answer() == "001400");
}

BOOST_AUTO_TEST_CASE(a_reader_unplugged_in_a_transmission_is_back_when_it_is_plugged_in) {
    connect();
    board.tell("unplug");
    BOOST_TEST((fault_of_transmit() == Fault::present_same_card_again));
    wait_for<ReaderDown>();
    board.tell("plug");
    wait_for<CardPresent>();
    BOOST_REQUIRE(run(host.connect()));
    BOOST_TEST(answer() == "001400");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(a_second_worker_at_one_reader_is_told_to_wait_until_the_first_has_ended) {
    Board board;
    Conversation first(READER_WORKER, NfcConnection{board.connection()});
    first.hear_a<ReaderUp>();
    Conversation second(READER_WORKER, NfcConnection{board.connection()});
    const ReaderDown down = second.hear_a<ReaderDown>();
    BOOST_TEST((down.why == Fault::wait_for_reader));
    first.close_socket();
    second.hear_a<ReaderUp>();
    second.close_socket();
}
