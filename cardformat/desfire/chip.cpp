#include "cardformat/desfire/chip.hpp"

#include <algorithm>

#include "cardformat/crypto/ecdsa.hpp"

namespace card::desfire {
namespace {

constexpr std::string_view ev1_key =
    "04BB5D514F7050025C7D0F397310360EEC91EAF792E96FC7E0F496CB4E669D414F877B7B27901FE67C2E3B33CD39D1"
    "C797715189AC951C2ADD";
constexpr std::string_view ev2_key =
    "04B304DC4C615F5326FE9383DDEC9AA892DF3A57FA7FFB3276192BC0EAA252ED45A865E3B093A3D0DCE5BE29E92F13"
    "92CE7DE321E3E5C52B3A";
constexpr std::string_view ev2_xl_key =
    "04CD5D45E50B1502F0BA4656FF37669597E7E183251150F9574CC8DA56BF01C7ABE019E29FEA48F9CE22C3EA4029A7"
    "65E1BC95A89543BAD1BC";
constexpr std::string_view ev3_key =
    "041DB46C145D0A36539C6544BD6D9B0AA62FF91EC48CBC6ABAE36E0089A46F0D08C8A715EA40A63313B92E90DDC173"
    "0230E0458A33276FB743";

constexpr std::array<Chip, 5> chips{{
    {0x01, "DESFire EV1", Messaging::ev1, 64, false, ev1_key},
    {0x12, "DESFire EV2", Messaging::ev2, 64, true, ev2_key},
    {0x22, "DESFire EV2 XL", Messaging::ev2, 64, true, ev2_xl_key},
    {0x30, "DESFire EV3", Messaging::ev2, 128, true, ev3_key},
    {0x33, "DESFire EV3", Messaging::ev2, 128, true, ev3_key},
}};

}  // namespace

const Chip* chip_of(const VersionInfo& version) {
    const auto* const found = std::find_if(chips.begin(), chips.end(), [&](const Chip& chip) {
        return chip.hardware_major == version.hardware_major;
    });
    return found == chips.end() ? nullptr : found;
}

Originality judge_originality(const Chip& chip, const CardUid& uid, BytesView signature) {
    if (signature.empty()) {
        return chip.always_signed ? Originality::forged : Originality::absent;
    }
    return verify_originality(*from_hex(chip.originality_key), uid, signature)
               ? Originality::genuine
               : Originality::forged;
}

}  // namespace card::desfire
