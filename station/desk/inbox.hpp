#pragma once
// What waits for one desk, from its reader, the console and the rest of the station, in order.

#include <deque>
#include <utility>

#include "station/desk/station.hpp"

namespace card::desk {

template <class T>
class Inbox {
  public:
    explicit Inbox(asio::io_context& context) : arrived_(context) {}

    void push(T item) {
        items_.push_back(std::move(item));
        arrived_.notify();
    }
    asio::awaitable<T> pop() {
        while (items_.empty()) {
            co_await arrived_.wait();
        }
        T item = std::move(items_.front());
        items_.pop_front();
        co_return item;
    }

  private:
    std::deque<T> items_;
    Signal arrived_;
};

}  // namespace card::desk
