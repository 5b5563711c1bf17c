#pragma once
// Keys in a PKCS #11 token. Masters, signing key and data key are made there and never leave it;
// what comes out is one card's diversified key, a signature, and the key that seals this station's
// own data, which exists only in memory.
//
// When the token is lost while running, a call opens it once more and tries once again, and fails
// with `insert_key_token` where it is still away; the next call does the same. A refused PIN is
// never tried again: every call then fails until the program is started anew. Calls take as long as
// the token does, on the thread of the caller.

#include <memory>

#include "cardformat/vault/vault.hpp"
#include "station/vault/store_spec.hpp"

namespace card {

class Pkcs11Vault final : public Vault {
  public:
    /// Refuses, as `correct_configuration`, a token that lacks keys, or has one that is
    /// extractable, not sensitive, usable without PIN, doubled, or that does not do its work: each
    /// key is tried.
    static Result<std::unique_ptr<Pkcs11Vault>> open(TokenSpec spec);
    ~Pkcs11Vault() override;

    [[nodiscard]] KeyGeneration current_generation() const override { return current_; }
    [[nodiscard]] Result<AesKey> diversify(KeySlot slot, KeyGeneration generation,
                                           BytesView input) override;
    [[nodiscard]] SigningKeyId signing_key_id() const override;
    [[nodiscard]] Result<Bytes> sign(BytesView message) override;
    [[nodiscard]] const TrustList& trust_list() const override { return trusted_; }
    [[nodiscard]] const SealingKey& sealing_key() const override { return sealing_key_; }
    [[nodiscard]] std::vector<VaultNotice> notices() const override { return notices_; }

  private:
    struct Opened;

    explicit Pkcs11Vault(TokenSpec spec);
    static Result<std::unique_ptr<Opened>> open_token(const TokenSpec& spec);
    [[nodiscard]] Result<void> open_again();
    template <class T, class Use>
    Result<T> with_token(Use use);

    TokenSpec spec_;
    std::unique_ptr<Opened> opened_;  ///< nothing while the token is away
    std::optional<Failure> given_up_;
    KeyGeneration current_{};
    P256Point signing_point_{};
    TrustList trusted_;
    SealingKey sealing_key_;
    std::vector<VaultNotice> notices_;
};

}  // namespace card
