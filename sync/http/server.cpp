#include <list>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/http/codec.hpp"
#include "sync/http/socket_stream.hpp"
#include "sync/http/tls.hpp"

namespace card::http {
namespace {

using boost::system::error_code;

constexpr std::chrono::milliseconds accept_pause{100};  // after an error such as "too many files"
constexpr std::chrono::milliseconds drain_time{1000};
constexpr std::size_t drain_size = std::size_t{4} * 1024 * 1024;

using Greeting = std::list<std::shared_ptr<SocketStream>>;

struct Server {
    asio::io_context& context;
    Limits limits;
    Handler handler;
    RefusalSink refused;
    std::shared_ptr<const TlsIdentity> identity;  ///< none for plain HTTP
    std::size_t connections = 0;
    Greeting greeting = {};  ///< not known yet who they are, oldest first
};
using SharedServer = std::shared_ptr<Server>;

/// One peer, known.
struct Connection {
    std::shared_ptr<ByteStream> stream;
    std::shared_ptr<Deadline> deadline;
    Buffer buffer = std::make_shared<std::string>();
    Peer peer = LocalPeer{};
    Timestamp valid_until = Timestamp::max();  ///< of its certificate
};
using SharedConnection = std::shared_ptr<Connection>;

/// Counts a connection for as long as it lives.
class Seat {
  public:
    explicit Seat(SharedServer server) : server_(std::move(server)) { ++server_->connections; }
    ~Seat() { --server_->connections; }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

