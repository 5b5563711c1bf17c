#pragma once
// What a gate makes of a card: ours or not, genuine or not, and whether it may open.

#include "cardformat/credential/pass_credential.hpp"
#include "cardformat/credential/state_file.hpp"
#include "cardformat/desfire/counter.hpp"
#include "cardformat/vault/vault.hpp"
#include "station/cardtool/card_reader.hpp"

namespace card::cardtool {

/// A pass whose signature, chip and state file have been checked.
struct GenuinePass {
    PassCredential claims;
    LifeState life;
    KeyGeneration generation;
    Bytes credential;  ///< the `pass` file's octets
};

/// The card keeps to the gate key, but not to what was signed.
struct FalsePass {
    std::string reason;
};

/// No card of this key store's.
struct NotOurs {
    std::string reason;
};

using GateVerdict = std::variant<GenuinePass, FalsePass, NotOurs>;

/// Where today lies in the pass's validity, both ends inclusive.
enum class Validity : std::uint8_t { not_yet, valid, expired };

[[nodiscard]] constexpr std::string_view name(Validity validity) {
    constexpr std::array<std::string_view, 3> names{"not_yet", "valid", "expired"};
    return names.at(static_cast<std::size_t>(validity));
}

[[nodiscard]] Validity validity_of(const PassCredential& claims, BusinessDay today);

/// What the two files say of the chip that they were read from.
[[nodiscard]] GateVerdict judge(desfire::GateReading reading, const CardUid& uid,
                                KeyGeneration generation, const TrustList& trusted);

/// A card with our application, which is selected, and the generation of its gate key.
struct FoundPass {
    desfire::SelectedPass application;
    KeyGeneration generation;
};

/// Nothing where the card has no application of ours.
[[nodiscard]] Result<std::optional<FoundPass>> find_pass(CardReader& reader,
                                                         const desfire::PresentedChip& presented);

/// Reads what `find_pass` gave as a gate does. Fails where it cannot be read to an end: it left,
/// say.
[[nodiscard]] Result<GateVerdict> read_and_judge(CardReader& reader, Vault& vault,
                                                 RandomSource& random,
                                                 const Result<std::optional<FoundPass>>& found);

}  // namespace card::cardtool
