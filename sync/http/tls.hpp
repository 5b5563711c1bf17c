#pragma once
// TLS 1.3 (RFC 8446) with a certificate on both sides, as one more ByteStream over another one.
// OpenSSL is included by tls.cpp only.

#include "cardformat/base/time.hpp"
#include "sync/http/http.hpp"

namespace card::http {

/// The URI in a station's certificate (subjectAltName) is this and the station's name.
inline constexpr std::string_view station_uri_prefix = "port-office:";

enum class TlsSide : std::uint8_t { client, server };

/// PEM files.
struct TlsFiles {
    std::string authority;    ///< the private CA's certificate; nothing else is trusted
    std::string certificate;  ///< this side's own, and intermediate ones after it
    std::string key;          ///< its private key; only its owner may read the file
};

/// What one side proves itself with and whom it trusts. Read once: new files need a new start.
class TlsIdentity {
  public:
    /// `correct_configuration` naming the file: it cannot be read, others may read the key, key and
    /// certificate do not belong together, or the certificate is made for the other side.
    static Result<std::shared_ptr<const TlsIdentity>> read(const TlsFiles& files, TlsSide side);

    struct Context;
    TlsIdentity(std::shared_ptr<const Context> context, TlsSide side, Timestamp valid_until)
        : context_(std::move(context)), side_(side), valid_until_(valid_until) {}

    /// Last moment of this side's own certificate.
    [[nodiscard]] Timestamp valid_until() const { return valid_until_; }
    [[nodiscard]] TlsSide side() const { return side_; }
    [[nodiscard]] const Context& context() const { return *context_; }

  private:
    std::shared_ptr<const Context> context_;
    TlsSide side_;
    Timestamp valid_until_;
};

/// Whom a client's certificate names, and for how long.
struct TlsPeer {
    StationName station;
    Timestamp valid_until;
};

class TlsStream final : public ByteStream {
  public:
    /// `server_name` is the DNS name or address that a client wants to find in the certificate.
    TlsStream(std::shared_ptr<const TlsIdentity> identity, std::shared_ptr<ByteStream> inner,
              const std::string& server_name);

    /// Before anything else. Failures: `correct_configuration` where a certificate is not accepted
    /// or the peer speaks no TLS 1.3, in words that say whose and why; `retry_later` where the peer
    /// breaks off or talks nonsense. A server's client is gone by then, or has been told.
    asio::awaitable<Result<void>> handshake();
    /// As ByteStream says. A stream that is cut instead of ended is a failure. At a client, the
    /// first read is where a server's refusal of the client's certificate shows.
    asio::awaitable<Result<std::size_t>> read_some(std::span<char> into) override;
    asio::awaitable<Result<void>> write_all(std::string_view octets) override;
    void close() override;

    /// At a server, after the handshake.
    [[nodiscard]] Result<TlsPeer> peer() const;

    struct State;

  private:
    std::shared_ptr<State> state_;
};

}  // namespace card::http
