// as: station/desk/sample.cpp
#include "station/desk/station.hpp"

namespace card {

Task<int> pump(Line line, Request request) {
    co_await line.wait();
    (void)co_await line.wait_for(limit_ms);
    int value = co_await read(line, std::move(request));
    const auto [error, size] = co_await line.socket.async_read_some(buffer, as_tuple);
    const std::map<int, std::string> names = co_await list(line);
    line.value = co_await read(line, again(value));
    this->value_ = co_await read(line, first[1]);
    if (value == 3)
        co_await line.wait();
    for (;;) {
        value = co_await read(line, request.part(1), request.part(2));
        switch (value) {
            case 1:
                co_await line.wait();
                break;
            default:
                value = co_await read(line);
        }
    }
    spawn(line, [line]() -> Task<void> {
        co_await line.wait();
        const std::string text = co_await word(line);
    });
    auto later = [line]() mutable -> asio::awaitable<int> { co_return 1; };
    // co_return co_await comment(); and "co_await in a text" are not code.
    say("if (co_await x)", R"(switch (co_await y))", '{');
    co_return value;
}

}  // namespace card
