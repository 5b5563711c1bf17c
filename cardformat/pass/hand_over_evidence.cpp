#include "cardformat/pass/hand_over_evidence.hpp"

#include <algorithm>

namespace card {
namespace {

constexpr std::array<std::string_view, 2> letter_names{"letter_signed", "letter_missing"};
constexpr std::array<std::string_view, 3> old_pass_names{"qr_number_matched", "visual",
                                                         "old_pass_lost"};
constexpr std::array<std::string_view, 2> collector_names{"holder", "representative"};
constexpr std::array<std::string_view, 5> reason_names{"lost", "stolen", "damaged", "not_received",
                                                       "left_behind"};
constexpr char joint = '+';

template <class Enum, std::size_t N>
std::string_view name_in(const std::array<std::string_view, N>& names, Enum value) {
    return names.at(static_cast<std::size_t>(value));
}

template <class Enum, std::size_t N>
std::optional<Enum> value_in(const std::array<std::string_view, N>& names, std::string_view text) {
    const auto* found = std::find(names.begin(), names.end(), text);
    return found == names.end() ? std::nullopt
                                : std::optional(static_cast<Enum>(found - names.begin()));
}

bool is_staff_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

}  // namespace

Result<StaffId> StaffId::parse(std::string_view text) {
    if (text.empty() || text.size() > max_size ||
        !std::all_of(text.begin(), text.end(), is_staff_character)) {
        return fail(Fault::correct_input,
                    "a staff id is 1 to 32 letters, digits, dots, hyphens and underscores");
    }
    return StaffId(std::string(text));
}

std::string_view name(LetterCheck check) {
    return name_in(letter_names, check);
}
std::string_view name(OldPassCheck check) {
    return name_in(old_pass_names, check);
}
std::string_view name(Collector collector) {
    return name_in(collector_names, collector);
}
std::string_view name(WaiverReason reason) {
    return name_in(reason_names, reason);
}

std::optional<Collector> parse_collector(std::string_view text) {
    return value_in<Collector>(collector_names, text);
}
std::optional<WaiverReason> parse_waiver_reason(std::string_view text) {
    return value_in<WaiverReason>(reason_names, text);
}

std::string checks_of(const HandOverEvidence& evidence) {
    return std::string(name(evidence.letter)) + joint + std::string(name(evidence.old_pass));
}

std::optional<Checks> parse_checks(std::string_view text) {
    const std::size_t at = text.find(joint);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const auto letter = value_in<LetterCheck>(letter_names, text.substr(0, at));
    const auto old_pass = value_in<OldPassCheck>(old_pass_names, text.substr(at + 1));
    return letter && old_pass ? std::optional(Checks{*letter, *old_pass}) : std::nullopt;
}

}  // namespace card
