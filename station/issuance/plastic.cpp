#include "station/issuance/plastic.hpp"

#include <algorithm>
#include <array>

namespace card::issuance {
namespace {

constexpr std::array<std::string_view, 7> work_names{
    "put_back", "finish_hand_over", "void_card", "get_back", "find", "adopt_or_remake", "look"};
constexpr std::array<std::string_view, 3> report_names{"missing", "found", "written_off"};

std::optional<WorkItem> work_with(const Renewal& renewal, const IssuedCard& card, bool carries,
                                  BusinessDay today) {
    if (card.missing) {
        return WorkItem{Work::find, {}};
    }
    if (card.stage == CardStage::handed_over) {
        return card.condemned ? std::optional(WorkItem{Work::get_back, name(*card.condemned)})
                              : std::nullopt;
    }
    if (card.condemned) {
        return WorkItem{Work::void_card, name(*card.condemned)};
    }
    if (renewal.status == RenewalStatus::withdrawn) {
        return WorkItem{Work::void_card, name(VoidReason::withdrawn)};
    }
    if (card.stage == CardStage::authorised) {
        return WorkItem{Work::finish_hand_over, {}};
    }
    if (card.stage == CardStage::started || card.stage == CardStage::torn) {
        return WorkItem{Work::put_back, {}};
    }
    if (renewal.valid_to < today) {
        return WorkItem{Work::void_card, name(VoidReason::expired)};
    }
    if (!carries) {
        return WorkItem{Work::look, name(VoidReason::data_changed)};
    }
    return renewal.held ? std::optional(WorkItem{Work::look, "held"}) : std::nullopt;
}

}  // namespace

std::string_view name(Work work) {
    return work_names.at(static_cast<std::size_t>(work));
}
std::string_view name(Report report) {
    return report_names.at(static_cast<std::size_t>(report));
}

std::optional<Report> parse_report(std::string_view text) {
    const auto* found = std::find(report_names.begin(), report_names.end(), text);
    return found == report_names.end()
               ? std::nullopt
               : std::optional(static_cast<Report>(found - report_names.begin()));
}

std::optional<WorkItem> work_of(const Renewal& renewal, const std::optional<IssuedCard>& card,
                                bool carries, BusinessDay today) {
    if (card && !is_over(card->stage)) {
        return work_with(renewal, *card, carries, today);
    }
    if (renewal.status == RenewalStatus::produced) {
        return WorkItem{Work::adopt_or_remake, {}};
    }
    if (renewal.status != RenewalStatus::approved) {
        return std::nullopt;
    }
    if (renewal.held) {
        return WorkItem{Work::look, "held"};
    }
    return renewal.valid_to < today ? std::optional(WorkItem{Work::look, "expired"}) : std::nullopt;
}

std::optional<Notice> refusal_of(Report report, const std::optional<IssuedCard>& card,
                                 bool approved) {
    if (!card || is_over(card->stage)) {
        return Notice::no_card_to_void;
    }
    if (card->stage == CardStage::handed_over) {
        return Notice::already_collected;
    }
    if (card->stage == CardStage::authorised) {
        return Notice::card_may_be_live;
    }
    if (report == Report::missing) {
        return card->missing ? std::optional(Notice::card_missing) : std::nullopt;
    }
    if (!card->missing) {
        return Notice::card_not_missing;
    }
    return report == Report::written_off && !approved ? std::optional(Notice::supervisor_needed)
                                                      : std::nullopt;
}

}  // namespace card::issuance
