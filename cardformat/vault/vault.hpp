#pragma once
// Where master keys and the signing key live. A vault never gives one out: it derives one card's
// keys for that card's session, and signs. Implementations are in station/vault.

#include <array>
#include <string_view>
#include <vector>

#include "cardformat/credential/cose.hpp"
#include "cardformat/crypto/seal.hpp"
#include "cardformat/desfire/profile.hpp"

namespace card {

/// One master key for each slot: the diversification input names no key number, so one master
/// would make a card's keys equal.
enum class KeySlot : std::uint8_t { picc_master, application_master, gate_read, station_update };

inline constexpr std::array<KeySlot, 4> all_key_slots{
    KeySlot::picc_master, KeySlot::application_master, KeySlot::gate_read, KeySlot::station_update};

[[nodiscard]] constexpr std::string_view name(KeySlot slot) {
    constexpr std::array<std::string_view, 4> names{"picc-master", "application-master",
                                                    "gate-read", "station-update"};
    return names.at(static_cast<std::size_t>(slot));
}

/// Generation of the masters, 1 to 255; on the card it is the key version. 0 is the factory's.
using KeyGeneration = desfire::KeyVersion;

/// A diversification input has 16 to 31 octets: with fewer, AN10922 pads otherwise than the CMAC
/// that a token computes.
inline constexpr std::size_t min_diversification_input = 16;
inline constexpr std::size_t max_diversification_input = 31;

/// What whoever opens a vault has to tell people.
struct VaultNotice {
    enum class Kind : std::uint8_t {
        unsafe,                  ///< the keys are in plain files
        incomplete_generation,   ///< masters are missing in it, so it is not used
        incomplete_signing_key,  ///< half of a key pair is missing, so it signs nothing
    };
    Kind kind;
    std::uint8_t generation{};  ///< of the incomplete one

    auto operator<=>(const VaultNotice&) const = default;
};

/// The stable name of a notice in JSON: the enumerator itself.
[[nodiscard]] constexpr std::string_view name(VaultNotice::Kind kind) {
    constexpr std::array<std::string_view, 3> names{"unsafe", "incomplete_generation",
                                                    "incomplete_signing_key"};
    return names.at(static_cast<std::size_t>(kind));
}

/// Used from one thread, the one that opened it.
class Vault {
  public:
    Vault() = default;
    Vault(const Vault&) = delete;
    Vault& operator=(const Vault&) = delete;
    virtual ~Vault() = default;

    /// The generation that new cards get: the highest that has all four masters.
    [[nodiscard]] virtual KeyGeneration current_generation() const = 0;
    /// AN10922 over `input` with the master of slot and generation. `correct_configuration` where
    /// there is no such master, `insert_key_token` where the token with it does not answer,
    /// `report_defect` for an input that is too short or too long.
    [[nodiscard]] virtual Result<AesKey> diversify(KeySlot slot, KeyGeneration generation,
                                                   BytesView input) = 0;
    [[nodiscard]] virtual SigningKeyId signing_key_id() const = 0;
    /// ES256, r ‖ s. Fails as `diversify` does.
    [[nodiscard]] virtual Result<Bytes> sign(BytesView message) = 0;
    /// Public keys whose credentials this station believes.
    [[nodiscard]] virtual const TrustList& trust_list() const = 0;
    /// For personal data at rest.
    [[nodiscard]] virtual const SealingKey& sealing_key() const = 0;
    [[nodiscard]] virtual std::vector<VaultNotice> notices() const { return {}; }
};

/// `report_defect` unless the input's length fits.
[[nodiscard]] Result<void> check_diversification_input(BytesView input);

/// UID (7) ‖ AID as written (3) ‖ "PortPass" (8). The PICC key takes the AID 000000.
[[nodiscard]] Bytes diversification_input(const CardUid& uid, desfire::Aid aid);

/// The four keys of one card.
[[nodiscard]] Result<desfire::CardKeys> card_keys(Vault& vault, desfire::PortPassProfile profile,
                                                  KeyGeneration generation, const CardUid& uid);

}  // namespace card
