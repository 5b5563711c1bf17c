#pragma once
// The ledger on a thread of its own, so that a slow disk never holds up a reader. Acts run one
// after the other; each completes back in the station's thread.

#include <chrono>
#include <functional>
#include <optional>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sync/ledger/ledger.hpp"

namespace card::desk {

class LedgerThread {
  public:
    /// Told in the station's thread how long each act took.
    using Stopwatch = std::function<void(std::chrono::nanoseconds)>;

    LedgerThread(boost::asio::io_context& context, ledger::Ledger ledger, Stopwatch told)
        : context_(&context), ledger_(std::move(ledger)), told_(std::move(told)) {}
    ~LedgerThread() { thread_.join(); }
    LedgerThread(const LedgerThread&) = delete;
    LedgerThread& operator=(const LedgerThread&) = delete;

    /// Runs `act(ledger)` there and gives its Result here. `act` owns what it needs, and may run
    /// twice where the disk was full. After a failure that makes the file untrustworthy (an fsync
    /// that failed may have lost pages that look written), no act runs any more.
    template <class Act>
    auto run(Act act) -> boost::asio::awaitable<std::invoke_result_t<Act&, ledger::Ledger&>> {
        using Outcome = std::invoke_result_t<Act&, ledger::Ledger&>;
        auto begin = [this](auto handler, Act work) {
            boost::asio::post(
                thread_, [this, handler = std::move(handler), work = std::move(work)]() mutable {
                    const auto began = std::chrono::steady_clock::now();
                    Outcome outcome = carry_out<Outcome>(work);
                    const auto took = std::chrono::steady_clock::now() - began;
                    boost::asio::post(context_->get_executor(),
                                      [this, took, handler = std::move(handler),
                                       outcome = std::move(outcome)]() mutable {
                                          told_(took);
                                          handler(std::move(outcome));
                                      });
                });
        };
        return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Outcome)>(
            std::move(begin), boost::asio::use_awaitable, std::move(act));
    }

  private:
    template <class Outcome, class Act>
    Outcome carry_out(Act& act) {
        if (failed_) {
            return tl::make_unexpected(*failed_);
        }
        Outcome outcome = act(ledger_);
        if (!outcome && outcome.error().fault == Fault::stop_station && ledger_.make_room()) {
            outcome = act(ledger_);
        }
        if (!outcome && outcome.error().fault == Fault::stop_station) {
            failed_ = outcome.error();
        }
        return outcome;
    }

    boost::asio::io_context* context_;
    ledger::Ledger ledger_;
    Stopwatch told_;
    std::optional<Failure> failed_;  ///< of the ledger's thread alone
    boost::asio::thread_pool thread_{1};
};

}  // namespace card::desk
