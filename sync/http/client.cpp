#include "sync/http/codec.hpp"
#include "sync/http/socket_stream.hpp"
#include "sync/http/tls.hpp"

namespace card::http {

using Steady = std::chrono::steady_clock;

struct Client::State {
    asio::io_context& context;
    Endpoint endpoint;
    Limits limits;
    std::shared_ptr<SocketStream> socket = {};
    std::shared_ptr<ByteStream> stream = {};  ///< the socket, or TLS over it
    Buffer buffer = {};
    bool busy = false;

    using Shared = std::shared_ptr<State>;
    static asio::awaitable<Result<Response>> call(Shared state, Request request,
                                                  std::chrono::milliseconds timeout);
    static asio::awaitable<Result<ReceivedResponse>> exchange(Shared state, std::string octets,
                                                              Steady::time_point end);
    /// A fresh connection, greeted.
    static asio::awaitable<Result<void>> connect(Shared state, Steady::time_point end);
    /// No longer than the limit for connecting, nor past the end of the call.
    [[nodiscard]] std::chrono::milliseconds connect_time(Steady::time_point end) const;
    void drop();
};

namespace {

/// Marks the client as in use until the call ends, however it ends.
class Use {
  public:
    explicit Use(bool& busy) : busy_(busy) { busy_ = true; }
    ~Use() { busy_ = false; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

  private:
    bool& busy_;
};

std::string host_of(const Endpoint& endpoint) {
    const std::string text = endpoint.text();
    return endpoint.kind == Endpoint::Kind::unix_socket ? "localhost"
                                                        : text.substr(text.find("//") + 2);
}

std::chrono::milliseconds until(Steady::time_point end) {
    return std::chrono::ceil<std::chrono::milliseconds>(end - Steady::now());
}

/// What went wrong, or that it took too long, which shows as a closed stream.
tl::unexpected<Failure> failed(const Deadline& deadline, std::string_view doing,
                               const Failure& failure) {
    return deadline.passed()
               ? fail(Fault::retry_later, std::string(doing).append(" takes too long"))
               : tl::make_unexpected(failure);
}

}  // namespace

std::chrono::milliseconds Client::State::connect_time(Steady::time_point end) const {
    return std::min(limits.connect_timeout, until(end));
}

void Client::State::drop() {
    if (socket) {
        socket->close();
    }
    socket.reset();
    stream.reset();
}

asio::awaitable<Result<void>> Client::State::connect(Shared state, Steady::time_point end) {
    const auto socket = std::make_shared<SocketStream>(Socket(state->context));
    state->socket = socket;
    state->stream = socket;
    state->buffer = std::make_shared<std::string>();
    Deadline deadline(state->context, socket);
    deadline.arm(state->connect_time(end));
    const Result<void> connected = co_await socket->connect(state->endpoint);
    if (!connected) {
        co_return failed(deadline, "connecting", connected.error());
    }
    if (state->endpoint.kind == Endpoint::Kind::tls) {
        const auto secure =
            std::make_shared<TlsStream>(state->endpoint.identity, socket, state->endpoint.host);
        state->stream = secure;
        deadline.arm(state->connect_time(end));
        const Result<void> greeted = co_await secure->handshake();
        if (!greeted) {
            co_return failed(deadline, "greeting by TLS", greeted.error());
        }
    }
    deadline.disarm();
    co_return Result<void>();
}

asio::awaitable<Result<ReceivedResponse>> Client::State::exchange(Shared state, std::string octets,
                                                                  Steady::time_point end) {
    if (!state->socket || !state->socket->quiet()) {
        const Result<void> connected = co_await connect(state, end);
        if (!connected) {
            co_return tl::make_unexpected(connected.error());
        }
    }
    const auto stream = state->stream;
    Deadline deadline(state->context, stream);
    deadline.arm(until(end));
    const Result<void> written = co_await stream->write_all(octets);
    if (!written) {
        co_return failed(deadline, "sending", written.error());
    }
    Result<ReceivedResponse> received =
        co_await receive_response(stream, state->buffer, state->limits);
    deadline.disarm();
    if (!received) {
        co_return failed(deadline, "the answer", received.error());
    }
    co_return received;
}

asio::awaitable<Result<Response>> Client::State::call(Shared state, Request request,
                                                      std::chrono::milliseconds timeout) {
    if (state->busy) {
        co_return fail(Fault::report_defect, "two calls at once on one HTTP client");
    }
    const Use use(state->busy);
    if (state->endpoint.kind == Endpoint::Kind::tls && !state->endpoint.identity) {
        co_return fail(Fault::correct_configuration,
                       state->endpoint.text() + " needs a CA, a certificate and a key");
    }
    Result<std::string> octets = serialized(request, host_of(state->endpoint));
    if (!octets) {
        co_return tl::make_unexpected(octets.error());
    }
    const Steady::time_point end = Steady::now() + timeout;
    Result<ReceivedResponse> received = co_await exchange(state, std::move(*octets), end);
    if (!received || !received->keep_alive) {
        state->drop();
    }
    if (!received) {
        co_return fail(state->endpoint.text(), received.error());
    }
    co_return std::move(received->response);
}

Client::Client(asio::io_context& context, Endpoint endpoint, Limits limits)
    : state_(std::make_shared<State>(State{context, std::move(endpoint), limits})) {}

Client::~Client() {
    if (state_->socket) {
        state_->socket->close();
    }
}

asio::awaitable<Result<Response>> Client::call(Request request, std::chrono::milliseconds timeout) {
    return State::call(state_, std::move(request), timeout);
}

}  // namespace card::http
