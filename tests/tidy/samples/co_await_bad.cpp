// as: station/desk/sample.cpp
#include "station/desk/station.hpp"

namespace card {

Task<int> pump(Line line) {
    if (co_await line.ready()) {  // found: co_await
    }
    while (co_await line.ready()) {  // found: co_await
    }
    switch (co_await line.kind()) {  // found: co_await
        case 1:
            break;
    }
    for (int each : co_await line.all()) {  // found: co_await
    }
    handle(co_await line.next());                                        // found: co_await
    const int a = c ? co_await one() : 2;                                // found: co_await
    const int b = co_await one() ? 1 : 2;                                // found: co_await
    const int d = 1 + co_await one();                                    // found: co_await
    const int e = co_await one() + 1;                                    // found: co_await
    const bool f = co_await one() && a == 3;                             // found: co_await
    std::vector<int> list{co_await one(), 2};                            // found: co_await
    Pair pair = {co_await one(), 2};                                     // found: co_await
    Name name(co_await one());                                           // found: co_await
    const int g = (co_await one()).size;                                 // found: co_await
    co_await send(line, Request{.file = 1, .data = {}});                 // found: co_await
    co_await send(line, {1, 2});                                         // found: co_await
    const int h = co_await send(line, [line] { return line; });          // found: co_await
    auto request = [line]() -> Task<int> { co_return co_await one(); };  // found: co_await
    line += co_await one();                                              // found: co_await
    BOOST_TEST(co_await one() == 1);                                     // found: co_await
    co_return co_await one();                                            // found: co_await
}

}  // namespace card
