#include "sync/central/rules.hpp"

#include <algorithm>
#include <array>

namespace card::central {
namespace {

constexpr std::array<std::string_view, 4> pass_state_names{"active", "pending", "off", "cancelled"};
constexpr std::array<std::string_view, 3> payment_names{"not_required", "pending", "confirmed"};

template <class Enum, std::size_t N>
std::optional<Enum> parse(const std::array<std::string_view, N>& names, std::string_view text) {
    const auto* found = std::find(names.begin(), names.end(), text);
    return found == names.end() ? std::nullopt
                                : std::optional(static_cast<Enum>(found - names.begin()));
}

std::string about(std::string_view number, std::string_view words) {
    return "證號 " + std::string(number) + " " + std::string(words);
}

constexpr std::size_t id_size = 10;
constexpr std::size_t letters = 26;
/// A to Z, as the check digit of ID numbers counts letters.
constexpr std::array<int, letters> letter_values{10, 11, 12, 13, 14, 15, 16, 17, 34,
                                                 18, 19, 20, 21, 22, 35, 23, 24, 25,
                                                 26, 27, 28, 29, 32, 30, 31, 33};

bool is_letter(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
int letter_value(char c) {
    return letter_values.at(static_cast<std::size_t>(c - 'A'));
}

/// The octet continues a UTF-8 character rather than starting one.
bool continues(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

bool holds_claim(const RenewalState& renewal, const CardEvent& event) {
    return renewal.claim_station == event.station && event.epoch &&
           event.epoch->value == renewal.epoch;
}

bool is_current_card(const RenewalState& renewal, const CardEvent& event) {
    return renewal.card && renewal.attempt && event.card == renewal.card &&
           event.attempt == renewal.attempt;
}

bool is_over(const RenewalState& renewal) {
    return renewal.status == RenewalStatus::issued || renewal.status == RenewalStatus::withdrawn;
}

Effect contradiction() {
    return {.conflict = true, .void_card = true};
}

Refusal withdrawn_words() {
    return {"withdrawn", "此換證申請已撤回"};
}
Refusal held_words() {
    return {"held", "此換證申請暫停辦理"};
}
Refusal expired_words() {
    return {"expired", "通行證期限已過"};
}
Refusal issued_words() {
    return {"already_issued", "此證已完成換證"};
}

}  // namespace

std::string_view name(PassState state) {
    return pass_state_names.at(static_cast<std::size_t>(state));
}
std::optional<PassState> parse_pass_state(std::string_view text) {
    return parse<PassState>(pass_state_names, text);
}
std::string_view name(Payment payment) {
    return payment_names.at(static_cast<std::size_t>(payment));
}
std::optional<Payment> parse_payment(std::string_view text) {
    return parse<Payment>(payment_names, text);
}

std::optional<std::string> refusal_to_add(const Candidate& pass, BusinessDay today) {
    const std::string& number = pass.number.text();
    if (pass.has_open_application) {
        return about(number, "已申請換證，無法重複加入!!");
    }
    if (pass.state != PassState::active) {
        return about(number, "已失效，無法加入換證!!");
    }
    if (pass.valid_to < today) {
        return about(number, "已過期，無法加入換證，請申請新證!!");
    }
    if (pass.valid_to < today.plus_months(min_months_left)) {
        return about(number, "效期不足三個月，無法加入換證，請申請新證!!");
    }
    if (!pass.has_photo) {
        return about(number, "查無照片檔案，無法加入換證!!");
    }
    return std::nullopt;
}

std::string unknown_pass_words(std::string_view number) {
    return about(number, "查無此通行證，無法加入換證!!");
}

bool is_free(const Candidate& pass, const FeeRule& rule) {
    return pass.valid_from < rule.free_before && pass.times_exchanged == 0;
}

std::string_view shown_fee(bool free) {
    return free ? "免費" : "收費";
}

Result<PassNumber> next_number(const Port& pickup_port, BusinessDay today, int highest_serial) {
    return PassNumber::mint(pickup_port, today.roc_year(), highest_serial + 1);
}

std::string masked_id(std::string_view id_number) {
    constexpr std::size_t shown_characters = 4;
    std::string masked;
    std::size_t characters = 0;
    for (const char c : id_number) {
        characters += continues(c) ? 0U : 1U;
        if (characters <= shown_characters) {
            masked += c;
        } else if (!continues(c)) {
            masked += '*';
        }
    }
    return masked;
}

bool is_regular_id(std::string_view id_number) {
    if (id_number.size() != id_size || !is_letter(id_number[0]) ||
        !std::all_of(id_number.begin() + 2, id_number.end(), is_digit)) {
        return false;
    }
    const char second = id_number[1];
    const bool old_resident = second >= 'A' && second <= 'D';
    if (!old_resident && second != '1' && second != '2' && second != '8' && second != '9') {
        return false;
    }
    const int first = letter_value(id_number[0]);
    int sum = first / 10 + first % 10 * 9;
    sum += (old_resident ? letter_value(second) % 10 : second - '0') * 8;
    for (std::size_t i = 2; i < id_size; ++i) {
        const int weight = i == id_size - 1 ? 1 : static_cast<int>(id_size - 1 - i);
        sum += (id_number[i] - '0') * weight;
    }
    return sum % 10 == 0;
}

std::vector<std::string> data_warnings(const PersonalText& holder_name,
                                       const PersonalText& id_number) {
    std::vector<std::string> warnings;
    if (holder_name.blank()) {
        warnings.emplace_back("blank_name");
    }
    if (!is_regular_id(id_number.reveal())) {
        warnings.emplace_back("odd_id_number");
    }
    return warnings;
}

std::optional<Refusal> refusal_to_approve(const RenewalState& renewal, bool payment_confirmed) {
    if (renewal.status == RenewalStatus::withdrawn) {
        return withdrawn_words();
    }
    if (renewal.approved) {
        return Refusal{"already_approved", "此換證申請已核准"};
    }
    if (renewal.payment == Payment::pending && !payment_confirmed) {
        return Refusal{"payment_pending", "費用尚未繳清，無法核准"};
    }
    return std::nullopt;
}

std::optional<Refusal> refusal_to_hold(const RenewalState& renewal) {
    if (renewal.status == RenewalStatus::withdrawn) {
        return withdrawn_words();
    }
    if (renewal.status == RenewalStatus::issued) {
        return issued_words();
    }
    return renewal.held ? std::optional(held_words()) : std::nullopt;
}

std::optional<Refusal> refusal_to_release(const RenewalState& renewal) {
    return renewal.held ? std::nullopt : std::optional(Refusal{"not_held", "此換證申請並未暫停"});
}

std::optional<Refusal> refusal_to_withdraw(const RenewalState& renewal) {
    if (renewal.status == RenewalStatus::withdrawn) {
        return withdrawn_words();
    }
    return renewal.status == RenewalStatus::issued ? std::optional(issued_words()) : std::nullopt;
}

std::optional<Refusal> refusal_to_claim(const RenewalState& renewal, bool serves_port,
                                        std::string_view station, BusinessDay today) {
    if (!serves_port) {
        return Refusal{"not_yours", "領證港區不屬於本站"};
    }
    if (renewal.status == RenewalStatus::withdrawn) {
        return withdrawn_words();
    }
    if (!renewal.approved) {
        return Refusal{"not_approved", "此換證申請尚未核准"};
    }
    if (renewal.status != RenewalStatus::approved) {
        return Refusal{"already_produced", "此證已製證"};
    }
    if (renewal.held) {
        return held_words();
    }
    if (renewal.valid_to < today) {
        return expired_words();
    }
    if (!renewal.claim_station.empty() && renewal.claim_station != station) {
        return Refusal{"already_claimed", "已由其他製證站領取"};
    }
    return std::nullopt;
}

Epoch claimed_epoch(const RenewalState& renewal, std::string_view station) {
    return Epoch(renewal.claim_station == station ? renewal.epoch : renewal.epoch + 1);
}

std::optional<Refusal> refusal_to_authorise(const RenewalState& renewal, const HandOver& asked,
                                            BusinessDay today) {
    if (renewal.status == RenewalStatus::withdrawn) {
        return withdrawn_words();
    }
    if (renewal.status == RenewalStatus::issued) {
        return issued_words();
    }
    if (renewal.held) {
        return held_words();
    }
    if (renewal.valid_to < today) {
        return expired_words();
    }
    if (renewal.payment == Payment::pending) {
        return Refusal{"payment_pending", "費用尚未繳清"};
    }
    if (renewal.status != RenewalStatus::produced || !renewal.card) {
        return Refusal{"not_produced", "此證尚未完成製證"};
    }
    if (renewal.claim_station != asked.station || renewal.epoch != asked.epoch.value) {
        return Refusal{"wrong_epoch", "本站的製證權已失效"};
    }
    if (renewal.card != asked.card || renewal.attempt != asked.attempt) {
        return Refusal{"other_card", "此卡片已由另一張新卡取代"};
    }
    return std::nullopt;
}

Effect attempt_started(RenewalState& renewal, const CardEvent& event) {
    if (!event.attempt || !event.card) {
        return {.conflict = true};
    }
    if (renewal.status != RenewalStatus::approved || !holds_claim(renewal, event)) {
        return contradiction();
    }
    renewal.started_attempt = event.attempt;
    renewal.started_card = event.card;
    return {};
}

Effect card_verified(RenewalState& renewal, const CardEvent& event) {
    if (!event.attempt || !event.card) {
        return {.conflict = true};
    }
    if (renewal.status == RenewalStatus::produced && is_current_card(renewal, event)) {
        return {};
    }
    if (renewal.status != RenewalStatus::approved || !holds_claim(renewal, event)) {
        return contradiction();
    }
    renewal.status = RenewalStatus::produced;
    renewal.attempt = event.attempt;
    renewal.card = event.card;
    return {.changed = true};
}

Effect card_lost(RenewalState& renewal, const CardEvent& event) {
    if (!is_current_card(renewal, event)) {
        return {};
    }
    if (renewal.status == RenewalStatus::issued) {
        return {.conflict = true};
    }
    renewal.attempt.reset();
    renewal.card.reset();
    if (renewal.status == RenewalStatus::withdrawn) {
        return {};
    }
    renewal.status = RenewalStatus::approved;
    return {.changed = true};
}

Effect card_activated(RenewalState& renewal, const CardEvent& event) {
    const bool expected =
        renewal.status == RenewalStatus::produced || renewal.status == RenewalStatus::issued;
    if (!expected || !is_current_card(renewal, event) || !event.authorised) {
        return contradiction();
    }
    return {};
}

Effect handed_over(RenewalState& renewal, const CardEvent& event) {
    const bool this_card = is_current_card(renewal, event) && event.authorised;
    if (renewal.status == RenewalStatus::issued && this_card) {
        return {};
    }
    if (is_over(renewal) || renewal.status != RenewalStatus::produced || !this_card) {
        return contradiction();
    }
    renewal.status = RenewalStatus::issued;
    return {.changed = true, .issued = true};
}

}  // namespace card::central
