#pragma once
// The rules of the exchange as pure functions: no I/O, no clock. Whoever calls gives the business
// day and the time, and stores what came out.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cardformat/pass/renewal.hpp"

namespace card::central {

inline constexpr int min_months_left = 3;
inline constexpr std::int64_t lease_s = std::int64_t{12} * 60 * 60;
inline constexpr std::int64_t authorisation_s = 300;

// --- Applying ---------------------------------------------------------------------------------

enum class PassState : std::uint8_t {
    active,     ///< opens gates
    pending,    ///< minted for an exchange that is not issued yet
    off,        ///< exchanged for another
    cancelled,  ///< minted, and its exchange was withdrawn
};
[[nodiscard]] std::string_view name(PassState state);
[[nodiscard]] std::optional<PassState> parse_pass_state(std::string_view text);

enum class Payment : std::uint8_t { not_required, pending, confirmed };
[[nodiscard]] std::string_view name(Payment payment);
[[nodiscard]] std::optional<Payment> parse_payment(std::string_view text);

/// What the port company did to a pass for its holder's conduct. It is looked at again at
/// hand-over.
enum class SanctionKind : std::uint8_t {
    suspended,  ///< 停權, for some months
    revoked,    ///< 註銷, for good
    seized,     ///< 查扣, until it is given back
};
[[nodiscard]] std::string_view name(SanctionKind kind);
[[nodiscard]] std::optional<SanctionKind> parse_sanction_kind(std::string_view text);

struct Sanction {
    SanctionKind kind;
    std::optional<BusinessDay> until{};  ///< the last day of a suspension; others have no end
};
[[nodiscard]] bool in_force(const std::optional<Sanction>& sanction, BusinessDay today);

/// What is known of a pass that somebody wants to exchange.
struct Candidate {
    PassNumber number;
    PassState state;
    BusinessDay valid_from;
    BusinessDay valid_to;
    bool has_photo;
    bool has_open_application;
    int times_exchanged;
    std::optional<Sanction> sanction{};
};

/// Why the pass cannot be added, in the applicant's words; nothing when it can.
[[nodiscard]] std::optional<std::string> refusal_to_add(const Candidate& pass, BusinessDay today);
[[nodiscard]] std::string unknown_pass_words(std::string_view number);

/// Free: the pass started before this day and was never exchanged.
struct FeeRule {
    BusinessDay free_before;
};
[[nodiscard]] bool is_free(const Candidate& pass, const FeeRule& rule);
/// 免費 or 收費.
[[nodiscard]] std::string_view shown_fee(bool free);

/// The next number of the series of this port and year.
[[nodiscard]] Result<PassNumber> next_number(const Port& pickup_port, BusinessDay today,
                                             int highest_serial);

// --- What stations are told about people -------------------------------------------------------

/// First four characters, an asterisk for each one after them.
[[nodiscard]] std::string masked_id(std::string_view id_number);
/// A national ID number or resident number (of either form) with the right check digit.
[[nodiscard]] bool is_regular_id(std::string_view id_number);
[[nodiscard]] std::vector<std::string> data_warnings(const PersonalText& holder_name,
                                                     const PersonalText& id_number);

// --- Life of a renewal -------------------------------------------------------------------------

/// The part of a renewal that decisions look at and change.
struct RenewalState {
    RenewalStatus status = RenewalStatus::approved;
    bool held = false;
    bool approved = false;
    Payment payment = Payment::not_required;
    BusinessDay valid_to;
    std::string claim_station;  ///< empty: never claimed, released or fenced
    std::int64_t epoch = 0;
    std::optional<Timestamp> lease_until;
    bool card_open = false;   ///< a card begun under this claim has not come to an end
    bool card_ended = false;  ///< one has: a terminal fact was told under this claim
    std::int64_t spoiled_cards = 0;
    std::optional<AttemptId> started_attempt;
    std::optional<CardUid> started_card;
    std::optional<AttemptId> attempt;  ///< of the verified card
    std::optional<CardUid> card;       ///< the verified card
    bool card_missing = false;         ///< the verified card cannot be found
    bool card_live = false;            ///< the verified card was reported active
    bool old_card_retired = false;     ///< the old RFID card says that it is retired
    bool made_elsewhere = false;       ///< produced before any station of ours could know the card
};

/// A stable code and the operator's words.
struct Refusal {
    std::string code;
    std::string words;
};

/// What may stop an exchange in the pass that is given up.
struct OldPass {
    PassState state;
    std::optional<Sanction> sanction{};
};
[[nodiscard]] std::optional<Refusal> refusal_by_old_pass(const OldPass& old_pass,
                                                         BusinessDay today);

[[nodiscard]] std::optional<Refusal> refusal_to_approve(const RenewalState& renewal,
                                                        bool payment_confirmed);
[[nodiscard]] std::optional<Refusal> refusal_to_confirm_payment(const RenewalState& renewal);
[[nodiscard]] std::optional<Refusal> refusal_to_hold(const RenewalState& renewal);
[[nodiscard]] std::optional<Refusal> refusal_to_release(const RenewalState& renewal);
[[nodiscard]] std::optional<Refusal> refusal_to_withdraw(const RenewalState& renewal);
/// To make anew what was produced before any station could know the card.
[[nodiscard]] std::optional<Refusal> refusal_to_remake(const RenewalState& renewal);

// --- Claims ------------------------------------------------------------------------------------

/// Who asks for the right to make a card, and when.
struct Claimant {
    std::string station;
    bool serves_port;
    BusinessDay today;
    Timestamp now;
};
/// One that was made elsewhere and has no card of ours is claimed to adopt the card.
/// A renewal that another station holds is granted again only where a card begun under its claim
/// came to an end and no other was begun since, and the time for beginning one is over.
[[nodiscard]] std::optional<Refusal> refusal_to_claim(const RenewalState& renewal,
                                                      const OldPass& old_pass,
                                                      const Claimant& claimant);
/// Grants a claim that is not refused: the same epoch again for the station that holds it.
Epoch grant_claim(RenewalState& renewal, const Claimant& claimant);

/// To give a claim back. Not while a card may exist.
[[nodiscard]] std::optional<Refusal> refusal_to_release_claim(const RenewalState& renewal,
                                                              std::string_view station,
                                                              Epoch epoch);
void release_claim(RenewalState& renewal);

/// An administrator takes a claim from a station that cannot answer for it. Not where the card may
/// be live: `authorised` says that an authorisation for it was given and not ended.
[[nodiscard]] std::optional<Refusal> refusal_to_fence(const RenewalState& renewal, bool authorised);

// --- Hand-over ---------------------------------------------------------------------------------

/// Who asks to make which card live.
struct HandOver {
    std::string station;
    AttemptId attempt;
    Epoch epoch;
    CardUid card;
};
[[nodiscard]] std::optional<Refusal> refusal_to_authorise(const RenewalState& renewal,
                                                          const OldPass& old_pass,
                                                          const HandOver& asked, BusinessDay today);

// --- Facts -------------------------------------------------------------------------------------

/// What a fact says about plastic.
struct CardEvent {
    std::string station;
    std::optional<AttemptId> attempt;
    std::optional<Epoch> epoch;
    std::optional<CardUid> card;
    bool authorised = false;  ///< it names an authorisation that was given for this very card
};

/// What a fact does beside being stored.
struct Effect {
    bool conflict = false;
    bool void_card = false;  ///< the station must make the card unusable
    bool changed = false;    ///< the renewal changed in a way that stations see
    bool produced = false;   ///< the pick-up letter is due
    bool card_gone = false;  ///< its letter is superseded, its authorisation over
    bool issued = false;     ///< old pass off, new pass on, now
    bool authorisation_over = false;
    bool held_for_spoils = false;
};

/// A renewal whose card was spoiled may be made again so often; then somebody has to look.
inline constexpr std::int64_t max_remakes = 3;
/// The reason of that hold.
inline constexpr std::string_view spoils_hold_reason = "卡片多次製作失敗，請查明原因";

[[nodiscard]] Effect attempt_started(RenewalState& renewal, const CardEvent& event);
/// In doubt until that card is presented again.
[[nodiscard]] Effect card_torn(RenewalState& renewal, const CardEvent& event);
[[nodiscard]] Effect card_verified(RenewalState& renewal, const CardEvent& event);
[[nodiscard]] Effect card_missing(RenewalState& renewal, const CardEvent& event);
[[nodiscard]] Effect card_found(RenewalState& renewal, const CardEvent& event);
/// Spoiled, voided or written off: it never serves this renewal again.
enum class CardEnd : std::uint8_t { spoiled, voided, written_off };
[[nodiscard]] Effect card_ended(RenewalState& renewal, const CardEvent& event, CardEnd end);
[[nodiscard]] Effect old_pass_retired(RenewalState& renewal, const CardEvent& event);
[[nodiscard]] Effect handover_aborted(RenewalState& renewal, const CardEvent& event);
[[nodiscard]] Effect card_activated(RenewalState& renewal, const CardEvent& event);
[[nodiscard]] Effect handed_over(RenewalState& renewal, const CardEvent& event);
/// What the administrator's fencing does to the renewal.
[[nodiscard]] Effect fence(RenewalState& renewal);

}  // namespace card::central
