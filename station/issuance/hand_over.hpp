#pragma once
// One sitting at the counter: letter and old pass, the new card's tap, the central's word, the
// activation, the acknowledgement. Pure: events in, actions out. Letter, old pass and card must
// meet in one renewal; what is missing of the papers needs a supervisor and a reason. The card is
// made live only by an action that carries a WriteAhead. Once the central has authorised it, it
// only goes forward.

#include <optional>
#include <string>
#include <variant>

#include "cardformat/base/result.hpp"
#include "cardformat/base/write_ahead.hpp"
#include "cardformat/pass/issued_card.hpp"
#include "cardformat/pass/pickup_letter.hpp"
#include "station/issuance/notice.hpp"

namespace card::issuance {

/// What a site decides.
struct HandOverPolicy {
    bool require_letter = true;                   ///< else the old pass alone will do
    bool representatives_need_supervisor = true;  ///< who collects for the holder
};

/// What a person at the counter sees that no machine does.
enum class OperatorRefusal : std::uint8_t { photo_mismatch, not_the_holder };
[[nodiscard]] std::string_view name(OperatorRefusal refusal);
[[nodiscard]] std::optional<OperatorRefusal> parse_operator_refusal(std::string_view text);

namespace hand_over {

// Events.
/// A renewal that the ledger found for a paper.
struct OfLedger {
    Renewal renewal;
    std::optional<IssuedCard> card;
    bool carries = true;  ///< the card holds the renewal's data as the central has it now
};
/// What was put before the counter, each read or refused, and what the ledger knows of it.
struct PapersShown {
    std::optional<Result<PickupLetter>> letter;  ///< nothing where none was shown
    std::optional<Result<PassNumber>> old_pass;  ///< likewise
    bool read_by_eye = false;                    ///< the old pass's number was typed in
    Collector collector = Collector::holder;
    std::optional<Approval> approval;
    std::optional<OfLedger> of_letter;
    std::optional<OfLedger> of_old_pass;
    bool port_served = true;  ///< renewals of the letter's port come to this station
    BusinessDay today;
};
/// A card was put on the counter's reader and read as a gate reads.
struct CardTapped {
    CardUid uid;
    std::optional<PassNumber>
        proven;  ///< the number of a credential that is genuine and this chip's
    std::optional<LifeState> life;
};
/// The card left, or the reader failed, before anything was written.
struct CardLost {};
struct Authorised {
    Uuid authorisation;
};
struct AuthorisationRefused {
    std::string code;
};
struct CentralAway {};
struct AuthorisationRecorded {
    WriteAhead proof;
};
struct Activated {};
struct ActivationFailed {
    Failure failure;
};
struct HandedOverRecorded {
    std::int64_t seq;
};
struct Acknowledged {};
/// The central did not acknowledge while the operator waited; the outbox goes on by itself.
struct AcknowledgementLate {};
struct RefusalRecorded {};
struct Cancelled {};
/// A person looked and refused.
struct OperatorRefused {
    OperatorRefusal reason;
};
using Event =
    std::variant<PapersShown, CardTapped, CardLost, Authorised, AuthorisationRefused, CentralAway,
                 AuthorisationRecorded, Activated, ActivationFailed, HandedOverRecorded,
                 Acknowledged, AcknowledgementLate, RefusalRecorded, Cancelled, OperatorRefused>;

// Actions.
struct WaitForCard {
    Notice notice;
};
struct AskCentral {
    IssuedCard card;
};
struct RecordAuthorised {
    AttemptId attempt;
    Uuid authorisation;
    HandOverEvidence evidence;
};
/// The authorisation is in the ledger from before: fetch its proof.
struct RecallAuthorised {
    AttemptId attempt;
};
struct Activate {
    WriteAhead proof;
    IssuedCard card;
};
struct RecordHandedOver {
    AttemptId attempt;
};
struct AwaitAcknowledgement {
    std::int64_t seq;
};
struct RecordRefusal {
    RenewalId renewal;
    std::string reason;  ///< a stable code
};
struct Finish {
    Notice notice;
    std::optional<Port> port{};  ///< where the holder must go instead
};
using Action = std::variant<WaitForCard, AskCentral, RecordAuthorised, RecallAuthorised, Activate,
                            RecordHandedOver, AwaitAcknowledgement, RecordRefusal, Finish>;

}  // namespace hand_over

class HandOver {
  public:
    explicit HandOver(HandOverPolicy policy) : policy_(policy) {}

    [[nodiscard]] Result<hand_over::Action> resume(hand_over::Event event);

    /// The pass that this sitting is about, once its renewal was found.
    [[nodiscard]] std::optional<PassNumber> pass_number() const;

  private:
    struct AwaitingPapers {};
    struct AwaitingCard {};
    struct AskingCentral {};
    struct RecordingAuthorisation {};
    struct Activating {};
    struct RecordingHandOver {};
    struct AwaitingAcknowledgement {};
    struct RecordingRefusal {
        Notice notice;
        bool goes_on;  ///< the sitting waits for the right card
    };
    struct Finished {};
    using State = std::variant<AwaitingPapers, AwaitingCard, AskingCentral, RecordingAuthorisation,
                               Activating, RecordingHandOver, AwaitingAcknowledgement,
                               RecordingRefusal, Finished>;

    /// Nothing where the event does not follow from the state.
    std::optional<hand_over::Action> follow(hand_over::Event& event);
    hand_over::Action papers(hand_over::PapersShown& shown);
    /// Why the papers end the sitting, once the renewal is known; nothing where they do not.
    std::optional<hand_over::Action> contradiction(const hand_over::PapersShown& shown);
    /// What is still needed of the papers, by the policy.
    [[nodiscard]] std::optional<Notice> missing(const hand_over::PapersShown& shown) const;
    hand_over::Action tapped(const hand_over::CardTapped& card);
    hand_over::Action refuse(Notice notice, std::string reason, bool goes_on);
    hand_over::Action wait_for_card(Notice notice);
    hand_over::Action finish(Notice notice);

    HandOverPolicy policy_;
    State state_ = AwaitingPapers{};
    std::optional<Renewal> renewal_;
    std::optional<IssuedCard> card_;
    std::optional<HandOverEvidence> evidence_;
};

}  // namespace card::issuance
