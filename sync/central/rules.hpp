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

/// What is known of a pass that somebody wants to exchange.
struct Candidate {
    PassNumber number;
    PassState state;
    BusinessDay valid_from;
    BusinessDay valid_to;
    bool has_photo;
    bool has_open_application;
    int times_exchanged;
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
    std::string claim_station;  ///< empty: never claimed
    std::int64_t epoch = 0;
    std::optional<AttemptId> started_attempt;
    std::optional<CardUid> started_card;
    std::optional<AttemptId> attempt;  ///< of the verified card
    std::optional<CardUid> card;       ///< the verified card
    bool made_elsewhere = false;       ///< produced before any station of ours could know the card
};

/// A stable code and the operator's words.
struct Refusal {
    std::string code;
    std::string words;
};

[[nodiscard]] std::optional<Refusal> refusal_to_approve(const RenewalState& renewal,
                                                        bool payment_confirmed);
[[nodiscard]] std::optional<Refusal> refusal_to_hold(const RenewalState& renewal);
[[nodiscard]] std::optional<Refusal> refusal_to_release(const RenewalState& renewal);
[[nodiscard]] std::optional<Refusal> refusal_to_withdraw(const RenewalState& renewal);

[[nodiscard]] std::optional<Refusal> refusal_to_claim(const RenewalState& renewal, bool serves_port,
                                                      std::string_view station, BusinessDay today);
/// The epoch of a claim that is not refused: the same again for the station that holds it.
[[nodiscard]] Epoch claimed_epoch(const RenewalState& renewal, std::string_view station);

/// Who asks to make which card live.
struct HandOver {
    std::string station;
    AttemptId attempt;
    Epoch epoch;
    CardUid card;
};
[[nodiscard]] std::optional<Refusal> refusal_to_authorise(const RenewalState& renewal,
                                                          const HandOver& asked, BusinessDay today);

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
    bool issued = false;     ///< old pass off, new pass on, now
};

[[nodiscard]] Effect attempt_started(RenewalState& renewal, const CardEvent& event);
[[nodiscard]] Effect card_verified(RenewalState& renewal, const CardEvent& event);
/// Spoiled or voided.
[[nodiscard]] Effect card_lost(RenewalState& renewal, const CardEvent& event);
[[nodiscard]] Effect card_activated(RenewalState& renewal, const CardEvent& event);
[[nodiscard]] Effect handed_over(RenewalState& renewal, const CardEvent& event);

}  // namespace card::central
