#pragma once

#include <cstdint>
#include <limits>
#include <optional>

namespace virtual_card {

/// Named misbehaviours of a card or of somebody between card and reader. APDU numbers count from
/// 1 and are Card::apdus() at the moment of that APDU. Those without a number of their own hold
/// from APDU `from` to APDU `until`.
struct CardQuirks {
    struct InjectedStatus {
        std::uint32_t at = 0;
        std::uint8_t status = 0;
    };

    /// Answers inside a session carry no MAC.
    bool omits_response_mac = false;
    /// One bit of every answer's MAC is wrong, or of the cryptogram that stands without one (EV1).
    bool corrupts_response_mac = false;
    /// Every answer is random bytes of random length; the command is not executed.
    bool answers_random_bytes = false;
    /// Every answer is a full frame that announces another one; the command is not executed.
    bool endless_chaining = false;
    /// Every answer has this many data bytes too many (positive) or too few (negative, down to
    /// none); the status stays.
    std::optional<std::int32_t> wrong_length_answer = std::nullopt;
    /// The APDU with this number gets this status and no data; it is not executed and ends the
    /// session as errors do.
    std::optional<InjectedStatus> injected_status = std::nullopt;
    /// From the APDU with this number on, commands are not executed and the last genuine answer
    /// is given again.
    std::optional<std::uint32_t> replays_last_answer = std::nullopt;
    /// Answers inside a session carry half their MAC.
    bool shortens_response_mac = false;
    /// The APDU with this number is executed, but its answer comes only with Card::release().
    std::optional<std::uint32_t> hangs_at = std::nullopt;
    std::uint32_t from = 1;
    std::uint32_t until = std::numeric_limits<std::uint32_t>::max();

    /// What of this holds at an APDU.
    CardQuirks in_force(std::uint32_t apdu) const {
        CardQuirks now = *this;
        if (apdu < from || apdu > until) {
            now.omits_response_mac = false;
            now.corrupts_response_mac = false;
            now.shortens_response_mac = false;
            now.answers_random_bytes = false;
            now.endless_chaining = false;
            now.wrong_length_answer.reset();
        }
        return now;
    }
};

}  // namespace virtual_card
