// Octets as a request and as a response, arriving in pieces: read, refused or broken off, and what
// was read can be written, but for the two methods that the client never sends.
#include "fuzz.hpp"
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "sync/http/codec.hpp"

using namespace card;

namespace {

class InputStream final : public http::ByteStream {
  public:
    InputStream(Input input, std::size_t step) : input_(input), step_(step) {}

    http::asio::awaitable<Result<std::size_t>> read_some(std::span<char> into) override {
        const BytesView part = input_.take(std::min(step_, into.size()));
        std::copy(part.begin(), part.end(), into.begin());
        co_return part.size();
    }
    http::asio::awaitable<Result<void>> write_all(std::string_view /*octets*/) override {
        co_return Result<void>();
    }
    void close() override {}

  private:
    Input input_;
    std::size_t step_;
};

constexpr http::Limits limits{512, 1024};

http::asio::awaitable<void> requests(std::shared_ptr<http::ByteStream> stream) {
    const auto buffer = std::make_shared<std::string>();
    for (bool more = true; more;) {
        const http::ReceivedRequest received =
            co_await http::receive_request(stream, buffer, limits);
        if (received.request) {
            require(received.request->body.size() <= 1024);
            const std::string& method = received.request->method;
            const bool client_sends = method != "HEAD" && method != "CONNECT";
            require(http::serialized(*received.request, "localhost").has_value() == client_sends);
            (void)http::path_segments(received.request->target);
            (void)http::query_value(received.request->target, "cursor");
        }
        more = received.request.has_value() && received.keep_alive;
    }
}

http::asio::awaitable<void> responses(std::shared_ptr<http::ByteStream> stream) {
    const auto buffer = std::make_shared<std::string>();
    const Result<http::ReceivedResponse> received =
        co_await http::receive_response(stream, buffer, limits);
    if (received) {
        require(received->response.body.size() <= 1024);
        (void)http::serialized(received->response, received->keep_alive, false);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    for (const std::size_t step : {size + 1, std::size_t{1}}) {
        http::asio::io_context context;
        const Input input(data, size);
        http::asio::co_spawn(context, requests(std::make_shared<InputStream>(input, step)),
                             http::asio::detached);
        http::asio::co_spawn(context, responses(std::make_shared<InputStream>(input, step)),
                             http::asio::detached);
        context.run();
    }
    return 0;
}
