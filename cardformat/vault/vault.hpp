#pragma once
// Where master keys and the signing key live. A vault never gives one out: it derives one card's
// keys for that card's session, and signs. Implementations are in station/vault.

#include "cardformat/credential/cose.hpp"
#include "cardformat/crypto/seal.hpp"
#include "cardformat/desfire/profile.hpp"

namespace card {

/// One master key for each slot: the diversification input names no key number, so one master
/// would make a card's keys equal.
enum class KeySlot : std::uint8_t { picc_master, application_master, gate_read, station_update };

[[nodiscard]] constexpr std::string_view name(KeySlot slot) {
    constexpr std::array<std::string_view, 4> names{"picc-master", "application-master",
                                                    "gate-read", "station-update"};
    return names.at(static_cast<std::size_t>(slot));
}

/// Generation of the masters, 1 to 255; on the card it is the key version. 0 is the factory's.
using KeyGeneration = desfire::KeyVersion;

class Vault {
  public:
    Vault() = default;
    Vault(const Vault&) = delete;
    Vault& operator=(const Vault&) = delete;
    virtual ~Vault() = default;

    /// The generation that new cards get.
    [[nodiscard]] virtual KeyGeneration current_generation() const = 0;
    /// AN10922 over `input` with the master of slot and generation. `correct_configuration` where
    /// there is no such master.
    [[nodiscard]] virtual Result<AesKey> diversify(KeySlot slot, KeyGeneration generation,
                                                   BytesView input) = 0;
    [[nodiscard]] virtual SigningKeyId signing_key_id() const = 0;
    /// ES256, r ‖ s.
    [[nodiscard]] virtual Result<Bytes> sign(BytesView message) = 0;
    /// Public keys whose credentials this station believes.
    [[nodiscard]] virtual const TrustList& trust_list() const = 0;
    /// For personal data at rest.
    [[nodiscard]] virtual const SealingKey& sealing_key() const = 0;
};

/// UID (7) ‖ AID as written (3) ‖ "PortPass" (8). The PICC key takes the AID 000000.
[[nodiscard]] Bytes diversification_input(const CardUid& uid, desfire::Aid aid);

/// The four keys of one card.
[[nodiscard]] Result<desfire::CardKeys> card_keys(Vault& vault, desfire::PortPassProfile profile,
                                                  KeyGeneration generation, const CardUid& uid);

}  // namespace card
