#include "station/desk/heartbeat.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>

namespace card::desk {
namespace {

/// What a question that may come back late writes into.
struct Answer {
    explicit Answer(asio::io_context& context) : came(context) {}
    Signal came;
    bool here = false;
};

asio::awaitable<void> ask(LedgerThread& ledger, std::shared_ptr<Answer> answer) {
    auto read = [](ledger::Ledger& memory) { return memory.cursor(); };
    const Result<std::string> cursor = co_await ledger.run(std::move(read));
    answer->here = cursor.has_value();
    answer->came.notify();
}

}  // namespace

asio::awaitable<void> beat_while_alive(asio::io_context& context, LedgerThread& ledger,
                                       std::chrono::milliseconds interval,
                                       std::function<void(Result<ledger::Counts>)> beat) {
    asio::steady_timer timer(context);
    while (true) {
        auto read = [](ledger::Ledger& memory) { return memory.counts(); };
        Result<ledger::Counts> counts = co_await ledger.run(std::move(read));
        beat(std::move(counts));
        timer.expires_after(interval);
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

asio::awaitable<bool> ledger_answers(asio::io_context& context, LedgerThread& ledger,
                                     std::chrono::milliseconds patience) {
    const auto answer = std::make_shared<Answer>(context);
    asio::co_spawn(context, ask(ledger, answer), asio::detached);
    co_await answer->came.wait_for(patience);
    co_return answer->here;
}

}  // namespace card::desk
