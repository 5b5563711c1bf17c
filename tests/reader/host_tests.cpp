#include <filesystem>
#include <optional>
#include <string>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include "reader/host/event_queue.hpp"
#include "reader/host/reader_host.hpp"

using namespace card;
using namespace card::reader;
using namespace std::chrono_literals;

namespace {

const CommandApdu get_version = CommandApdu::without_data(0x90, 0x60, 0x00, 0x00);

HostSettings settings(std::string script, std::chrono::milliseconds timeout = 20s) {
    return {SCRIPTED_WORKER, PcscAddress{{ReaderName{std::move(script)}, ""}}, timeout, 5ms};
}

template <class T>
asio::awaitable<void> store(asio::awaitable<T> step, std::optional<T>* result) {
    T value = co_await std::move(step);
    result->emplace(std::move(value));
}

/// One host on a context of its own; each step runs until its result is there.
struct Station {
    asio::io_context context{1};
    std::optional<ReaderHost> host;

    explicit Station(HostSettings chosen) { host.emplace(context, std::move(chosen)); }

    template <class T>
    T run(asio::awaitable<T> step) {
        std::optional<T> result;
        run(store(std::move(step), &result));
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
            ReaderEvent event = run(host->next_event());
            if (Event* const found = std::get_if<Event>(&event)) {
                return std::move(*found);
            }
        }
    }

    void connect() {
        wait_for<CardPresent>();
        BOOST_REQUIRE(run(host->connect()));
    }

    Fault fault_of_transmit() {
        const Result<ResponseApdu> answer = run(host->transmit(get_version));
        BOOST_REQUIRE(!answer);
        return answer.error().fault;
    }
};

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
        ++count;
    }
    return count;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_card_is_announced_and_answers_through_the_host) {
    Station station(settings("answers"));
    BOOST_TEST(station.wait_for<ReaderUp>().name == "answers");
    station.connect();
    for (int round = 0; round < 3; ++round) {
        const Result<ResponseApdu> answer = station.run(station.host->transmit(get_version));
        BOOST_REQUIRE(answer);
        BOOST_TEST(answer->status() == 0x9100);
        BOOST_TEST(to_hex(answer->data()) == "9060000000");
    }
    station.run(station.host->disconnect(Disposition::reset));
    BOOST_TEST((station.fault_of_transmit() == Fault::present_same_card_again));
    BOOST_TEST(station.run(station.host->connect()).has_value());
}

BOOST_AUTO_TEST_CASE(a_connection_tells_how_large_a_frame_the_reader_carries) {
    HostSettings chosen = settings("answers");
    chosen.reader = PcscAddress{{ReaderName{"answers"}, ""}, FrameSize{128}};
    Station station(chosen);
    station.wait_for<CardPresent>();
    const Result<FrameSize> connected = station.run(station.host->connect());
    BOOST_REQUIRE(connected);
    BOOST_TEST(connected->value == 128);
}

BOOST_AUTO_TEST_CASE(a_failed_answer_reaches_the_caller_with_its_fault) {
    Station held(settings("is held by another program"));
    held.wait_for<CardPresent>();
    const Result<FrameSize> connected = held.run(held.host->connect());
    BOOST_REQUIRE(!connected);
    BOOST_TEST((connected.error().fault == Fault::wait_for_reader));

    Station torn(settings("loses its card"));
    torn.connect();
    BOOST_TEST((torn.fault_of_transmit() == Fault::present_same_card_again));
    BOOST_TEST(torn.run(torn.host->connect()).has_value());
}

BOOST_AUTO_TEST_CASE(an_answer_without_a_status_ends_the_connection) {
    Station station(settings("answers with one octet"));
    station.connect();
    BOOST_TEST((station.fault_of_transmit() == Fault::present_same_card_again));
    BOOST_TEST(station.run(station.host->connect()).has_value());
}

BOOST_AUTO_TEST_CASE(a_worker_that_dies_with_a_card_leaves_the_card_in_doubt_and_comes_back) {
    for (const char* script : {"dies in transmit", "crashes in transmit"}) {
        Station station(settings(script));
        for (int round = 0; round < 2; ++round) {
            station.connect();
            BOOST_TEST((station.fault_of_transmit() == Fault::present_same_card_again));
            const auto [detail, hung] = station.wait_for<WorkerLost>();
            BOOST_TEST(!hung);
            BOOST_TEST((detail.find("exit status 7") != std::string::npos ||
                        detail.find("signal 6") != std::string::npos),
                       detail);
            station.wait_for<WorkerStarted>();
        }
    }
}

