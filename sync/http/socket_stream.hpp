#pragma once
// A ByteStream over the kernel's sockets, and the deadline that ends a slow one.

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include "sync/http/http.hpp"

namespace card::http {

using Socket = asio::generic::stream_protocol::socket;

class SocketStream final : public ByteStream {
  public:
    explicit SocketStream(Socket socket) : socket_(std::make_shared<Socket>(std::move(socket))) {}

    asio::awaitable<Result<void>> connect(Endpoint endpoint);
    asio::awaitable<Result<std::size_t>> read_some(std::span<char> into) override;
    asio::awaitable<Result<void>> write_all(std::string_view octets) override;
    void close() override;
    /// Open, with nothing to read and no end seen: fit for another request.
    [[nodiscard]] bool quiet() const;

  private:
    std::shared_ptr<Socket> socket_;
};

/// Closes its stream when armed and not disarmed in time.
class Deadline {
  public:
    Deadline(asio::io_context& context, std::shared_ptr<SocketStream> stream)
        : timer_(context), stream_(std::move(stream)) {}

    void arm(std::chrono::milliseconds time);
    void disarm() { timer_.cancel(); }

  private:
    asio::steady_timer timer_;
    std::shared_ptr<SocketStream> stream_;
};

/// The address of an endpoint as the kernel takes it.
[[nodiscard]] asio::generic::stream_protocol::endpoint socket_address(const Endpoint& endpoint);

}  // namespace card::http
