#pragma once
// Both ends of a connection, in memory: a network without sockets.

#include <algorithm>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sync/http/http.hpp"

namespace card::http {

class MemoryStream final : public ByteStream {
  public:
    /// At most `step` octets arrive at once.
    static std::pair<std::shared_ptr<MemoryStream>, std::shared_ptr<MemoryStream>> pair(
        asio::io_context& context, std::size_t step) {
        const auto there = std::make_shared<Pipe>(context);
        const auto back = std::make_shared<Pipe>(context);
        return {std::make_shared<MemoryStream>(back, there, step),
                std::make_shared<MemoryStream>(there, back, step)};
    }

    asio::awaitable<Result<std::size_t>> read_some(std::span<char> into) override {
        return read(in_, into.first(std::min(step_, into.size())));
    }
    asio::awaitable<Result<void>> write_all(std::string_view octets) override {
        if (out_->ended) {
            co_return fail(Fault::retry_later, "the other end is closed");
        }
        out_->octets.append(octets);
        out_->changed.cancel();
        co_return Result<void>();
    }
    void close() override {
        for (const auto& pipe : {in_, out_}) {
            pipe->ended = true;
            pipe->changed.cancel();
        }
    }

    struct Pipe {
        explicit Pipe(asio::io_context& context)
            : changed(context, std::chrono::steady_clock::time_point::max()) {}
        std::string octets;
        bool ended = false;
        asio::steady_timer changed;
    };

    MemoryStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out, std::size_t step)
        : in_(std::move(in)), out_(std::move(out)), step_(step) {}

  private:
    static asio::awaitable<Result<std::size_t>> read(std::shared_ptr<Pipe> in,
                                                     std::span<char> into) {
        while (in->octets.empty() && !in->ended) {
            boost::system::error_code ignored;
            co_await in->changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        const std::size_t size = std::min(into.size(), in->octets.size());
        std::copy_n(in->octets.begin(), size, into.begin());
        in->octets.erase(0, size);
        co_return size;
    }

    std::shared_ptr<Pipe> in_;
    std::shared_ptr<Pipe> out_;
    std::size_t step_;
};

}  // namespace card::http
