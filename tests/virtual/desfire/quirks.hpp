#pragma once

#include <cstdint>
#include <optional>

namespace virtual_card {

/// Named misbehaviours of a card or of somebody between card and reader. APDU numbers count from
/// 1 and are Card::apdus() at the moment of that APDU.
struct CardQuirks {
    struct InjectedStatus {
        std::uint32_t at = 0;
        std::uint8_t status = 0;
    };

    /// Answers inside a session carry no MAC.
    bool omits_response_mac = false;
    /// One bit of every answer's MAC is wrong.
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
};

}  // namespace virtual_card
