#pragma once
// One sitting at the counter: the old pass, the new card's tap, the central's word, the activation,
// the acknowledgement. Pure: events in, actions out. The card is made live only by an action that
// carries a WriteAhead. Once the central has authorised it, it only goes forward.

#include <optional>
#include <string>
#include <variant>

#include "cardformat/base/result.hpp"
#include "cardformat/base/write_ahead.hpp"
#include "cardformat/pass/issued_card.hpp"
#include "station/issuance/notice.hpp"

namespace card::issuance {

namespace hand_over {

// Events.
/// The old pass was read; what the ledger knows of it came along.
struct OldPassRead {
    Result<PassNumber> number;
    std::optional<Renewal> renewal;
    std::optional<IssuedCard> card;
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
using Event =
    std::variant<OldPassRead, CardTapped, CardLost, Authorised, AuthorisationRefused, CentralAway,
                 AuthorisationRecorded, Activated, ActivationFailed, HandedOverRecorded,
                 Acknowledged, AcknowledgementLate, RefusalRecorded, Cancelled>;

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
    std::string evidence;
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
};
using Action = std::variant<WaitForCard, AskCentral, RecordAuthorised, RecallAuthorised, Activate,
                            RecordHandedOver, AwaitAcknowledgement, RecordRefusal, Finish>;

}  // namespace hand_over

class HandOver {
  public:
    [[nodiscard]] Result<hand_over::Action> resume(hand_over::Event event);

    /// The pass that this sitting is about, once the old one was recognised.
    [[nodiscard]] std::optional<PassNumber> pass_number() const;

  private:
    struct AwaitingOldPass {};
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
    using State = std::variant<AwaitingOldPass, AwaitingCard, AskingCentral, RecordingAuthorisation,
                               Activating, RecordingHandOver, AwaitingAcknowledgement,
                               RecordingRefusal, Finished>;

    /// Nothing where the event does not follow from the state.
    std::optional<hand_over::Action> follow(hand_over::Event& event);
    hand_over::Action old_pass(hand_over::OldPassRead& read);
    hand_over::Action tapped(const hand_over::CardTapped& card);
    hand_over::Action refuse(Notice notice, std::string reason, bool goes_on);
    hand_over::Action wait_for_card(Notice notice);
    hand_over::Action finish(Notice notice);

    State state_ = AwaitingOldPass{};
    std::optional<Renewal> renewal_;
    std::optional<IssuedCard> card_;
};

}  // namespace card::issuance
