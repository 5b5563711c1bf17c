#pragma once
// The chips of the DESFire family that a pass may be written on, and how they differ.

#include <string_view>

#include "cardformat/desfire/commands.hpp"

namespace card::desfire {

enum class Messaging : std::uint8_t {
    ev1,  ///< AuthenticateAES (AA), one IV through all commands
    ev2,  ///< AuthenticateEV2First (71), transaction identifier and counter
};

/// One product, as GetVersion's hardware major version tells it.
struct Chip {
    std::uint8_t hardware_major;
    std::string_view name;
    Messaging messaging;
    std::size_t frame_size;  ///< FSC as the chip leaves the factory, octets
    bool always_signed;      ///< every chip has an originality signature; of EV1 only later ones
    /// NXP's public key for the product, an uncompressed point on secp224r1, in hexadecimal.
    std::string_view originality_key;
};

/// The product of this hardware version; null for one that no pass is written on.
[[nodiscard]] const Chip* chip_of(const VersionInfo& version);

enum class Originality : std::uint8_t {
    genuine,  ///< the maker's signature over the UID
    absent,   ///< an older EV1, which never got one; or a copy that claims to be such
    forged,
};

[[nodiscard]] constexpr std::string_view name(Originality originality) {
    constexpr std::array<std::string_view, 3> names{"genuine", "absent", "forged"};
    return names.at(static_cast<std::size_t>(originality));
}

/// Which originality a blank must show to be written.
enum class OriginalityPolicy : std::uint8_t {
    refuse,  ///< only genuine chips; an older EV1 without a signature is refused too
    warn,    ///< any chip, with an event where it is not genuine
    off,     ///< any chip
};

[[nodiscard]] constexpr bool accepts(OriginalityPolicy policy, Originality originality) {
    return policy != OriginalityPolicy::refuse || originality == Originality::genuine;
}

/// `signature` is what Read_Sig answered, empty where the chip does not know the command.
[[nodiscard]] Originality judge_originality(const Chip& chip, const CardUid& uid,
                                            BytesView signature);

}  // namespace card::desfire
