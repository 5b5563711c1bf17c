#include "station/desk/station.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace card::desk {

using namespace observe;

void Signal::notify() {
    for (asio::steady_timer* timer : waiting_) {
        timer->cancel();
    }
}

asio::awaitable<void> Signal::wait() {
    return wait_until(std::chrono::steady_clock::time_point::max());
}

asio::awaitable<void> Signal::wait_for(std::chrono::milliseconds patience) {
    return wait_until(std::chrono::steady_clock::now() + patience);
}

asio::awaitable<void> Signal::wait_until(std::chrono::steady_clock::time_point end) {
    asio::steady_timer timer(*context_, end);
    waiting_.insert(&timer);
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    waiting_.erase(&timer);
}

void Station::stop_for(const Failure& failure) {
    if (!fatal) {
        fatal = failure;
        log.tell(EventId::ledger_failed,
                 {fault_field(failure.fault), detail_field(failure.detail)});
        context.stop();
    }
}

}  // namespace card::desk
