#include "sync/http/tls.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include "cardformat/base/deleter.hpp"

namespace card::http {
namespace {

using Session = std::unique_ptr<SSL, Deleter<SSL_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;

constexpr std::size_t record_size = std::size_t{16} * 1024;  // RFC 8446, 5.1
constexpr int most_intermediates = 2;

tl::unexpected<Failure> unusable(const std::string& file, const std::string& why) {
    return fail(Fault::correct_configuration, file + ": " + why);
}

Timestamp last_moment(const X509* certificate) {
    std::tm parts{};
    ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts);
    return Timestamp(std::chrono::seconds(::timegm(&parts)));
}

/// The one station that a certificate names.
Result<StationName> station_of(X509* certificate) {
    const Names names(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    std::optional<StationName> station;
    const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
    for (int i = 0; i < count; ++i) {
        const GENERAL_NAME* entry = sk_GENERAL_NAME_value(names.get(), i);
        if (entry->type != GEN_URI) {
            continue;
        }
        const ASN1_IA5STRING* uri = entry->d.uniformResourceIdentifier;
        std::string text(static_cast<std::size_t>(ASN1_STRING_length(uri)), '\0');
        std::copy_n(ASN1_STRING_get0_data(uri), text.size(), text.begin());
        if (!text.starts_with(station_uri_prefix)) {
            continue;
        }
        auto name = StationName::parse(text.substr(station_uri_prefix.size()));
        if (!name || station) {
            return fail(Fault::correct_configuration,
                        "the client's certificate names " + std::string(name ? "two stations"
                                                                             : "no "
                                                                               "proper station"));
        }
        station = std::move(*name);
    }
    if (!station) {
        return fail(Fault::correct_configuration, "the client's certificate names no station");
    }
    return std::move(*station);
}

/// Asked for each certificate of the peer's chain: a client must also be a station.
int verified(int well, X509_STORE_CTX* store) {
    const auto* ssl = static_cast<const SSL*>(
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    if (well == 1 && X509_STORE_CTX_get_error_depth(store) == 0 && SSL_is_server(ssl) == 1 &&
        !station_of(X509_STORE_CTX_get_current_cert(store))) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0;
    }
    return well;
}

/// Why the peer's certificate is not accepted.
std::string refusal(long verdict, TlsSide own_side, const std::string& server_name) {
    const std::string whose =
        own_side == TlsSide::client ? "the server's certificate " : "the client's certificate ";
    switch (verdict) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return whose + "has expired, or its CA's has";
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return whose + "is not valid yet: compare the clocks of both machines";
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return whose + "is for another server than " + server_name;
        case X509_V_ERR_APPLICATION_VERIFICATION:
            return whose + "names no station";
        case X509_V_ERR_INVALID_PURPOSE:
            return whose + "is not made for this use";
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return whose + "comes from another CA than the configured one";
        default:
            return whose + "is not accepted: " + X509_verify_cert_error_string(verdict);
    }
}

/// What the other side's alert means, where it is about certificates or versions (RFC 8446, 6.2).
std::optional<std::string> complaint(int reason, TlsSide own_side) {
    const std::string which = own_side == TlsSide::client
                                  ? "the server refuses this station's certificate: "
                                  : "the client refuses this server's certificate: ";
    switch (reason) {
        case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
            return which + "it has expired";
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
            return which + "it comes from another CA";
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
            return which + "none was shown";
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
            return which + "it is damaged, not valid yet, or for another name";
        case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
        case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
            return which + "it is not accepted for this use";
        case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        case SSL_R_UNSUPPORTED_PROTOCOL:
            return std::string("the other side speaks no TLS 1.3");
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return std::string("the client shows no certificate");
        default:
            return std::nullopt;
    }
}

Result<void> check_key_file(const std::string& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) {
        return unusable(file, std::generic_category().message(errno));
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return unusable(file, "others than its owner may read this private key; chmod 600 it");
    }
    return {};
}

}  // namespace

struct TlsIdentity::Context {
    std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>> ssl{SSL_CTX_new(TLS_method())};
};

