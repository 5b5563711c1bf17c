#pragma once
// A counter reader at work: one sitting after the other, each begun by the holder's papers.

#include <variant>

#include "cardformat/desfire/counter.hpp"
#include "reader/host/reader_host.hpp"
#include "station/desk/adopt_errand.hpp"
#include "station/desk/card_tap.hpp"
#include "station/desk/inbox.hpp"
#include "station/desk/reader_view.hpp"
#include "station/desk/void_errand.hpp"
#include "station/issuance/hand_over.hpp"

namespace card::desk {

/// What an operator gives to begin a sitting. What a scanner read is hostile and personal: it is
/// wiped once it was understood.
struct Papers {
    std::optional<std::string> letter_qr;        ///< the code on the letter, as scanned
    std::optional<std::string> old_pass_qr;      ///< the code on the old pass, as scanned
    std::optional<std::string> old_pass_number;  ///< the number on it, read by a person
    Collector collector = Collector::holder;
    std::optional<Approval> approval;
};

class CounterDesk {
  public:
    CounterDesk(Station& station, reader::ReaderHost& reader, ReaderView& view)
        : station_(station),
          reader_(reader),
          view_(view),
          inbox_(station.context),
          changed_(station.context),
          central_(station.context, station.config.central, station.config.station) {}

    /// Serves the counter until the context stops.
    asio::awaitable<void> serve();

    // Each begins a sitting. `follow_refusal` while another one goes on.
    Result<std::int64_t> begin(Papers papers);
    Result<std::int64_t> begin(VoidRequest request);
    Result<std::int64_t> begin(AdoptRequest request);
    /// Ends the sitting where nothing irreversible has begun; else it goes on.
    void cancel();
    /// The same, recorded with what the operator saw.
    void refuse(issuance::OperatorRefusal reason);

    [[nodiscard]] const SittingView& sitting() const { return sitting_; }
    /// Wakes when the sitting's step changed.
    [[nodiscard]] Signal& changed() { return changed_; }

  private:
    struct Begin {
        std::variant<Papers, VoidRequest, AdoptRequest> what;
    };
    /// The operator ends it, for a reason or none.
    struct End {
        std::optional<issuance::OperatorRefusal> reason;
    };
    using DeskEvent = std::variant<reader::ReaderEvent, Begin, End>;
    using Event = issuance::hand_over::Event;
    using Action = issuance::hand_over::Action;

    asio::awaitable<void> forward_reader();
    asio::awaitable<void> handle(DeskEvent happened);
    Result<std::int64_t> open(Begin begin);
    asio::awaitable<void> start(Begin begin);
    asio::awaitable<void> start_hand_over(Papers papers);
    [[nodiscard]] std::unique_ptr<Errand> errand_for(Begin begin);
    asio::awaitable<void> end(std::optional<issuance::OperatorRefusal> reason);
    asio::awaitable<void> serve_card();
    [[nodiscard]] ErrandPlace place();
    /// Gives the machine an event and carries out actions until it waits for a person or is done.
    asio::awaitable<void> advance(Event first);
    /// Nothing where the machine waits for a person, or is done.
    asio::awaitable<Result<std::optional<Event>>> perform(Action action);

    asio::awaitable<Result<Event>> read_papers(Papers papers);
    asio::awaitable<Result<Event>> tap();
    asio::awaitable<Result<Event>> ask_central(IssuedCard card);
    asio::awaitable<Result<Event>> record_authorised(
        issuance::hand_over::RecordAuthorised authorised);
    asio::awaitable<Result<Event>> recall(AttemptId attempt);
    asio::awaitable<Result<Event>> activate(issuance::hand_over::Activate action);
    asio::awaitable<Result<Event>> record_handed_over(AttemptId attempt);
    asio::awaitable<Result<Event>> await_acknowledgement(std::int64_t seq);
    asio::awaitable<Result<Event>> record_refusal(issuance::hand_over::RecordRefusal refusal);

    /// What the card that was served has come to. A code is the central's refusal, or a defect.
    [[nodiscard]] reader::Cue cue() const;
    void show(issuance::Notice notice);
    void tell(observe::EventId event, std::string_view code = {});
    void close(const Failure& failure);

    Station& station_;
    reader::ReaderHost& reader_;
    ReaderView& view_;
    Inbox<DeskEvent> inbox_;
    Signal changed_;
    uplink::CentralClient central_;
    SittingView sitting_;
    std::int64_t sittings_ = 0;
    issuance::HandOver machine_{station_.config.hand_over};
    std::unique_ptr<Errand> errand_;  ///< in place of the hand-over, where it is another sitting
    std::optional<IssuedCard> expected_;  ///< the card of the sitting's renewal
    /// That card, once it was proven on the reader; its application stays selected meanwhile.
    std::optional<desfire::SelectedPass> tapped_;
    KeyGeneration generation_{};  ///< of that card
    bool fresh_card_ = false;     ///< a card lies there that no sitting has seen
};

}  // namespace card::desk