BOOST_AUTO_TEST_CASE(a_worker_that_dies_without_a_card_is_only_restarted) {
    Station station(settings("dies in connect"));
    station.wait_for<CardPresent>();
    const Result<FrameSize> connected = station.run(station.host->connect());
    BOOST_REQUIRE(!connected);
    BOOST_TEST((connected.error().fault == Fault::restart_worker));
    station.wait_for<WorkerLost>();
    station.wait_for<CardPresent>();
}

BOOST_AUTO_TEST_CASE(a_worker_that_hangs_is_killed_and_replaced) {
    Station station(settings("hangs in transmit", 50ms));
    station.connect();
    BOOST_TEST((station.fault_of_transmit() == Fault::wait_for_reader));
    const WorkerLost lost = station.wait_for<WorkerLost>();
    BOOST_TEST(lost.detail == "no answer in 50 ms (signal 9)");
    BOOST_TEST(lost.hung);
    station.connect();
}

BOOST_AUTO_TEST_CASE(a_worker_that_hangs_while_it_lets_the_card_go_is_killed_and_replaced) {
    Station station(settings("hangs in disconnect", 50ms));
    station.connect();
    station.run(station.host->disconnect(Disposition::reset));
    station.wait_for<WorkerLost>();
    station.connect();
}

BOOST_AUTO_TEST_CASE(a_worker_that_hangs_over_a_cue_is_killed_and_replaced) {
    Station station(settings("hangs in a cue", 50ms));
    station.connect();
    station.run(station.host->disconnect(Disposition::reset));
    BOOST_REQUIRE(station.run(station.host->connect()));
    station.run(station.host->disconnect(Disposition::reset, Cue::refusal));
    station.wait_for<WorkerLost>();
    station.connect();
}

BOOST_AUTO_TEST_CASE(garbage_gets_a_worker_killed_and_replaced) {
    Station at_start(settings("sends garbage at once"));
    at_start.wait_for<WorkerLost>();
    at_start.wait_for<WorkerLost>();

    Station in_call(settings("answers a connect with garbage"));
    in_call.wait_for<CardPresent>();
    const Result<FrameSize> connected = in_call.run(in_call.host->connect());
    BOOST_REQUIRE(!connected);
    BOOST_TEST((connected.error().fault == Fault::restart_worker));
    in_call.wait_for<CardPresent>();
}

BOOST_AUTO_TEST_CASE(an_answer_of_the_wrong_kind_or_to_nothing_gets_a_worker_killed) {
    Station kind(settings("answers with another kind"));
    kind.connect();
    BOOST_TEST((kind.fault_of_transmit() == Fault::present_same_card_again));
    kind.wait_for<WorkerLost>();

    Station twice(settings("answers twice"));
    twice.connect();
    BOOST_REQUIRE(twice.run(twice.host->transmit(get_version)));
    twice.wait_for<WorkerLost>();
}

BOOST_AUTO_TEST_CASE(a_worker_that_closes_its_socket_is_killed_and_replaced) {
    Station station(settings("closes its socket"));
    BOOST_TEST(station.wait_for<WorkerLost>().detail == "it closed its socket (signal 9)");
    station.wait_for<WorkerStarted>();
}

BOOST_AUTO_TEST_CASE(a_worker_that_cannot_live_is_tried_again_and_again) {
    Station station(settings("dies at once"));
    for (int round = 0; round < 4; ++round) {
        BOOST_TEST(station.wait_for<WorkerLost>().detail == "it closed its socket (exit status 9)");
    }
    HostSettings missing = settings("answers");
    missing.worker_program = "/nonexistent/reader-worker";
    Station nobody(missing);
    nobody.wait_for<WorkerLost>();
    nobody.wait_for<WorkerLost>();
    const Result<FrameSize> connected = nobody.run(nobody.host->connect());
    BOOST_REQUIRE(!connected);
    BOOST_TEST((connected.error().fault == Fault::restart_worker));
}

BOOST_AUTO_TEST_CASE(a_reader_that_goes_down_ends_the_pending_call) {
    for (const bool tidied_by_caller : {true, false}) {
        Station station(settings("loses its reader in connect"));
        station.wait_for<CardPresent>();
        const Result<FrameSize> connected = station.run(station.host->connect());
        BOOST_REQUIRE(!connected);
        BOOST_TEST((connected.error().fault == Fault::start_pcscd));
        if (tidied_by_caller) {
            station.run(station.host->disconnect(Disposition::leave));
        }
        // The late answer is nobody's: the connection that it opened is closed again, and the
        // worker goes on watching.
        station.wait_for<ReaderUp>();
        BOOST_TEST((station.fault_of_transmit() == Fault::present_same_card_again));
    }
}

