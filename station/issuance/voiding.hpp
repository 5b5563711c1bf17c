#pragma once
// A card that must never be used is made unusable: its tap in the void box, the
// durable word "condemned", the chip's own state, the record. Pure: events in,
// actions out. A card that may be live is never given up unseen, or a second
// one could be made beside it.

#include <optional>
#include <variant>

#include "cardformat/base/result.hpp"
#include "cardformat/base/write_ahead.hpp"
#include "cardformat/pass/issued_card.hpp"
#include "station/issuance/errand.hpp"

namespace card::issuance {

namespace voiding {

using errand::Cancelled;
using errand::CardLost;
using errand::Finish;
using errand::WaitForCard;

// Events.
struct Asked {
    std::optional<Renewal> renewal;  ///< nothing where the ledger has none of this number
    std::optional<IssuedCard> card;
    VoidReason reason;
    bool without_tap = false;  ///< the card cannot be read any more
    std::optional<StaffId> supervisor;
};
struct CardTapped {
    CardUid uid;
    std::optional<LifeState> life;  ///< nothing where it holds no finished pass of ours
};
struct Condemned {
    WriteAhead proof;
};
struct MadeVoid {};
struct MakingFailed {
    Failure failure;
};
struct EndRecorded {};
using Event = std::variant<Asked, CardTapped, CardLost, Condemned, MadeVoid, MakingFailed,
                           EndRecorded, Cancelled>;

// Actions.
/// Durable first: from then on the card is handed over to nobody.
struct RecordCondemned {
    AttemptId attempt;
    VoidReason reason;
};
struct MakeVoid {
    WriteAhead proof;
    IssuedCard card;
    LifeState from;
};
/// The card's end: voided where it was finished, spoiled where it was not or is
/// broken.
struct RecordEnd {
    AttemptId attempt;
    CardStage as;
    VoidReason reason;
    std::optional<StaffId> supervisor;  ///< who answers for a card that was not tapped
};
using Action = std::variant<WaitForCard, RecordCondemned, MakeVoid, RecordEnd, Finish>;

}  // namespace voiding

class Voiding {
  public:
    [[nodiscard]] Result<voiding::Action> resume(voiding::Event event);

    [[nodiscard]] std::optional<PassNumber> pass_number() const;

  private:
    struct AwaitingRequest {};
    struct AwaitingCard {};
    struct Condemning {
        LifeState from;
    };
    struct Making {};
    struct RecordingEnd {};
    struct Finished {};
    using State =
        std::variant<AwaitingRequest, AwaitingCard, Condemning, Making, RecordingEnd, Finished>;

    /// Nothing where the event does not follow from the state.
    std::optional<voiding::Action> follow(voiding::Event& event);
    voiding::Action asked(voiding::Asked& request);
    voiding::Action tapped(const voiding::CardTapped& tap);
    voiding::Action failed(const Failure& failure);
    voiding::Action end(CardStage as);
    voiding::Action wait_for_card(Notice notice);
    voiding::Action finish(Notice notice);

    State state_ = AwaitingRequest{};
    std::optional<Renewal> renewal_;
    std::optional<IssuedCard> card_;
    VoidReason reason_{};
    std::optional<StaffId> supervisor_;
};

}  // namespace card::issuance
