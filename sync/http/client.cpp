#include "sync/http/codec.hpp"
#include "sync/http/socket_stream.hpp"

namespace card::http {

struct Client::State {
    asio::io_context& context;
    Endpoint endpoint;
    Limits limits;
    std::shared_ptr<SocketStream> stream = {};
    Buffer buffer = {};
    bool busy = false;

    using Shared = std::shared_ptr<State>;
    static asio::awaitable<Result<Response>> call(Shared state, Request request,
                                                  std::chrono::milliseconds timeout);
    static asio::awaitable<Result<ReceivedResponse>> exchange(Shared state, std::string octets,
                                                              std::chrono::milliseconds timeout);
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
    return endpoint.kind == Endpoint::Kind::unix_socket
               ? "localhost"
               : endpoint.text().substr(std::string_view("http://").size());
}

}  // namespace

asio::awaitable<Result<ReceivedResponse>> Client::State::exchange(
    Shared state, std::string octets, std::chrono::milliseconds timeout) {
    const bool fresh = !state->stream || !state->stream->quiet();
    if (fresh) {
        state->stream = std::make_shared<SocketStream>(Socket(state->context));
        state->buffer = std::make_shared<std::string>();
    }
    const auto stream = state->stream;
    Deadline deadline(state->context, stream);
    deadline.arm(timeout);
    if (fresh) {
        const Result<void> connected = co_await stream->connect(state->endpoint);
        if (!connected) {
            co_return tl::make_unexpected(connected.error());
        }
    }
    const Result<void> written = co_await stream->write_all(octets);
    if (!written) {
        co_return tl::make_unexpected(written.error());
    }
    Result<ReceivedResponse> received =
        co_await receive_response(stream, state->buffer, state->limits);
    deadline.disarm();
    co_return received;
}

asio::awaitable<Result<Response>> Client::State::call(Shared state, Request request,
                                                      std::chrono::milliseconds timeout) {
    if (state->busy) {
        co_return fail(Fault::report_defect, "two calls at once on one HTTP client");
    }
    const Use use(state->busy);
    Result<std::string> octets = serialized(request, host_of(state->endpoint));
    if (!octets) {
        co_return tl::make_unexpected(octets.error());
    }
    Result<ReceivedResponse> received = co_await exchange(state, std::move(*octets), timeout);
    if (!received || !received->keep_alive) {
        state->stream->close();
        state->stream.reset();
    }
    if (!received) {
        co_return fail(state->endpoint.text(), received.error());
    }
    co_return std::move(received->response);
}

Client::Client(asio::io_context& context, Endpoint endpoint, Limits limits)
    : state_(std::make_shared<State>(State{context, std::move(endpoint), limits})) {}

Client::~Client() {
    if (state_->stream) {
        state_->stream->close();
    }
}

asio::awaitable<Result<Response>> Client::call(Request request, std::chrono::milliseconds timeout) {
    return State::call(state_, std::move(request), timeout);
}

}  // namespace card::http
