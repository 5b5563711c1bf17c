#pragma once
// Keys in plain files, for development and demonstrations. Whoever can read the folder can make
// valid passes; a station says so loudly when it starts with one.
//
// The folder: `<slot>.<generation>.key` (32 hexadecimal digits), `signing.<generation>.pem`
// (PKCS#8, P-256), `data.key` (64 hexadecimal digits), `trust.json` (trust_file.hpp).

#include <map>
#include <string>

#include "cardformat/vault/vault.hpp"
#include "station/vault/generations.hpp"
#include "station/vault/key_store.hpp"

namespace card {

class DevelopmentVault final : public Vault {
  public:
    /// Makes the folder, mode 0700, with fresh keys of generation 1. `correct_configuration` where
    /// it exists already: keys that cards were written with are never replaced.
    static Result<void> create(const std::string& folder, RandomSource& random);
    static Result<RolledOver> roll(const std::string& folder, RollOver what, RandomSource& random);
    static Result<std::unique_ptr<DevelopmentVault>> open(const std::string& folder);

    [[nodiscard]] KeyGeneration current_generation() const override { return current_; }
    [[nodiscard]] Result<AesKey> diversify(KeySlot slot, KeyGeneration generation,
                                           BytesView input) override;
    [[nodiscard]] SigningKeyId signing_key_id() const override;
    [[nodiscard]] Result<Bytes> sign(BytesView message) override;
    [[nodiscard]] const TrustList& trust_list() const override { return trusted_; }
    [[nodiscard]] const SealingKey& sealing_key() const override { return data_key_; }
    [[nodiscard]] std::vector<VaultNotice> notices() const override;

    [[nodiscard]] Inventory inventory(const std::string& folder) const;

  private:
    DevelopmentVault(std::map<std::uint8_t, Es256Key> signing_keys, SealingKey data_key,
                     TrustList trusted)
        : signing_keys_(std::move(signing_keys)),
          data_key_(std::move(data_key)),
          trusted_(std::move(trusted)) {}

    [[nodiscard]] Result<void> read_masters(const std::string& folder);
    [[nodiscard]] bool has_master(const AesKey& key) const;
    [[nodiscard]] const Es256Key& signing_key() const { return signing_keys_.rbegin()->second; }

    std::map<MasterName, AesKey> masters_;
    Generations generations_;
    KeyGeneration current_{};
    std::map<std::uint8_t, Es256Key> signing_keys_;  ///< at least one; the newest signs
    SealingKey data_key_;
    TrustList trusted_;
};

}  // namespace card