BOOST_AUTO_TEST_CASE(two_calls_at_the_same_time_are_a_defect) {
    Station station(settings("hangs in transmit"));
    station.connect();
    std::optional<Result<ResponseApdu>> first;
    asio::co_spawn(station.context, store(station.host->transmit(get_version), &first),
                   asio::detached);
    BOOST_TEST((station.fault_of_transmit() == Fault::report_defect));
    BOOST_TEST(!first);
    station.host.reset();
    station.context.run();
    BOOST_TEST(first.has_value());
}

BOOST_AUTO_TEST_CASE(an_abandoned_call_leaves_the_next_one_its_own_answer) {
    Station station(settings("answers late"));
    station.connect();
    asio::cancellation_signal signal;
    bool ended = false;
    std::optional<Result<ResponseApdu>> answer;
    asio::co_spawn(station.context, store(station.host->transmit(get_version), &answer),
                   asio::bind_cancellation_slot(
                       signal.slot(), [&ended](const std::exception_ptr&) { ended = true; }));
    station.context.poll_one();
    signal.emit(asio::cancellation_type::terminal);
    while (!ended) {
        BOOST_REQUIRE(station.context.run_one() == 1);
    }
    BOOST_TEST((station.fault_of_transmit() == Fault::present_same_card_again));
    station.run(station.host->disconnect(Disposition::reset));
    BOOST_REQUIRE(station.run(station.host->connect()));
    BOOST_TEST(station.run(station.host->transmit(get_version)).has_value());
}

BOOST_AUTO_TEST_CASE(a_host_that_goes_away_ends_what_waits_on_it) {
    Station station(settings("hangs in transmit"));
    station.connect();
    std::optional<Result<ResponseApdu>> answer;
    std::optional<ReaderEvent> event;
    asio::co_spawn(station.context, store(station.host->transmit(get_version), &answer),
                   asio::detached);
    asio::co_spawn(station.context, store(station.host->next_event(), &event), asio::detached);
    station.context.poll();
    station.host.reset();
    station.context.run();
    BOOST_REQUIRE(answer);
    BOOST_REQUIRE(!*answer);
    BOOST_TEST((answer->error().fault == Fault::present_same_card_again));
    BOOST_REQUIRE(event);
    BOOST_TEST(std::holds_alternative<WorkerLost>(*event));
}

BOOST_AUTO_TEST_CASE(a_context_that_stops_in_the_middle_leaves_nothing_behind) {
    const std::size_t before = open_descriptors();
    for (const char* script : {"hangs in transmit", "dies at once", "answers"}) {
        Station station(settings(script));
        station.wait_for<WorkerStarted>();
        std::optional<Result<FrameSize>> connected;
        std::optional<ReaderEvent> event;
        asio::co_spawn(station.context, store(station.host->connect(), &connected), asio::detached);
        asio::co_spawn(station.context, store(station.host->next_event(), &event), asio::detached);
        station.context.poll();
        station.context.stop();
    }
    BOOST_TEST(open_descriptors() == before);
}

BOOST_AUTO_TEST_CASE(of_events_that_nobody_collected_the_newest_is_left) {
    EventQueue queue;
    queue.push(WorkerStarted{});
    queue.push(ReaderUp{"reader"});
    queue.push(CardPresent{{0x01}});
    queue.push(CardRemoved{});
    queue.push(CardPresent{{0x02}});
    BOOST_TEST(std::holds_alternative<WorkerStarted>(*queue.pop()));
    BOOST_TEST(std::holds_alternative<ReaderUp>(*queue.pop()));
    BOOST_TEST(to_hex(std::get<CardPresent>(*queue.pop()).atr) == "02");
    BOOST_TEST(!queue.pop());
    queue.push(CardPresent{});
    queue.push(ReaderDown{Fault::start_pcscd, ""});
    queue.push(WorkerLost{"1", false});
    queue.push(WorkerLost{"2", false});
    queue.push(WorkerStarted{});
    BOOST_TEST(std::get<WorkerLost>(*queue.pop()).detail == "2");
    BOOST_TEST(std::holds_alternative<WorkerStarted>(*queue.pop()));
    BOOST_TEST(queue.empty());
}
