#pragma once
// What cardtool keeps of one card in a file: enough to take the card up again wherever its writing
// ended. JSON, one object; README.md has the fields.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "cardformat/base/result.hpp"
#include "cardformat/base/strong.hpp"
#include "cardformat/pass/pass_number.hpp"
#include "cardformat/pass/renewal.hpp"

namespace card::cardtool {

inline constexpr std::size_t max_record_size = 16'384;  ///< octets

/// The last thing that was begun (ending in -ing, and `started`) or seen to be done.
enum class RecordState : std::uint8_t {
    started,  ///< the writing of a blank
    made,
    spoiled,  ///< read back differently; its application was deleted
    activating,
    active,
    retiring,
    retired,
    voiding,
    voided,
    formatting,
    blank,
};

inline constexpr std::array<std::string_view, 11> record_state_names{
    "started", "made",    "spoiled", "activating", "active", "retiring",
    "retired", "voiding", "voided",  "formatting", "blank"};

[[nodiscard]] constexpr std::string_view name(RecordState state) {
    return record_state_names.at(static_cast<std::size_t>(state));
}

/// The pass on the card. Writing again takes these very octets: signed anew they would differ.
struct RecordedPass {
    AttemptId attempt;
    PassNumber pass_number;
    std::uint8_t key_generation;
    Bytes credential;
};

struct Record {
    CardUid uid;
    RecordState state;
    std::int64_t sequence;             ///< grows with each time that the record is written
    std::optional<RecordedPass> pass;  ///< nothing for a card that was only formatted
};

[[nodiscard]] std::string encode_record(const Record& record);
/// `correct_input` for anything that `encode_record` would not have made.
[[nodiscard]] Result<Record> parse_record(std::string_view text);

}  // namespace card::cardtool
