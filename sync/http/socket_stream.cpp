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

using Shared = std::shared_ptr<SocketStream::State>;
using Address = asio::generic::stream_protocol::endpoint;
using Addresses = std::vector<Address>;

/// The system's look-up cannot be interrupted; it goes on by itself when nobody waits any more.
asio::awaitable<Result<Addresses>> look_up(Shared state, std::string host, std::uint16_t port) {
    const auto found = std::make_shared<Result<Addresses>>(
        fail(Fault::retry_later, "looking up " + host + " takes too long"));
    const auto resolver = std::make_shared<asio::ip::tcp::resolver>(state->socket.get_executor());
    state->lookup.expires_at(std::chrono::steady_clock::time_point::max());
    resolver->async_resolve(
        host, std::to_string(port),
        [state, found, resolver, host](const error_code& error,
                                       const asio::ip::tcp::resolver::results_type& results) {
            if (error) {
                *found = fail(Fault::retry_later, "looking up " + host + ": " + error.message());
            } else {
                found->emplace();
                for (const auto& result : results) {
                    found->value().emplace_back(result.endpoint());
                }
            }
            state->lookup.cancel();
        });
    error_code ignored;
    co_await state->lookup.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return std::move(*found);
}

asio::awaitable<Result<Addresses>> addresses_of(Shared state, Endpoint endpoint) {
    if (endpoint.kind == Endpoint::Kind::unix_socket) {
        co_return Addresses(1, asio::local::stream_protocol::endpoint(endpoint.path));
    }
    error_code error;
    const auto address = asio::ip::make_address(endpoint.host, error);
    if (!error) {
        co_return Addresses(1, asio::ip::tcp::endpoint(address, endpoint.port));
    }
    Result<Addresses> found = co_await look_up(state, endpoint.host, endpoint.port);
    co_return found;
}

asio::awaitable<Result<void>> connect_socket(Shared state, Endpoint endpoint) {
    const std::string doing = "connecting to " + endpoint.text();
    const Result<Addresses> addresses = co_await addresses_of(state, endpoint);
    if (!addresses) {
        co_return fail(doing, addresses.error());
    }
    error_code error = asio::error::host_not_found;
    for (const Address& address : *addresses) {
        error_code ignored;
        state->socket.close(ignored);
        if (state->closed) {
            error = asio::error::operation_aborted;
            break;
        }
        co_await state->socket.async_connect(address,
                                             asio::redirect_error(asio::use_awaitable, error));
        if (!error) {
            break;
        }
    }
    if (error) {
        co_return fail(Fault::retry_later, doing + ": " + error.message());
    }
    if (endpoint.kind != Endpoint::Kind::unix_socket) {
        state->socket.set_option(asio::ip::tcp::no_delay(true), error);
    }
    co_return Result<void>();
}

asio::awaitable<Result<std::size_t>> read_socket(Shared state, std::span<char> into) {
    error_code error;
    const std::size_t size = co_await state->socket.async_read_some(
        asio::buffer(into.data(), into.size()), asio::redirect_error(asio::use_awaitable, error));
    if (error && error != asio::error::eof) {
        co_return fail(Fault::retry_later, "reading: " + error.message());
    }
    co_return size;
}

asio::awaitable<Result<void>> write_socket(Shared state, std::string_view octets) {
    error_code error;
    co_await asio::async_write(state->socket, asio::buffer(octets.data(), octets.size()),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error) {
        co_return fail(Fault::retry_later, "writing: " + error.message());
    }
    co_return Result<void>();
}

}  // namespace

asio::awaitable<Result<void>> SocketStream::connect(Endpoint endpoint) {
    return connect_socket(state_, std::move(endpoint));
}

asio::awaitable<Result<std::size_t>> SocketStream::read_some(std::span<char> into) {
    return read_socket(state_, into);
}

asio::awaitable<Result<void>> SocketStream::write_all(std::string_view octets) {
    return write_socket(state_, octets);
}

void SocketStream::close() {
    error_code ignored;
    state_->closed = true;
    state_->lookup.cancel();
    state_->socket.shutdown(Socket::shutdown_both, ignored);
    state_->socket.close(ignored);
}

bool SocketStream::quiet() const {
    if (!state_->socket.is_open()) {
        return false;
    }
    char octet = 0;
    const ssize_t size = ::recv(state_->socket.native_handle(), &octet, 1, MSG_PEEK | MSG_DONTWAIT);
    return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Deadline::arm(std::chrono::milliseconds time) {
    timer_.expires_after(time);
    timer_.async_wait([stream = stream_, passed = passed_](const error_code& error) {
        if (!error) {
            *passed = true;
            stream->close();
        }
    });
}

}  // namespace card::http