Result<std::shared_ptr<const TlsIdentity>> TlsIdentity::read(const TlsFiles& files, TlsSide side) {
    const auto made = std::make_shared<Context>();
    SSL_CTX* ssl = made->ssl.get();
    if (ssl == nullptr || SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION) != 1) {
        return fail(Fault::report_defect, "OpenSSL gives no TLS 1.3");
    }
    // Every connection proves its certificates anew: connections are kept, so tickets save nothing,
    // and a resumed session would outlive a certificate.
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ssl, 0);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, verified);
    SSL_CTX_set_verify_depth(ssl, most_intermediates);
    if (SSL_CTX_load_verify_file(ssl, files.authority.c_str()) != 1) {
        return unusable(files.authority, "no CA certificate in PEM can be read from it");
    }
    if (SSL_CTX_use_certificate_chain_file(ssl, files.certificate.c_str()) != 1) {
        return unusable(files.certificate, "no certificate in PEM can be read from it");
    }
    if (const auto guarded = check_key_file(files.key); !guarded) {
        return tl::make_unexpected(guarded.error());
    }
    // OpenSSL compares key and certificate here.
    if (SSL_CTX_use_PrivateKey_file(ssl, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
        return unusable(files.key, "no private key in PEM that belongs to " + files.certificate);
    }
    X509* own = SSL_CTX_get0_certificate(ssl);
    const bool client = side == TlsSide::client;
    if (X509_check_purpose(own, client ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER, 0) !=
        1) {
        return unusable(files.certificate,
                        client ? "it is not made for a client" : "it is not made for a server");
    }
    const Timestamp until = last_moment(own);
    return std::make_shared<const TlsIdentity>(made, side, until);
}

struct TlsStream::State {
    std::shared_ptr<const TlsIdentity> identity;
    std::shared_ptr<ByteStream> inner;
    std::string server_name;
    Session ssl{SSL_new(identity->context().ssl.get())};
    BIO* received = BIO_new(BIO_s_mem());  // both owned by `ssl`
    BIO* to_send = BIO_new(BIO_s_mem());

    enum class Next : std::uint8_t { go_on, read_more, ended, failed };
    [[nodiscard]] Next next(int result) const;
    [[nodiscard]] Failure failure() const;
};

using Shared = std::shared_ptr<TlsStream::State>;

