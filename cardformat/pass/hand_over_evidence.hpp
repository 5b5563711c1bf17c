#pragma once
// What a hand-over rested on: which papers were checked and how, who collected, and which
// supervisor let pass what was missing. Stored with the card and told to the central; it names no
// holder.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cardformat/base/result.hpp"

namespace card {

enum class LetterCheck : std::uint8_t {
    letter_signed,   ///< the code on it was signed by the central and names this renewal
    letter_missing,  ///< none was shown, or its code could not be read
};

enum class OldPassCheck : std::uint8_t {
    qr_number_matched,  ///< its code gave the number that the renewal exchanges
    visual,             ///< its code could not be read; a person read the number on it
    old_pass_lost,      ///< there is none to show
};

enum class Collector : std::uint8_t { holder, representative };

/// Why a supervisor let a hand-over go on with less than is asked for.
enum class WaiverReason : std::uint8_t { lost, stolen, damaged, not_received, left_behind };

/// The station's staff member as it was typed in: 1 to 32 letters, digits, dots, hyphens and
/// underscores, so that no name stands in it. It is a statement and not a proof: nobody logs in
/// yet.
class StaffId {
  public:
    static constexpr std::size_t max_size = 32;

    static Result<StaffId> parse(std::string_view text);
    [[nodiscard]] const std::string& text() const { return text_; }
    bool operator==(const StaffId&) const = default;

  private:
    explicit StaffId(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

/// A supervisor answers for what is missing.
struct Approval {
    StaffId supervisor;
    WaiverReason reason;
    bool operator==(const Approval&) const = default;
};

struct HandOverEvidence {
    LetterCheck letter;
    OldPassCheck old_pass;
    Collector collector;
    std::optional<Approval> approval{};
    bool operator==(const HandOverEvidence&) const = default;
};

[[nodiscard]] std::string_view name(LetterCheck check);
[[nodiscard]] std::string_view name(OldPassCheck check);
[[nodiscard]] std::string_view name(Collector collector);
[[nodiscard]] std::string_view name(WaiverReason reason);
[[nodiscard]] std::optional<Collector> parse_collector(std::string_view text);
[[nodiscard]] std::optional<WaiverReason> parse_waiver_reason(std::string_view text);

/// The checks as one text, `letter_signed+qr_number_matched`; the rest of the evidence stands
/// beside it wherever it is told.
[[nodiscard]] std::string checks_of(const HandOverEvidence& evidence);
struct Checks {
    LetterCheck letter;
    OldPassCheck old_pass;
};
[[nodiscard]] std::optional<Checks> parse_checks(std::string_view text);

}  // namespace card
