#include "sync/http/socket_stream.hpp"

#include <cerrno>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

namespace card::http {
namespace {

using boost::system::error_code;

asio::awaitable<Result<void>> connect_socket(std::shared_ptr<Socket> socket, Endpoint endpoint) {
    error_code error;
    co_await socket->async_connect(socket_address(endpoint),
                                   asio::redirect_error(asio::use_awaitable, error));
    if (error) {
        co_return fail(Fault::retry_later,
                       "connecting to " + endpoint.text() + ": " + error.message());
    }
    if (endpoint.kind == Endpoint::Kind::loopback_tcp) {
        socket->set_option(asio::ip::tcp::no_delay(true), error);
    }
    co_return Result<void>();
}

asio::awaitable<Result<std::size_t>> read_socket(std::shared_ptr<Socket> socket,
                                                 std::span<char> into) {
    error_code error;
    const std::size_t size = co_await socket->async_read_some(
        asio::buffer(into.data(), into.size()), asio::redirect_error(asio::use_awaitable, error));
    if (error && error != asio::error::eof) {
        co_return fail(Fault::retry_later, "reading: " + error.message());
    }
    co_return size;
}

asio::awaitable<Result<void>> write_socket(std::shared_ptr<Socket> socket,
                                           std::string_view octets) {
    error_code error;
    co_await asio::async_write(*socket, asio::buffer(octets.data(), octets.size()),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error) {
        co_return fail(Fault::retry_later, "writing: " + error.message());
    }
    co_return Result<void>();
}

}  // namespace

asio::generic::stream_protocol::endpoint socket_address(const Endpoint& endpoint) {
    if (endpoint.kind == Endpoint::Kind::unix_socket) {
        return asio::local::stream_protocol::endpoint(endpoint.path);
    }
    error_code error;
    return asio::ip::tcp::endpoint(asio::ip::make_address(endpoint.host, error), endpoint.port);
}

asio::awaitable<Result<void>> SocketStream::connect(Endpoint endpoint) {
    return connect_socket(socket_, std::move(endpoint));
}

asio::awaitable<Result<std::size_t>> SocketStream::read_some(std::span<char> into) {
    return read_socket(socket_, into);
}

asio::awaitable<Result<void>> SocketStream::write_all(std::string_view octets) {
    return write_socket(socket_, octets);
}

void SocketStream::close() {
    error_code ignored;
    socket_->shutdown(Socket::shutdown_both, ignored);
    socket_->close(ignored);
}

bool SocketStream::quiet() const {
    if (!socket_->is_open()) {
        return false;
    }
    char octet = 0;
    const ssize_t size = ::recv(socket_->native_handle(), &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Deadline::arm(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    timer_.async_wait([stream = stream_](const error_code& error) {
        if (!error) {
            stream->close();
        }
    });
}

}  // namespace card::http