  private:
    SharedServer server_;
};

/// What the handler answers, or a problem where it throws: one bad request must not end the server.
asio::awaitable<Response> handled(SharedServer server, Request request) {
    try {
        Response response = co_await server->handler(std::move(request));
        co_return response;
    } catch (...) {  // nothing of the exception is safe to show
    }
    co_return problem({500, "internal", "the request failed inside the server"});
}

/// Reads on for a moment, so that a peer still sending gets to see why it was refused.
asio::awaitable<void> drain(std::shared_ptr<ByteStream> stream) {
    std::array<char, 4096> chunk{};
    for (std::size_t total = 0; total < drain_size;) {
        const Result<std::size_t> size = co_await stream->read_some(chunk);
        if (!size || *size == 0) {
            break;
        }
        total += *size;
    }
}

asio::awaitable<Result<void>> wait_for_octets(std::shared_ptr<ByteStream> stream, Buffer buffer) {
    std::array<char, 4096> chunk{};
    const Result<std::size_t> size = co_await stream->read_some(chunk);
    if (!size || *size == 0) {
        co_return fail(Fault::retry_later, "the client is gone");
    }
    buffer->append(chunk.data(), *size);
    co_return Result<void>();
}

/// A connection may be kept for days; what its certificate proved ends with it.
bool still_valid(const Connection& connection) {
    const auto now = std::chrono::system_clock::now();
    return std::chrono::floor<std::chrono::milliseconds>(now) <= connection.valid_until;
}

/// One request and its answer. False when the connection is to end.
asio::awaitable<bool> exchange(SharedServer server, SharedConnection connection) {
    const auto stream = connection->stream;
    const auto deadline = connection->deadline;
    const auto buffer = connection->buffer;
    if (buffer->empty()) {
        deadline->arm(server->limits.idle_timeout);
        const Result<void> begun = co_await wait_for_octets(stream, buffer);
        if (!begun) {
            co_return false;
        }
    }
    deadline->arm(server->limits.request_timeout);
    ReceivedRequest received = co_await receive_request(stream, buffer, server->limits);
    deadline->disarm();
    if ((!received.request && !received.rejection) || !still_valid(*connection)) {
        co_return false;
    }
    Response response;
    bool without_body = false;
    if (received.rejection) {
        response = problem(*received.rejection);
    } else {
        without_body = received.request->method == "HEAD";
        Request request = std::move(*received.request);
        request.peer = connection->peer;
        Response answer = co_await handled(server, std::move(request));
        response = std::move(answer);
    }
    const std::string octets = serialized(response, received.keep_alive, without_body);
    deadline->arm(server->limits.request_timeout);
    const Result<void> written = co_await stream->write_all(octets);
    if (written && received.rejection) {
        deadline->arm(drain_time);
        co_await drain(stream);
    }
    deadline->disarm();
    co_return written.has_value() && received.keep_alive;
}

asio::awaitable<void> converse(SharedServer server, SharedConnection connection) {
    for (;;) {
        const bool kept = co_await exchange(server, connection);
        if (!kept) {
            break;
        }
    }
    connection->stream->close();
}

/// The peer's name, proved. A peer that fails has its alert, and time to read it.
asio::awaitable<Result<TlsPeer>> greet(std::shared_ptr<TlsStream> stream,
                                       std::shared_ptr<SocketStream> socket,
                                       std::shared_ptr<Deadline> deadline) {
    const Result<void> greeted = co_await stream->handshake();
    if (greeted) {
        co_return stream->peer();
    }
    if (deadline->passed()) {
        co_return fail(Fault::retry_later, "greeting by TLS takes too long");
    }
    deadline->arm(drain_time);
    co_await drain(socket);
    co_return tl::make_unexpected(greeted.error());
}

asio::awaitable<void> welcome(SharedServer server, std::shared_ptr<SocketStream> socket,
                              std::string address) {
    const Seat seat(server);
    const auto connection = std::make_shared<Connection>(
        Connection{socket, std::make_shared<Deadline>(server->context, socket)});
    if (server->identity) {
        const auto secure = std::make_shared<TlsStream>(server->identity, socket, "");
        connection->stream = secure;
        const auto place = server->greeting.insert(server->greeting.end(), socket);
        connection->deadline->arm(server->limits.connect_timeout);
        const Result<TlsPeer> peer = co_await greet(secure, socket, connection->deadline);
        server->greeting.erase(place);
        if (!peer) {
            if (server->refused) {
                server->refused(address, peer.error());
            }
            socket->close();
            co_return;
        }
        connection->peer = peer->station;
        connection->valid_until = peer->valid_until;
    }
    co_await converse(server, connection);
}

/// Whether there is room for one more. Where all seats are taken, the peer that has been greeting
/// longest loses its seat: an honest one is through in milliseconds, and so nobody without a
/// certificate can keep those with one out.
bool has_room(Server& server) {
    if (server.connections < server.limits.max_connections) {
        return true;
    }
    if (server.greeting.empty()) {
        return false;
    }
    server.greeting.front()->close();
    return true;
}

std::string address_of(const asio::ip::tcp::socket& peer) {
    error_code error;
    const auto address = peer.remote_endpoint(error);
    return error ? std::string() : address.address().to_string();
}
std::string address_of(const asio::local::stream_protocol::socket& /*peer*/) {
    return {};
}

template <class Protocol>
asio::awaitable<void> accept_all(SharedServer server,
                                 std::shared_ptr<asio::basic_socket_acceptor<Protocol>> acceptor) {
    for (;;) {
        error_code error;
        typename Protocol::socket peer =
            co_await acceptor->async_accept(asio::redirect_error(asio::use_awaitable, error));
        if (error) {
            asio::steady_timer pause(server->context, accept_pause);
            co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
            continue;
        }
        if (!has_room(*server)) {
            continue;  // `peer` closes
        }
        std::string address = address_of(peer);
        auto stream = std::make_shared<SocketStream>(Socket(std::move(peer)));
        asio::co_spawn(server->context, welcome(server, std::move(stream), std::move(address)),
                       asio::detached);
    }
}

/// Takes away a socket file that nobody listens on any more.
Result<void> remove_stale(const Endpoint& endpoint, asio::io_context& context) {
    struct stat status {};
    if (::lstat(endpoint.path.c_str(), &status) != 0) {
        return {};
    }
    if (!S_ISSOCK(status.st_mode)) {
        return fail(Fault::correct_configuration, endpoint.path + " is there and is no socket");
    }
    asio::local::stream_protocol::socket probe(context);
    error_code error;
    probe.connect(asio::local::stream_protocol::endpoint(endpoint.path), error);
    if (!error) {
        return fail(Fault::correct_configuration, "another program listens on " + endpoint.path);
    }
    (void)::unlink(endpoint.path.c_str());
    return {};
}

template <class Protocol>
Result<void> listen_on(const SharedServer& server, const Endpoint& endpoint,
                       const typename Protocol::endpoint& address) {
    auto acceptor = std::make_shared<asio::basic_socket_acceptor<Protocol>>(server->context);
    error_code error;
    acceptor->open(address.protocol(), error);
    if (!error) {
        if (endpoint.kind == Endpoint::Kind::unix_socket) {
            // On Linux the socket file takes its mode from here: at no time is it open to others.
            (void)::fchmod(acceptor->native_handle(), S_IRUSR | S_IWUSR);
        } else {
            acceptor->set_option(asio::socket_base::reuse_address(true), error);
        }
        acceptor->bind(address, error);
    }
    if (!error) {
        acceptor->listen(asio::socket_base::max_listen_connections, error);
    }
    if (error) {
        return fail(Fault::correct_configuration,
                    "listening on " + endpoint.text() + ": " + error.message());
    }
    asio::co_spawn(server->context, accept_all<Protocol>(server, std::move(acceptor)),
                   asio::detached);
    return {};
}

}  // namespace

Result<void> serve(asio::io_context& context, const Endpoint& endpoint, Limits limits,
                   Handler handler, RefusalSink refused) {
    if (endpoint.kind == Endpoint::Kind::tls && !endpoint.identity) {
        return fail(Fault::correct_configuration,
                    endpoint.text() + " needs a CA, a certificate and a key");
    }
    const auto server = std::make_shared<Server>(
        Server{context, limits, std::move(handler), std::move(refused), endpoint.identity});
    if (endpoint.kind == Endpoint::Kind::unix_socket) {
        if (auto removed = remove_stale(endpoint, context); !removed) {
            return removed;
        }
        return listen_on<asio::local::stream_protocol>(
            server, endpoint, asio::local::stream_protocol::endpoint(endpoint.path));
    }
    error_code error;
    const auto address = asio::ip::make_address(endpoint.host, error);
    if (error) {
        return fail(Fault::correct_configuration, "not an address: " + endpoint.host);
    }
    return listen_on<asio::ip::tcp>(server, endpoint,
                                    asio::ip::tcp::endpoint(address, endpoint.port));
}

}  // namespace card::http
