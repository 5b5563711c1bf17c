#pragma once
// Keys in plain files, for development and demonstrations. Whoever can read the folder can make
// valid passes; a station says so loudly when it starts with one.
//
// The folder: `<slot>.<generation>.key` (32 hexadecimal digits), `signing.pem` (PKCS#8, P-256),
// `data.key` (64 hexadecimal digits), `trust.json` ({"keys": [uncompressed points in
// hexadecimal]}).

#include <map>
#include <string>

#include "cardformat/vault/vault.hpp"

namespace card {

class DevelopmentVault final : public Vault {
  public:
    /// Makes the folder, mode 0700, with fresh keys of generation 1. `correct_configuration` where
    /// it exists already: keys that cards were written with are never replaced.
    static Result<void> create(const std::string& folder, RandomSource& random);
    static Result<std::unique_ptr<DevelopmentVault>> open(const std::string& folder);

    [[nodiscard]] KeyGeneration current_generation() const override { return current_; }
    [[nodiscard]] Result<AesKey> diversify(KeySlot slot, KeyGeneration generation,
                                           BytesView input) override;
    [[nodiscard]] SigningKeyId signing_key_id() const override;
    [[nodiscard]] Result<Bytes> sign(BytesView message) override;
    [[nodiscard]] const TrustList& trust_list() const override { return trusted_; }
    [[nodiscard]] const SealingKey& sealing_key() const override { return data_key_; }

  private:
    DevelopmentVault(Es256Key signing_key, SealingKey data_key)
        : signing_key_(std::move(signing_key)), data_key_(std::move(data_key)) {}

    [[nodiscard]] bool has_master(const AesKey& key) const;

    std::map<std::pair<KeySlot, KeyGeneration>, AesKey> masters_;
    KeyGeneration current_{};
    Es256Key signing_key_;
    SealingKey data_key_;
    TrustList trusted_;
};

}  // namespace card
