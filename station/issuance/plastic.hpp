#pragma once
// What has to be done about a card in the office, and what a person may report
// of one. Pure.

#include <optional>
#include <string_view>

#include "cardformat/pass/issued_card.hpp"
#include "station/issuance/notice.hpp"

namespace card::issuance {

/// Work with a card that is not simply next in the queue.
enum class Work : std::uint8_t {
    put_back,          ///< begun and not finished: that very card goes back onto a reader
    finish_hand_over,  ///< it may be live already: the holder's papers and the
                       ///< card again
    void_card,         ///< it goes into the void box, with its tap there
    get_back,          ///< the central wants void what the holder has
    find,              ///< it is missing: found again, or written off
    adopt_or_remake,   ///< made somewhere else: adopted by its tap, or made anew
    look,              ///< on hold, or to be looked at by a person
};
[[nodiscard]] std::string_view name(Work work);

struct WorkItem {
    Work work;
    std::string_view why;  ///< a stable code, or empty
    bool operator==(const WorkItem&) const = default;
};

/// The work that a renewal's card makes on this day. `carries` says that the
/// card holds the renewal's data as the central has it now.
[[nodiscard]] std::optional<WorkItem> work_of(const Renewal& renewal,
                                              const std::optional<IssuedCard>& card, bool carries,
                                              BusinessDay today);

/// What a person says of a card that is not on a reader.
enum class Report : std::uint8_t { missing, found, written_off };
[[nodiscard]] std::string_view name(Report report);
[[nodiscard]] std::optional<Report> parse_report(std::string_view text);

/// Why it cannot be said of this card; nothing where it can. A card that may be
/// live is never reported missing: it would be made a second time.
[[nodiscard]] std::optional<Notice> refusal_of(Report report, const std::optional<IssuedCard>& card,
                                               bool approved);

/// So many cards spoiled in a row on one reader, and it begins no more until
/// somebody looked.
inline constexpr std::int64_t spoils_that_stop_a_line = 3;
[[nodiscard]] constexpr bool line_is_stopped(std::int64_t spoils_in_a_row) {
    return spoils_in_a_row >= spoils_that_stop_a_line;
}

}  // namespace card::issuance
