// The ledger's thread when the disk is full or the ledger stuck. To be run in a mount namespace: a
// small file system is mounted in its /run.

#include <atomic>
#include <filesystem>
#include <fstream>
#include <latch>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/test/unit_test.hpp>
#include <sys/mount.h>

#include "station/desk/heartbeat.hpp"

using namespace card;
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

constexpr ledger::Room small_room{1024 * 1024, 256 * 1024};

/// A disk of 4 MB with a ledger on it.
struct Fixture {
    Fixture() {
        fs::create_directories(folder);
        BOOST_REQUIRE(::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=4m") == 0);
        memory.emplace(
            context,
            std::move(
                ledger::Ledger::open(folder / "ledger.db", clock, random, key, small_room).value()),
            [](std::chrono::nanoseconds) {});
    }
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;
    ~Fixture() {
        memory.reset();
        ::umount2(folder.c_str(), MNT_DETACH);
    }

    /// Runs an act there and waits for it here.
    template <class Act>
    auto run(Act act) {
        std::optional<std::invoke_result_t<Act&, ledger::Ledger&>> outcome;
        asio::co_spawn(context, collect(outcome, std::move(act)), asio::detached);
        context.restart();
        context.run();
        return std::move(*outcome);
    }
    template <class Outcome, class Act>
    asio::awaitable<void> collect(std::optional<Outcome>& into, Act act) {
        Outcome outcome = co_await memory->run(std::move(act));
        into.emplace(std::move(outcome));
    }
    void fill_disk() const {
        std::ofstream file(folder / "filler", std::ios::binary);
        const std::string block(4096, 'x');
        while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
        }
    }
    static auto store_cursor(std::size_t size) {
        return [size](ledger::Ledger& book) {
            return book.store_page({{}, std::string(size, 'c')});
        };
    }

    fs::path folder = "/run/small-disk";
    desk::SystemClock clock;
    SystemRandom random;
    SealingKey key;
    asio::io_context context{1};
    std::optional<desk::LedgerThread> memory;
};

constexpr std::size_t some_pages = 64 * 1024;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(full_disk, Fixture)

BOOST_AUTO_TEST_CASE(the_act_in_hand_is_finished_with_the_reserve) {
    fill_disk();
    BOOST_TEST(run(store_cursor(some_pages)).has_value());
    BOOST_TEST(!fs::exists(folder / "ledger.db.reserve"));
}

BOOST_AUTO_TEST_CASE(no_new_card_is_begun_until_there_is_room_again) {
    const auto has_room = [](ledger::Ledger& book) { return Result<bool>(book.has_room()); };
    BOOST_TEST(run(has_room).value());
    fill_disk();
    BOOST_REQUIRE(run(store_cursor(some_pages)).has_value());
    BOOST_TEST(!run(has_room).value());
    fs::remove(folder / "filler");
    BOOST_TEST(run(has_room).value());
    BOOST_TEST(fs::exists(folder / "ledger.db.reserve"));
}

BOOST_AUTO_TEST_CASE(a_disk_that_is_full_beyond_the_reserve_ends_all_acts) {
    fs::remove(folder / "ledger.db.reserve");
    fill_disk();
    const auto refused = run(store_cursor(some_pages));
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().fault == Fault::stop_station));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(untrusted_ledger, Fixture)

BOOST_AUTO_TEST_CASE(after_one_failure_of_the_disk_no_act_runs_any_more) {
    const auto broken = [](ledger::Ledger&) -> Result<void> {
        return fail(Fault::stop_station, "the sync failed");
    };
    BOOST_REQUIRE(!run(broken));
    bool ran = false;
    const auto after = run([&ran](ledger::Ledger&) {
        ran = true;
        return Result<void>();
    });
    BOOST_TEST(!ran);
    BOOST_REQUIRE(!after);
    BOOST_TEST(after.error().detail == "the sync failed");
}

BOOST_AUTO_TEST_CASE(a_failure_that_is_no_fault_of_the_disk_ends_nothing) {
    const auto defect = [](ledger::Ledger&) -> Result<void> {
        return fail(Fault::report_defect, "out of order");
    };
    BOOST_REQUIRE(!run(defect));
    BOOST_TEST(run(store_cursor(1)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(heartbeat, Fixture)

BOOST_AUTO_TEST_CASE(there_is_no_beat_while_the_ledger_is_stuck_and_there_is_one_after) {
    int beats = 0;
    auto beat = [&beats](const Result<ledger::Counts>& counts) { beats += counts ? 1 : 0; };
    asio::co_spawn(context, desk::beat_while_alive(context, *memory, 1ms, beat), asio::detached);
    const auto beats_more_than = [&](int number) {
        while (beats <= number) {
            context.run_one();
        }
        return true;
    };
    BOOST_TEST(beats_more_than(2));

    std::latch release(1);
    std::atomic<bool> stuck = false;
    std::optional<Result<void>> outcome;
    asio::co_spawn(context,
                   collect(outcome,
                           [&](ledger::Ledger&) {
                               stuck = true;
                               release.wait();
                               return Result<void>();
                           }),
                   asio::detached);
    while (!stuck) {
        context.poll();
    }
    context.poll();  // what was asked before it got stuck
    const int before = beats;
    context.run_for(50ms);
    BOOST_TEST(beats == before);

    release.count_down();
    BOOST_TEST(beats_more_than(before));
    context.stop();
}

BOOST_AUTO_TEST_CASE(a_ledger_that_answers_is_healthy_and_one_that_is_stuck_is_not) {
    const auto healthy = [&](std::chrono::milliseconds patience) {
        std::optional<bool> answer;
        context.restart();
        asio::co_spawn(context, desk::ledger_answers(context, *memory, patience),
                       [&](const std::exception_ptr&, bool answers) { answer = answers; });
        while (!answer) {
            context.run_one();
        }
        return *answer;
    };
    BOOST_TEST(healthy(1min));

    std::latch release(1);
    std::optional<Result<void>> outcome;
    asio::co_spawn(context,
                   collect(outcome,
                           [&](ledger::Ledger&) {
                               release.wait();
                               return Result<void>();
                           }),
                   asio::detached);
    context.restart();
    context.poll();
    BOOST_TEST(!healthy(20ms));
    release.count_down();
    BOOST_TEST(healthy(1min));
}

BOOST_AUTO_TEST_SUITE_END()
