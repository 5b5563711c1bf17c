#pragma once
// A physical card that was bound to a renewal, as the station remembers it.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cardformat/base/strong.hpp"
#include "cardformat/pass/hand_over_evidence.hpp"
#include "cardformat/pass/renewal.hpp"
#include "cardformat/pass/void_reason.hpp"

namespace card {

/// What the card itself says of its life, in its state file.
enum class LifeState : std::uint8_t {
    made = 0x01,     ///< genuine, opens nothing
    active = 0x02,   ///< handed over under the central's authorisation: live
    retired = 0x03,  ///< exchanged for another card
    voided = 0x04,   ///< made unusable before it was handed over
};

[[nodiscard]] constexpr std::string_view name(LifeState state) {
    constexpr std::array<std::string_view, 5> names{"unknown", "made", "active", "retired",
                                                    "voided"};
    return names.at(static_cast<std::size_t>(state));
}

/// How far the station came with a card.
enum class CardStage : std::uint8_t {
    started,      ///< the intent is durable; the card may have been written to any extent
    torn,         ///< seen to leave too early; that very card is waited for
    verified,     ///< finished and read back; not live
    authorised,   ///< the central allowed to make it live; it may be live already
    handed_over,  ///< live, and the holder has it
    spoiled,      ///< given up
    voided,       ///< was finished; made unusable before its holder had it
    written_off,  ///< missing for good
};

[[nodiscard]] constexpr std::string_view name(CardStage stage) {
    constexpr std::array<std::string_view, 8> names{"started",    "torn",        "verified",
                                                    "authorised", "handed_over", "spoiled",
                                                    "voided",     "written_off"};
    return names.at(static_cast<std::size_t>(stage));
}

/// The card never serves its renewal again; another one may.
[[nodiscard]] constexpr bool is_over(CardStage stage) {
    return stage == CardStage::spoiled || stage == CardStage::voided ||
           stage == CardStage::written_off;
}

struct IssuedCard {
    AttemptId attempt;
    RenewalId renewal;
    Epoch epoch;
    CardUid uid;
    std::uint8_t key_generation;
    CardStage stage;
    std::int64_t presentations;  ///< how often the writing was taken up
    Bytes credential;            ///< the pass file's exact content
    std::optional<Uuid> authorisation;
    std::optional<HandOverEvidence> evidence;  ///< what the authorisation rested on
    bool missing = false;                      ///< nobody finds it
    std::optional<VoidReason> condemned{};     ///< it must be made unusable, and serves nobody
};

}  // namespace card
