#pragma once
// A small certificate authority (RFC 5280) for one exchange: a root, and certificates for stations
// and the central. EC P-256, SHA-256. For development and demonstrations: its key is a plain file.

#include <memory>
#include <vector>

#include "cardformat/base/secret.hpp"
#include "cardformat/base/time.hpp"
#include "sync/http/http.hpp"

namespace card::authority {

struct Validity {
    Timestamp from;
    Timestamp until;  ///< the last moment, in whole seconds
};

/// A private key in PEM. Wiped when destroyed.
class KeyText {
  public:
    explicit KeyText(std::string pem) : pem_(std::move(pem)) {}
    KeyText(const KeyText&) = delete;
    KeyText& operator=(const KeyText&) = delete;
    KeyText(KeyText&& other) noexcept = default;
    KeyText& operator=(KeyText&&) = delete;
    ~KeyText() { wipe_octets(pem_); }

    [[nodiscard]] std::string_view reveal() const { return pem_; }

  private:
    std::string pem_;  // longer than a short string: moving it leaves nothing behind
};

/// A certificate in PEM, and its private key.
struct Issued {
    std::string certificate;
    KeyText key;
};

class Authority {
  public:
    [[nodiscard]] static Issued create(Validity validity);
    /// `correct_input` where these are no certificate and key that belong together.
    static Result<Authority> read(const std::string& certificate, std::string_view key);

    /// For TLS clients only; names the station by the URI of `http::station_uri_prefix`.
    [[nodiscard]] Issued station(const http::StationName& name, Validity validity) const;
    /// For TLS servers only; each name is a DNS name or an address.
    [[nodiscard]] Issued server(const std::vector<std::string>& names, Validity validity) const;

    struct Root;

  private:
    explicit Authority(std::shared_ptr<const Root> root) : root_(std::move(root)) {}
    std::shared_ptr<const Root> root_;
};

}  // namespace card::authority
