#include "sync/central/rules.hpp"

#include <algorithm>
#include <array>

namespace card::central {
namespace {

constexpr std::array<std::string_view, 4> pass_state_names{"active", "pending", "off", "cancelled"};
constexpr std::array<std::string_view, 3> payment_names{"not_required", "pending", "confirmed"};
constexpr std::array<std::string_view, 3> sanction_names{"suspended", "revoked", "seized"};
/// As they stand after the number in the manual's form of refusal, and by themselves.
constexpr std::array<std::string_view, 3> sanction_words{"停權中", "已註銷", "已被查扣"};

std::string_view words_of(SanctionKind kind) {
    return sanction_words.at(static_cast<std::size_t>(kind));
}

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

bool is_started_card(const RenewalState& renewal, const CardEvent& event) {
    return renewal.started_card && renewal.started_attempt && event.card == renewal.started_card &&
           event.attempt == renewal.started_attempt;
}

/// Its card was made before any station of ours could know it, and none of ours is in its place.
bool may_be_adopted(const RenewalState& renewal) {
    return renewal.status == RenewalStatus::produced && renewal.made_elsewhere && !renewal.card;
}

Effect contradiction() {
    return {.conflict = true, .void_card = true};
}

void forget_card(RenewalState& renewal) {
    renewal.attempt.reset();
    renewal.card.reset();
    renewal.card_missing = false;
    renewal.card_live = false;
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
Refusal wrong_epoch_words() {
    return {"wrong_epoch", "本站的製證權已失效"};
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

std::string_view name(SanctionKind kind) {
    return sanction_names.at(static_cast<std::size_t>(kind));
}
std::optional<SanctionKind> parse_sanction_kind(std::string_view text) {
    return parse<SanctionKind>(sanction_names, text);
}

bool in_force(const std::optional<Sanction>& sanction, BusinessDay today) {
    return sanction && (!sanction->until || *sanction->until >= today);
}

std::optional<std::string> refusal_to_add(const Candidate& pass, BusinessDay today) {
    const std::string& number = pass.number.text();
    if (pass.has_open_application) {
        return about(number, "已申請換證，無法重複加入!!");
    }
    if (pass.state != PassState::active) {
        return about(number, "已失效，無法加入換證!!");
    }
    if (in_force(pass.sanction, today)) {
        return about(number, std::string(words_of(pass.sanction->kind)) + "，無法加入換證!!");
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

std::optional<Refusal> refusal_by_old_pass(const OldPass& old_pass, BusinessDay today) {
    if (old_pass.state != PassState::active) {
        return Refusal{"old_pass_off", "原通行證已失效"};
    }
    if (in_force(old_pass.sanction, today)) {
        const SanctionKind kind = old_pass.sanction->kind;
        return Refusal{std::string(name(kind)), "原通行證" + std::string(words_of(kind))};
    }
    return std::nullopt;
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

std::optional<Refusal> refusal_to_confirm_payment(const RenewalState& renewal) {
    if (renewal.status == RenewalStatus::withdrawn) {
        return withdrawn_words();
    }
    if (renewal.payment == Payment::not_required) {
        return Refusal{"payment_not_required", "此換證申請免繳費"};
    }
    return renewal.payment == Payment::confirmed
               ? std::optional(Refusal{"payment_confirmed", "費用已繳清"})
               : std::nullopt;
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

std::optional<Refusal> refusal_to_remake(const RenewalState& renewal) {
    if (may_be_adopted(renewal)) {
        return std::nullopt;
    }
    return Refusal{"not_made_elsewhere", "此證並非由其他系統製作，無須重製"};
}

std::optional<Refusal> refusal_to_claim(const RenewalState& renewal, const OldPass& old_pass,
                                        const Claimant& claimant) {
    if (!claimant.serves_port) {
        return Refusal{"not_yours", "領證港區不屬於本站"};
    }
    if (renewal.status == RenewalStatus::withdrawn) {
        return withdrawn_words();
    }
    if (!renewal.approved) {
        return Refusal{"not_approved", "此換證申請尚未核准"};
    }
    if (renewal.status != RenewalStatus::approved && !may_be_adopted(renewal)) {
        return Refusal{"already_produced", "此證已製證"};
    }
    if (renewal.held) {
        return held_words();
    }
    if (renewal.valid_to < claimant.today) {
        return expired_words();
    }
    if (auto refused = refusal_by_old_pass(old_pass, claimant.today)) {
        return refused;
    }
    const bool lease_over = !renewal.lease_until || *renewal.lease_until <= claimant.now;
    const bool free_again = renewal.card_ended && !renewal.card_open && lease_over;
    if (!renewal.claim_station.empty() && renewal.claim_station != claimant.station &&
        !free_again) {
        return Refusal{"already_claimed", "已由其他製證站領取"};
    }
    return std::nullopt;
}

Epoch grant_claim(RenewalState& renewal, const Claimant& claimant) {
    if (renewal.claim_station != claimant.station) {
        renewal.claim_station = claimant.station;
        ++renewal.epoch;
        renewal.card_open = false;
        renewal.card_ended = false;
    }
    renewal.lease_until = claimant.now + std::chrono::seconds(lease_s);
    return Epoch(renewal.epoch);
}

std::optional<Refusal> refusal_to_release_claim(const RenewalState& renewal,
                                                std::string_view station, Epoch epoch) {
    if (renewal.claim_station != station || renewal.epoch != epoch.value) {
        return wrong_epoch_words();
    }
    if (renewal.card_open) {
        return Refusal{"card_open", "此證已有卡片，須先結案"};
    }
    return std::nullopt;
}

void release_claim(RenewalState& renewal) {
    renewal.claim_station.clear();
    renewal.lease_until.reset();
    renewal.card_ended = false;
}

std::optional<Refusal> refusal_to_fence(const RenewalState& renewal, bool authorised) {
    if (renewal.status == RenewalStatus::withdrawn) {
        return withdrawn_words();
    }
    if (renewal.status == RenewalStatus::issued) {
        return issued_words();
    }
    if (renewal.claim_station.empty()) {
        return Refusal{"not_claimed", "目前沒有製證站領取此證"};
    }
    if (authorised || renewal.card_live) {
        return Refusal{"may_be_live", "新卡可能已啟用，須先由製證站回報結果"};
    }
    return std::nullopt;
}

std::optional<Refusal> refusal_to_authorise(const RenewalState& renewal, const OldPass& old_pass,
                                            const HandOver& asked, BusinessDay today) {
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
    if (auto refused = refusal_by_old_pass(old_pass, today)) {
        return refused;
    }
    if (renewal.status != RenewalStatus::produced || !renewal.card) {
        return Refusal{"not_produced", "此證尚未完成製證"};
    }
    if (renewal.claim_station != asked.station || renewal.epoch != asked.epoch.value) {
        return wrong_epoch_words();
    }
    if (renewal.card != asked.card || renewal.attempt != asked.attempt) {
        return Refusal{"other_card", "此卡片已由另一張新卡取代"};
    }
    if (renewal.card_missing) {
        return Refusal{"card_missing", "此卡片登記為遺失，尋獲後須先登記"};
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
    renewal.card_open = true;
    return {};
}

Effect card_torn(RenewalState& renewal, const CardEvent& event) {
    return is_started_card(renewal, event) ? Effect{} : contradiction();
}

Effect card_verified(RenewalState& renewal, const CardEvent& event) {
    if (!event.attempt || !event.card) {
        return {.conflict = true};
    }
    if (renewal.status == RenewalStatus::produced && is_current_card(renewal, event)) {
        return {};
    }
    const bool awaited = renewal.status == RenewalStatus::approved || may_be_adopted(renewal);
    if (!awaited || !holds_claim(renewal, event)) {
        return contradiction();
    }
    renewal.status = RenewalStatus::produced;
    renewal.attempt = event.attempt;
    renewal.card = event.card;
    renewal.card_open = true;
    return {.changed = true, .produced = true};
}

Effect card_missing(RenewalState& renewal, const CardEvent& event) {
    if (is_current_card(renewal, event)) {
        renewal.card_missing = true;
        return {.conflict = renewal.status == RenewalStatus::issued};
    }
    return {.conflict = !is_started_card(renewal, event)};
}

Effect card_found(RenewalState& renewal, const CardEvent& event) {
    if (is_current_card(renewal, event)) {
        renewal.card_missing = false;
        return {};
    }
    return is_started_card(renewal, event) ? Effect{} : contradiction();
}

Effect card_ended(RenewalState& renewal, const CardEvent& event, CardEnd end) {
    const bool current = is_current_card(renewal, event);
    if (current && renewal.status == RenewalStatus::issued) {
        return {.conflict = true};
    }
    Effect effect;
    if (current || is_started_card(renewal, event)) {
        renewal.card_open = false;
        renewal.card_ended = true;
        renewal.spoiled_cards += end == CardEnd::spoiled ? 1 : 0;
        effect.held_for_spoils = end == CardEnd::spoiled && renewal.spoiled_cards > max_remakes &&
                                 !renewal.held && renewal.status != RenewalStatus::withdrawn;
        renewal.held = renewal.held || effect.held_for_spoils;
        effect.changed = effect.held_for_spoils;
    }
    if (current) {
        forget_card(renewal);
        effect.card_gone = true;
        if (renewal.status == RenewalStatus::produced) {
            renewal.status = RenewalStatus::approved;
            effect.changed = true;
        }
    }
    return effect;
}

Effect old_pass_retired(RenewalState& renewal, const CardEvent& event) {
    if (!is_current_card(renewal, event) || !event.authorised) {
        return {.conflict = true};
    }
    renewal.old_card_retired = true;
    return {.conflict = renewal.status == RenewalStatus::withdrawn};
}

Effect handover_aborted(RenewalState& renewal, const CardEvent& event) {
    if (renewal.status == RenewalStatus::issued || renewal.card_live ||
        !is_current_card(renewal, event)) {
        return {.conflict = true};
    }
    return {.authorisation_over = true};
}

Effect card_activated(RenewalState& renewal, const CardEvent& event) {
    const bool expected =
        renewal.status == RenewalStatus::produced || renewal.status == RenewalStatus::issued;
    if (!expected || !is_current_card(renewal, event) || !event.authorised) {
        return contradiction();
    }
    renewal.card_live = true;
    return {};
}

Effect handed_over(RenewalState& renewal, const CardEvent& event) {
    const bool this_card = is_current_card(renewal, event) && event.authorised;
    if (renewal.status == RenewalStatus::issued && this_card) {
        return {};
    }
    if (renewal.status != RenewalStatus::produced || !this_card) {
        return contradiction();
    }
    renewal.status = RenewalStatus::issued;
    renewal.card_open = false;
    renewal.card_live = true;
    return {.changed = true, .issued = true};
}

Effect fence(RenewalState& renewal) {
    const bool had_card = renewal.card.has_value();
    const bool made = may_be_adopted(renewal);  // its card waits for whoever adopts it
    forget_card(renewal);
    release_claim(renewal);
    renewal.started_attempt.reset();
    renewal.started_card.reset();
    renewal.card_open = false;
    renewal.status = made ? RenewalStatus::produced : RenewalStatus::approved;
    ++renewal.epoch;
    return {.changed = true, .card_gone = had_card};
}

}  // namespace card::central
