#pragma once
// A ByteStream over the kernel's sockets, and the deadline that ends a slow one.

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include "sync/http/http.hpp"

namespace card::http {

using Socket = asio::generic::stream_protocol::socket;

class SocketStream final : public ByteStream {
  public:
    explicit SocketStream(Socket socket) : state_(std::make_shared<State>(std::move(socket))) {}

    /// Looks the host up where it is a name, and tries its addresses in turn.
    asio::awaitable<Result<void>> connect(Endpoint endpoint);
    asio::awaitable<Result<std::size_t>> read_some(std::span<char> into) override;
    asio::awaitable<Result<void>> write_all(std::string_view octets) override;
    void close() override;
    /// Open, with nothing to read and no end seen: fit for another request.
    [[nodiscard]] bool quiet() const;

    struct State {
        explicit State(Socket&& taken) : socket(std::move(taken)), lookup(socket.get_executor()) {}
        Socket socket;
        asio::steady_timer lookup;  ///< ends the waiting for a name's addresses
        bool closed = false;
    };

  private:
    std::shared_ptr<State> state_;
};

/// Closes its stream when armed and not disarmed in time.
class Deadline {
  public:
    Deadline(asio::io_context& context, std::shared_ptr<ByteStream> stream)
        : timer_(context), stream_(std::move(stream)) {}

    void arm(std::chrono::milliseconds time);
    void disarm() { timer_.cancel(); }
    /// It has closed the stream.
    [[nodiscard]] bool passed() const { return *passed_; }

  private:
    asio::steady_timer timer_;
    std::shared_ptr<ByteStream> stream_;
    std::shared_ptr<bool> passed_ = std::make_shared<bool>(false);
};

}  // namespace card::http
