#pragma once
// ECDSA: ES256 (RFC 9053, 2.1) for credentials, and the maker's originality signature of a chip.

#include <array>
#include <memory>
#include <string>

#include "cardformat/base/bytes.hpp"
#include "cardformat/base/result.hpp"
#include "cardformat/base/secret.hpp"
#include "cardformat/base/strong.hpp"

namespace card {

inline constexpr std::size_t es256_signature_size = 64;  ///< r ‖ s
/// An uncompressed point of P-256 (SEC 1, 2.3.3): 04 ‖ x ‖ y.
using P256Point = std::array<std::uint8_t, 65>;

/// A private key on P-256. Movable, not printable; freed by OpenSSL, which wipes it.
class Es256Key {
  public:
    static Es256Key generate();
    /// PKCS#8 in PEM, not encrypted. `correct_configuration` for anything else or another curve.
    static Result<Es256Key> from_pem(std::string_view pem);
    Es256Key(Es256Key&&) noexcept;
    Es256Key& operator=(Es256Key&&) noexcept;
    ~Es256Key();

    /// For a development key store only; the text is the key.
    [[nodiscard]] PersonalText to_pem() const;
    [[nodiscard]] P256Point public_point() const;
    /// Over the SHA-256 of `message`.
    [[nodiscard]] Bytes sign(BytesView message) const;

  private:
    struct Hidden;
    explicit Es256Key(std::unique_ptr<Hidden> hidden);
    std::unique_ptr<Hidden> hidden_;
};

[[nodiscard]] bool verify_es256(const P256Point& key, BytesView message, BytesView signature);

inline constexpr std::size_t originality_signature_size = 56;  ///< r ‖ s on secp224r1

/// Whether `signature` is the maker's over this UID. The curve is secp224r1 and the 7 octets of the
/// UID stand where a hash would; `public_key` is an uncompressed point of 57 octets.
[[nodiscard]] bool verify_originality(BytesView public_key, const CardUid& uid,
                                      BytesView signature);

}  // namespace card
