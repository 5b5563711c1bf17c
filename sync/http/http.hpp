#pragma once
// HTTP/1.1 over a byte stream, for both sides. One small virtual stream is all that the network is
// to the rest: TCP, a UNIX socket, a pair in memory, TLS over any of them.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
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

/// A station as certificates and paths name it: 1 to 32 small letters, digits and hyphens.
class StationName {
  public:
    static Result<StationName> parse(std::string_view text);
    [[nodiscard]] const std::string& text() const { return text_; }
    bool operator==(const StationName&) const = default;

  private:
    explicit StationName(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

/// A process of this machine, on a UNIX socket or plain HTTP on loopback: it proves no name.
struct LocalPeer {};
/// Who sends a request. A station has proved its name by its certificate.
using Peer = std::variant<LocalPeer, StationName>;

struct Request {
    std::string method;                          ///< GET, POST, PUT …
    std::string target;                          ///< origin form: path and query
    std::map<std::string, std::string> headers;  ///< names in lower case; Host, framing are implied
    std::string body;
    Peer peer{};  ///< at a server, who asks
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
    std::chrono::milliseconds connect_timeout{5'000};   ///< to connect, and again to greet by TLS
    std::size_t max_connections = 256;                  ///< a server's, with those still greeting
};

class TlsIdentity;

/// Where a server listens or a client connects.
struct Endpoint {
    enum class Kind : std::uint8_t { loopback_tcp, unix_socket, tls };
    Kind kind;
    std::string host;  ///< a loopback address for `loopback_tcp`; an address or DNS name for `tls`
    std::uint16_t port = 0;
    std::string path = {};                             ///< for `unix_socket`
    std::shared_ptr<const TlsIdentity> identity = {};  ///< for `tls`, put there before use

    /// https://central.example:8443, https://192.0.2.1:8443, http://127.0.0.1:8080,
    /// http://[::1]:8080 or unix:/path. Plain HTTP to any other address than loopback is refused:
    /// it does not leave the machine.
    static Result<Endpoint> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
};

using Handler = std::function<asio::awaitable<Response>(Request)>;

/// Told of each peer whose greeting by TLS failed: its address, and why.
using RefusalSink = std::function<void(const std::string& address, const Failure& why)>;

/// Serves until the context stops. A UNIX socket is made with mode 0600, and a stale one of the
/// same path is replaced. Malformed, oversized or slow requests get a 4xx problem, or the
/// connection ends. Over TLS only stations with a valid certificate get as far as a request.
/// Fails at once where it cannot listen.
[[nodiscard]] Result<void> serve(asio::io_context& context, const Endpoint& endpoint, Limits limits,
                                 Handler handler, RefusalSink refused = {});

/// One client connection, kept open between calls and made anew when it broke. One call at a time.
class Client {
  public:
    Client(asio::io_context& context, Endpoint endpoint, Limits limits);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// `retry_later` where the server cannot be reached, breaks off, or takes longer than
    /// `timeout`; a malformed answer is `retry_later` too. `correct_configuration` where a
    /// certificate is not accepted, on either side. Any HTTP status is a success here, and a
    /// redirect is not followed.
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
