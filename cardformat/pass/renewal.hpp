#pragma once
// An exchange of an old pass for a new card as the central gives it to a station.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cardformat/base/secret.hpp"
#include "cardformat/base/strong.hpp"
#include "cardformat/base/time.hpp"
#include "cardformat/pass/pass_number.hpp"

namespace card {

using RenewalId = Strong<struct RenewalIdTag, Uuid>;
/// One try to put one renewal on one card. Named by the station before the card is touched.
using AttemptId = Strong<struct AttemptIdTag, Uuid>;
/// Fencing number of a claim: grows whenever the central gives a renewal to a station anew.
using Epoch = Strong<struct EpochTag, std::int64_t>;
/// Grows with every change that the central makes to a renewal.
using RenewalVersion = Strong<struct RenewalVersionTag, std::int64_t>;

/// SHA-256 of a photo's octets, which is the photo's name.
using PhotoHash = Strong<struct PhotoHashTag, std::array<std::uint8_t, 32>>;

enum class RenewalStatus : std::uint8_t {
    approved,   ///< 待製證
    produced,   ///< 已製證
    issued,     ///< 已換證
    withdrawn,  ///< taken back by the central before it was issued
};

[[nodiscard]] std::string_view name(RenewalStatus status);
[[nodiscard]] std::optional<RenewalStatus> parse_renewal_status(std::string_view text);
/// Issued or withdrawn: nothing more is done for it, and its holder is nobody's business here.
[[nodiscard]] constexpr bool is_over(RenewalStatus status) {
    return status == RenewalStatus::issued || status == RenewalStatus::withdrawn;
}
/// The word that the exchange shows; 已撤回 for `withdrawn`, which the manual does not name.
[[nodiscard]] std::string_view shown(RenewalStatus status);

struct Renewal {
    RenewalId id;
    RenewalVersion version;
    RenewalStatus status;
    bool held;  ///< the central stopped it for a reason of its own; nothing may be started
    PassNumber pass_number;
    PassNumber old_pass_number;
    BusinessDay valid_from;
    BusinessDay valid_to;  ///< 期限迄日, inclusive
    Port pickup_port;
    std::vector<std::string> port_areas;
    PersonalText holder_name;
    /// First four characters and asterisks; the tail of an ID number is a credential at the gates.
    PersonalText masked_id;
    /// What the central found odd in the data (`blank_name`, `odd_id_number`); a policy may hold.
    std::vector<std::string> data_warnings;
    std::optional<PhotoHash> photo{};  ///< nothing where the central has no photo on file
};

}  // namespace card
