#include "station/console/photo.hpp"

#include "station/console/answers.hpp"

namespace card::console {
namespace {

/// What the sitting's renewal names; nothing where no sitting goes on.
asio::awaitable<Result<std::optional<PhotoHash>>> wanted_photo(Console& console) {
    const bool open = console.counter != nullptr && !console.counter->sitting().finished &&
                      console.counter->sitting().pass_number;
    if (!open) {
        co_return std::optional<PhotoHash>();
    }
    const PassNumber number = *console.counter->sitting().pass_number;
    auto read = [number](ledger::Ledger& ledger) { return ledger.renewal_by_pass(number); };
    const Result<std::optional<Renewal>> renewal =
        co_await console.station.ledger.run(std::move(read));
    co_return renewal.map([](const std::optional<Renewal>& found) {
        return found ? found->photo : std::optional<PhotoHash>();
    });
}

}  // namespace

asio::awaitable<http::Response> photo_of_sitting(Console& console) {
    const Result<std::optional<PhotoHash>> wanted = co_await wanted_photo(console);
    if (!wanted) {
        co_return problem(500, wanted.error().fault, wanted.error().detail);
    }
    if (!*wanted) {
        co_return problem(404, Fault::correct_input, "no photo to show");
    }
    uplink::CentralClient central(console.station.context, console.station.config.central,
                                  console.station.config.station);
    const Result<uplink::Photo> photo = co_await central.photo(**wanted);
    if (!photo) {
        const int status = photo.error().fault == Fault::follow_refusal ? 404 : 503;
        co_return problem(status, photo.error().fault, photo.error().detail);
    }
    http::Response response;
    response.status = 200;
    response.content_type = photo->media_type;
    response.headers["cache-control"] = "no-store";
    response.body = photo->octets.reveal();
    co_return response;
}

}  // namespace card::console
