#pragma once
// HTTP/1.1 over a byte stream, for both sides. One small virtual stream is all that the network is
// to the rest: TCP on loopback, a UNIX socket, a pair in memory; TLS will be one more.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "cardformat/base/result.hpp"

namespace card::http {

namespace asio = boost::asio;

/// A connected, ordered, reliable stream of octets. Both calls end with an error when the peer goes
/// away, or when `close` is called from elsewhere in the same thread.
class ByteStream {
  public:
    ByteStream() = default;
    ByteStream(const ByteStream&) = delete;
    ByteStream& operator=(const ByteStream&) = delete;
    virtual ~ByteStream() = default;
    /// At least one octet; 0 at the end of the stream.
    virtual asio::awaitable<Result<std::size_t>> read_some(std::span<char> into) = 0;
    virtual asio::awaitable<Result<void>> write_all(std::string_view octets) = 0;
    virtual void close() = 0;
};

struct Request {
    std::string method;                          ///< GET, POST, PUT …
    std::string target;                          ///< origin form: path and query
    std::map<std::string, std::string> headers;  ///< names in lower case; Host, framing are implied
    std::string body;
};

struct Response {
    int status = 200;
    std::string content_type = "application/json";
    std::map<std::string, std::string> headers;
    std::string body;
};

struct Limits {
    std::size_t max_header_size = std::size_t{16} * 1024;
    std::size_t max_body_size = std::size_t{1024} * 1024;
    std::chrono::milliseconds idle_timeout{60'000};     ///< between requests on a kept connection
    std::chrono::milliseconds request_timeout{10'000};  ///< from first octet to last of a message
};

/// Where a server listens or a client connects.
struct Endpoint {
    enum class Kind : std::uint8_t { loopback_tcp, unix_socket };
    Kind kind;
    std::string host;  ///< loopback address as text, for `loopback_tcp`
    std::uint16_t port = 0;
    std::string path;  ///< for `unix_socket`

    /// http://127.0.0.1:8080, http://[::1]:8080 or unix:/path. Any other address than loopback is
    /// refused: plain HTTP does not leave the machine.
    static Result<Endpoint> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
};

using Handler = std::function<asio::awaitable<Response>(Request)>;

/// Serves until the context stops. A UNIX socket is made with mode 0600, and a stale one of the
/// same path is replaced. Malformed, oversized or slow requests get a 4xx problem, or the
/// connection ends. Fails at once where it cannot listen.
[[nodiscard]] Result<void> serve(asio::io_context& context, const Endpoint& endpoint, Limits limits,
                                 Handler handler);

/// One client connection, kept open between calls and made anew when it broke. One call at a time.
class Client {
  public:
    Client(asio::io_context& context, Endpoint endpoint, Limits limits);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// `retry_later` where the server cannot be reached, breaks off, or takes longer than
    /// `timeout`; a malformed answer is `retry_later` too. Any HTTP status is a success here.
    asio::awaitable<Result<Response>> call(Request request, std::chrono::milliseconds timeout);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

/// `path` without query, split at '/', percent-decoded: "/v1/a%2Fb" gives {"v1", "a/b"}.
[[nodiscard]] std::vector<std::string> path_segments(std::string_view target);
/// Any octets as a query parameter's value (RFC 3986, 2.1).
[[nodiscard]] std::string percent_encoded(std::string_view value);
/// The decoded value of a query parameter, or empty.
[[nodiscard]] std::string query_value(std::string_view target, std::string_view name);

}  // namespace card::http
