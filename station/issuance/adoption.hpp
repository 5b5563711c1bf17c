#pragma once
// A card that was made before any ledger could know it is taken over by its tap: it must prove to
// be this renewal's, and the central must give the renewal to this station. Pure: events in,
// actions out. Nothing is written to the card.

#include <optional>
#include <string>
#include <variant>

#include "cardformat/base/result.hpp"
#include "cardformat/pass/issued_card.hpp"
#include "station/issuance/errand.hpp"

namespace card::issuance {

namespace adoption {

using errand::Cancelled;
using errand::CardLost;
using errand::Finish;
using errand::WaitForCard;

/// A finished pass that a card proved.
struct ProvenCard {
    AttemptId attempt;  ///< whoever made it named it so
    PassNumber pass_number;
    LifeState life;
    bool carries;  ///< it holds the renewal's data as the central has it now
    bool known;    ///< the ledger has, or had, a card on this chip
};

// Events.
struct Asked {
    std::optional<Renewal> renewal;
    bool has_card;                  ///< the ledger knows a card for it
    std::optional<Notice> stopped;  ///< why the station takes no card into its ledger now
};
struct CardTapped {
    std::optional<ProvenCard> card;  ///< nothing where it proves no pass of ours
};
struct Granted {
    Epoch epoch;
};
struct Refused {
    std::string code;
};
struct CentralAway {};
struct AdoptionRecorded {};
using Event = std::variant<Asked, CardTapped, CardLost, Granted, Refused, CentralAway,
                           AdoptionRecorded, Cancelled>;

// Actions.
struct Claim {
    RenewalId renewal;
};
struct RecordAdopted {
    RenewalId renewal;
    AttemptId attempt;
    Epoch epoch;
};
using Action = std::variant<WaitForCard, Claim, RecordAdopted, Finish>;

}  // namespace adoption

class Adoption {
  public:
    [[nodiscard]] Result<adoption::Action> resume(adoption::Event event);

    [[nodiscard]] std::optional<PassNumber> pass_number() const;

  private:
    struct AwaitingRequest {};
    struct AwaitingCard {};
    struct Claiming {
        AttemptId attempt;
    };
    struct Recording {};
    struct Finished {};
    using State = std::variant<AwaitingRequest, AwaitingCard, Claiming, Recording, Finished>;

    /// Nothing where the event does not follow from the state.
    std::optional<adoption::Action> follow(adoption::Event& event);
    adoption::Action asked(adoption::Asked& request);
    adoption::Action tapped(const adoption::CardTapped& tap);
    adoption::Action wait_for_card(Notice notice);
    adoption::Action finish(Notice notice, std::string code = {});

    State state_ = AwaitingRequest{};
    std::optional<Renewal> renewal_;
};

}  // namespace card::issuance