TlsStream::State::Next TlsStream::State::next(int result) const {
    if (result > 0) {
        return Next::go_on;
    }
    switch (SSL_get_error(ssl.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return Next::read_more;
        case SSL_ERROR_ZERO_RETURN:
            return Next::ended;
        default:
            return Next::failed;
    }
}

/// Of the call that just failed; OpenSSL keeps the reason until the next one.
Failure TlsStream::State::failure() const {
    const int reason = ERR_GET_REASON(ERR_peek_error());
    if (const long verdict = SSL_get_verify_result(ssl.get()); verdict != X509_V_OK) {
        return {Fault::correct_configuration, refusal(verdict, identity->side(), server_name)};
    }
    if (auto words = complaint(reason, identity->side())) {
        return {Fault::correct_configuration, std::move(*words)};
    }
    const char* words = ERR_reason_error_string(ERR_peek_error());
    return {Fault::retry_later,
            std::string("TLS fails: ") + (words == nullptr ? "no reason given" : words)};
}

namespace {

using Next = TlsStream::State::Next;

asio::awaitable<Result<void>> send_pending(Shared state) {
    std::array<char, record_size> chunk{};
    while (BIO_ctrl_pending(state->to_send) > 0) {
        const int size = BIO_read(state->to_send, chunk.data(), static_cast<int>(chunk.size()));
        const std::string_view octets(chunk.data(), static_cast<std::size_t>(std::max(size, 0)));
        Result<void> written = co_await state->inner->write_all(octets);
        if (!written) {
            co_return written;
        }
    }
    co_return Result<void>();
}

asio::awaitable<Result<void>> receive_more(Shared state) {
    std::array<char, record_size> chunk{};
    const Result<std::size_t> size = co_await state->inner->read_some(chunk);
    if (!size) {
        co_return tl::make_unexpected(size.error());
    }
    if (*size == 0) {
        co_return fail(Fault::retry_later, "the other side broke off without ending TLS");
    }
    BIO_write(state->received, chunk.data(), static_cast<int>(*size));
    co_return Result<void>();
}

asio::awaitable<Result<void>> greet(Shared state) {
    for (;;) {
        ERR_clear_error();
        const Next next = state->next(SSL_do_handshake(state->ssl.get()));
        std::optional<Failure> failure;
        if (next != Next::go_on && next != Next::read_more) {
            failure = state->failure();
        }
        Result<void> sent = co_await send_pending(state);
        if (failure) {  // its alert has gone out
            co_return tl::make_unexpected(std::move(*failure));
        }
        if (!sent || next == Next::go_on) {
            co_return sent;
        }
        Result<void> received = co_await receive_more(state);
        if (!received) {
            co_return received;
        }
    }
}

asio::awaitable<Result<std::size_t>> read_plain(Shared state, std::span<char> into) {
    for (;;) {
        ERR_clear_error();
        std::size_t size = 0;
        const Next next =
            state->next(SSL_read_ex(state->ssl.get(), into.data(), into.size(), &size));
        if (next == Next::failed) {
            co_return tl::make_unexpected(state->failure());
        }
        Result<void> sent = co_await send_pending(state);
        if (next != Next::read_more) {
            co_return size;  // 0 where the peer ended the stream
        }
        if (!sent) {
            co_return tl::make_unexpected(std::move(sent.error()));
        }
        Result<void> received = co_await receive_more(state);
        if (!received) {
            co_return tl::make_unexpected(std::move(received.error()));
        }
    }
}

asio::awaitable<Result<void>> write_plain(Shared state, std::string_view octets) {
    while (!octets.empty()) {
        ERR_clear_error();
        std::size_t size = 0;
        const std::string_view record = octets.substr(0, record_size);
        if (SSL_write_ex(state->ssl.get(), record.data(), record.size(), &size) != 1) {
            co_return tl::make_unexpected(state->failure());
        }
        octets.remove_prefix(size);
        Result<void> sent = co_await send_pending(state);
        if (!sent) {
            co_return sent;
        }
    }
    co_return Result<void>();
}

/// Pins the name: a client accepts this one in the certificate and no other, and no wildcard.
void expect_server(SSL* ssl, const std::string& name) {
    X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(
        wanted, X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str()) != 1) {
        X509_VERIFY_PARAM_set1_host(wanted, name.c_str(), name.size());
        SSL_set_tlsext_host_name(ssl, name.c_str());
    }
}

}  // namespace

TlsStream::TlsStream(std::shared_ptr<const TlsIdentity> identity, std::shared_ptr<ByteStream> inner,
                     const std::string& server_name)
    : state_(std::make_shared<State>(State{std::move(identity), std::move(inner), server_name})) {
    SSL* ssl = state_->ssl.get();
    BIO_set_mem_eof_return(state_->received, -1);  // empty means "not yet"
    SSL_set_bio(ssl, state_->received, state_->to_send);
    if (state_->identity->side() == TlsSide::server) {
        SSL_set_accept_state(ssl);
    } else {
        SSL_set_connect_state(ssl);
        expect_server(ssl, server_name);
    }
}

asio::awaitable<Result<void>> TlsStream::handshake() {
    return greet(state_);
}

asio::awaitable<Result<std::size_t>> TlsStream::read_some(std::span<char> into) {
    return read_plain(state_, into);
}

asio::awaitable<Result<void>> TlsStream::write_all(std::string_view octets) {
    return write_plain(state_, octets);
}

void TlsStream::close() {
    state_->inner->close();
}

Result<TlsPeer> TlsStream::peer() const {
    const Certificate certificate(SSL_get1_peer_certificate(state_->ssl.get()));
    if (!certificate) {
        return fail(Fault::correct_configuration, "the client shows no certificate");
    }
    auto station = station_of(certificate.get());
    if (!station) {
        return tl::make_unexpected(station.error());
    }
    return TlsPeer{std::move(*station), last_moment(certificate.get())};
}

}  // namespace card::http
