#pragma once
// One card on a production reader, from "a card lies there" to "take it off": what may be done
// next, and nothing else. Pure: events in, actions out. A card is changed only by an action that
// carries a WriteAhead, which the machine has only after the ledger gave it.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cardformat/base/result.hpp"
#include "cardformat/base/write_ahead.hpp"
#include "cardformat/pass/issued_card.hpp"
#include "station/issuance/notice.hpp"

namespace card::issuance {

/// What a site decides.
struct ProductionPolicy {
    bool refuse_unproven_chips = false;  ///< without the maker's signature; else only reported
    /// Blank name, odd ID number, no photo on file; else only reported.
    bool hold_odd_data = false;
    std::int64_t max_presentations = 10;  ///< of one torn card before it is given up
};

/// A renewal that the central gave this station to make.
struct Claimed {
    Renewal renewal;
    Epoch epoch;
};

/// What looks odd in a renewal's data, by stable codes: what the central said, and `no_photo`.
[[nodiscard]] std::vector<std::string> oddities(const Renewal& renewal);

namespace production {

// Events.
struct CardSeen {
    CardUid uid;
    bool has_factory_key;  ///< by the PICC key's version, a hint
    bool genuine;          ///< the maker's signature fits the UID
    std::optional<IssuedCard> known;
    std::optional<Renewal> of_known;  ///< the renewal of that card
    bool given_up = false;            ///< the ledger knows the chip from a card that is over
    bool line_stopped = false;        ///< too many spoiled cards in a row on this reader
    std::optional<Claimed> next;      ///< the renewal whose turn it is
    BusinessDay today;
};
struct BlankConfirmed {};
struct IntentRecorded {
    WriteAhead proof;
};
struct CardVerified {};
struct CardErased {};  ///< read back differently and deleted again
/// Any failure of the card dialogue.
struct CardFailed {
    Failure failure;
};
struct OutcomeRecorded {};
using Event = std::variant<CardSeen, BlankConfirmed, IntentRecorded, CardVerified, CardErased,
                           CardFailed, OutcomeRecorded>;

// Actions.
struct ConfirmBlank {};
struct RecordStart {
    Claimed claimed;
    CardUid uid;
};
struct RecordResume {
    IssuedCard card;
};
struct WriteBlank {
    WriteAhead proof;
};
struct WriteAgain {
    WriteAhead proof;
};
struct RecordVerified {};
struct RecordTorn {};
struct RecordSpoiled {
    std::string reason;     ///< a stable code
    bool of_reader = true;  ///< counts against the reader's line
};
struct Finish {
    Notice notice;
};
using Action = std::variant<ConfirmBlank, RecordStart, RecordResume, WriteBlank, WriteAgain,
                            RecordVerified, RecordTorn, RecordSpoiled, Finish>;

}  // namespace production

class Production {
  public:
    explicit Production(ProductionPolicy policy) : policy_(policy) {}

    /// What to do now. An event that does not follow is a defect: the card is left alone.
    [[nodiscard]] Result<production::Action> resume(production::Event event);

  private:
    struct AwaitingCard {};
    struct ConfirmingBlank {
        Claimed claimed;
        CardUid uid;
    };
    struct RecordingIntent {
        bool blank;
    };
    struct Writing {};
    struct RecordingOutcome {
        Notice notice;
    };
    using State =
        std::variant<AwaitingCard, ConfirmingBlank, RecordingIntent, Writing, RecordingOutcome>;

    production::Action seen(production::CardSeen card);
    production::Action seen_again(IssuedCard card, const std::optional<Renewal>& renewal);
    production::Action failed(const Failure& failure);
    production::Action finish(Notice notice);
    production::Action record(production::Action action, Notice notice);

    ProductionPolicy policy_;
    State state_ = AwaitingCard{};
};

}  // namespace card::issuance
