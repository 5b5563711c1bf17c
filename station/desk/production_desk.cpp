#include "station/desk/production_desk.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "cardformat/credential/pass_credential.hpp"
#include "cardformat/credential/state_file.hpp"
#include "cardformat/desfire/personalise.hpp"
#include "station/desk/card_session.hpp"
#include "station/desk/cue.hpp"
#include "station/desk/inbox.hpp"
#include "station/issuance/plastic.hpp"

namespace card::desk {
namespace {

using namespace observe;
using issuance::Notice;
namespace production = issuance::production;

constexpr std::int64_t queue_ahead = 20;

/// Keeps the other production desks from choosing the same renewal.
class InHand {
  public:
    InHand(Station& station, RenewalId renewal) : station_(station), renewal_(renewal) {
        station_.in_hand.insert(renewal_);
    }
    InHand(const InHand&) = delete;
    InHand& operator=(const InHand&) = delete;
    ~InHand() { station_.in_hand.erase(renewal_); }

  private:
    Station& station_;
    RenewalId renewal_;
};

/// One card on the reader, from its identification to its last record.
struct Job {
    std::optional<InHand> in_hand;
    std::optional<desfire::CardSight> sight;
    std::optional<desfire::BlankCard> blank;
    std::optional<desfire::WriteOrder> order;
    std::optional<AttemptId> attempt;
    std::optional<PassNumber> pass_number;
};

Result<desfire::WriteOrder> write_order(Station& station, const CardUid& uid,
                                        KeyGeneration generation, Bytes credential) {
    auto keys = card_keys(station.vault, station.profile, generation, uid);
    if (!keys) {
        return tl::make_unexpected(keys.error());
    }
    Bytes state = encode_state_file(LifeState::made, credential);
    return desfire::WriteOrder{station.profile, std::move(*keys), std::move(credential),
                               std::move(state)};
}

Result<Bytes> credential_for(Station& station, const Renewal& renewal, AttemptId attempt,
                             const CardUid& uid) {
    const PassCredential credential{"port-office:" + station.config.station,
                                    renewal.pass_number,
                                    renewal.valid_from,
                                    renewal.valid_to,
                                    attempt,
                                    uid,
                                    renewal.old_pass_number,
                                    renewal.port_areas};
    return sign_credential(credential, station.vault.signing_key_id(),
                           [&](BytesView message) { return station.vault.sign(message); });
}

/// The first renewal in the queue that this station holds a claim for and no other desk has chosen.
asio::awaitable<Result<std::optional<issuance::Claimed>>> next_claimed(Station& station, Job& job) {
    auto read = [](ledger::Ledger& ledger) { return ledger.to_produce(queue_ahead); };
    Result<std::vector<Renewal>> queue = co_await station.ledger.run(std::move(read));
    if (!queue) {
        co_return tl::make_unexpected(std::move(queue.error()));
    }
    const auto now = std::chrono::steady_clock::now();
    for (Renewal& renewal : *queue) {
        const auto claim = station.claims.find(renewal.id);
        const bool free = !station.in_hand.contains(renewal.id);
        if (free && claim != station.claims.end() && claim->second.until > now) {
            job.in_hand.emplace(station, renewal.id);
            co_return issuance::Claimed{std::move(renewal), claim->second.epoch};
        }
    }
    co_return std::nullopt;
}

struct Standing {
    bool given_up;
    bool line_stopped;
};

Result<Standing> standing_of(ledger::Ledger& ledger, const CardUid& uid,
                             const std::string& reader) {
    const auto given_up = ledger.was_given_up(uid);
    const auto spoils = ledger.spoils_in_a_row(reader);
    if (!given_up || !spoils) {
        return tl::make_unexpected(given_up ? spoils.error() : given_up.error());
    }
    return Standing{*given_up, issuance::line_is_stopped(*spoils)};
}

asio::awaitable<Result<production::Event>> look_up(Station& station, const ReaderView& view,
                                                   const desfire::CardSight& sight, Job& job) {
    const CardUid uid = sight.presented.uid;
    auto read = [uid](ledger::Ledger& ledger) { return ledger.card_by_uid(uid); };
    Result<std::optional<IssuedCard>> known = co_await station.ledger.run(std::move(read));
    if (!known) {
        co_return tl::make_unexpected(std::move(known.error()));
    }
    production::CardSeen seen{uid,
                              sight.picc_key_version.value == 0,
                              sight.originality == desfire::Originality::genuine,
                              std::move(*known),
                              std::nullopt,
                              false,
                              false,
                              std::nullopt,
                              station.today()};
    if (seen.known) {
        const RenewalId id = seen.known->renewal;
        auto read_renewal = [id](ledger::Ledger& ledger) { return ledger.renewal(id); };
        Result<std::optional<Renewal>> renewal =
            co_await station.ledger.run(std::move(read_renewal));
        if (!renewal) {
            co_return tl::make_unexpected(std::move(renewal.error()));
        }
        if (*renewal) {
            job.pass_number = (*renewal)->pass_number;
        }
        seen.of_known = std::move(*renewal);
    } else {
        Result<std::optional<issuance::Claimed>> next = co_await next_claimed(station, job);
        if (!next) {
            co_return tl::make_unexpected(std::move(next.error()));
        }
        seen.next = std::move(*next);
        auto standing = [uid, reader = view.name](ledger::Ledger& ledger) {
            return standing_of(ledger, uid, reader);
        };
        const Result<Standing> found = co_await station.ledger.run(std::move(standing));
        if (!found) {
            co_return tl::make_unexpected(found.error());
        }
        seen.given_up = found->given_up;
        seen.line_stopped = found->line_stopped;
    }
    co_return production::Event(std::move(seen));
}

/// Carries out one action and gives the event that it came to; nothing after `Finish`. A failure is
/// the ledger's or a defect.
class Performer {
  public:
    Performer(Station& station, reader::ReaderHost& reader, ReaderView& view, Job& job)
        : station_(station), reader_(reader), view_(view), job_(job) {}

    asio::awaitable<Result<production::Event>> perform(production::Action action) {
        if (std::holds_alternative<production::ConfirmBlank>(action)) {
            Result<production::Event> event = co_await confirm_blank();
            co_return event;
        }
        if (auto* start = std::get_if<production::RecordStart>(&action); start != nullptr) {
            issuance::Claimed claimed = std::move(start->claimed);
            Result<production::Event> event = co_await record_start(std::move(claimed));
            co_return event;
        }
        if (auto* resume = std::get_if<production::RecordResume>(&action); resume != nullptr) {
            IssuedCard card = std::move(resume->card);
            Result<production::Event> event = co_await record_resume(std::move(card));
            co_return event;
        }
        if (const auto* blank = std::get_if<production::WriteBlank>(&action); blank != nullptr) {
            const WriteAhead proof = blank->proof;
            Result<production::Event> event = co_await write(proof, true);
            co_return event;
        }
        if (const auto* again = std::get_if<production::WriteAgain>(&action); again != nullptr) {
            const WriteAhead proof = again->proof;
            Result<production::Event> event = co_await write(proof, false);
            co_return event;
        }
        Result<production::Event> event = co_await record_outcome(std::move(action));
        co_return event;
    }

  private:
    asio::awaitable<Result<production::Event>> confirm_blank() {
        auto conversation = desfire::require_blank(station_.random, *job_.sight);
        Result<desfire::BlankCard> blank = co_await drive(reader_, std::move(conversation));
        if (!blank) {
            co_return production::Event(production::CardFailed{std::move(blank.error())});
        }
        job_.blank.emplace(std::move(*blank));
        co_return production::Event(production::BlankConfirmed{});
    }

    asio::awaitable<Result<production::Event>> record_start(issuance::Claimed claimed) {
        const KeyGeneration generation = station_.vault.current_generation();
        const AttemptId attempt{new_uuid(station_.random, station_.clock.now())};
        Result<Bytes> credential =
            credential_for(station_, claimed.renewal, attempt, job_.sight->presented.uid);
        if (!credential) {
            co_return tl::make_unexpected(std::move(credential.error()));
        }
        Result<desfire::WriteOrder> order =
            write_order(station_, job_.sight->presented.uid, generation, *credential);
        if (!order) {
            co_return tl::make_unexpected(std::move(order.error()));
        }
        job_.order.emplace(std::move(*order));
        job_.attempt = attempt;
        job_.pass_number = claimed.renewal.pass_number;
        ledger::StartedAttempt started{attempt,          claimed.renewal.id,
                                       claimed.epoch,    job_.sight->presented.uid,
                                       generation.value, std::move(*credential)};
        auto act = [started = std::move(started)](ledger::Ledger& ledger) {
            return ledger.start_attempt(started);
        };
        Result<WriteAhead> proof = co_await station_.ledger.run(std::move(act));
        if (!proof) {
            co_return tl::make_unexpected(std::move(proof.error()));
        }
        station_.claims.erase(claimed.renewal.id);
        tell(EventId::card_started);
        for (const std::string& odd : issuance::oddities(claimed.renewal)) {
            station_.log.tell(EventId::data_odd,
                              {pass_field(claimed.renewal.pass_number), code_field(odd)});
        }
        co_return begun(*proof);
    }

    asio::awaitable<Result<production::Event>> record_resume(IssuedCard card) {
        Result<desfire::WriteOrder> order = write_order(
            station_, card.uid, KeyGeneration{card.key_generation}, std::move(card.credential));
        if (!order) {
            co_return tl::make_unexpected(std::move(order.error()));
        }
        job_.order.emplace(std::move(*order));
        job_.attempt = card.attempt;
        const AttemptId attempt = card.attempt;
        auto act = [attempt](ledger::Ledger& ledger) { return ledger.resume_attempt(attempt); };
        Result<WriteAhead> proof = co_await station_.ledger.run(std::move(act));
        if (!proof) {
            co_return tl::make_unexpected(std::move(proof.error()));
        }
        tell(EventId::card_resumed);
        co_return begun(*proof);
    }

    production::Event begun(WriteAhead proof) {
        view_.notice = Notice::writing_card;
        view_.pass_number = job_.pass_number;
        station_.owed.notify();
        return production::IntentRecorded{proof};
    }

    asio::awaitable<Result<production::Event>> write(WriteAhead proof, bool blank) {
        desfire::WriteOrder order = std::move(*job_.order);
        std::optional<desfire::Conversation<Result<desfire::WriteOutcome>>> conversation;
        if (blank) {
            conversation.emplace(desfire::personalise(station_.random, std::move(*job_.blank),
                                                      proof, std::move(order)));
        } else {
            conversation.emplace(desfire::resume_personalisation(station_.random, *job_.sight,
                                                                 proof, std::move(order)));
        }
        Result<desfire::WriteOutcome> outcome = co_await drive(reader_, std::move(*conversation));
        if (!outcome) {
            detail_ = outcome.error().detail;
            co_return production::Event(production::CardFailed{std::move(outcome.error())});
        }
        co_return *outcome == desfire::WriteOutcome::verified
            ? production::Event(production::CardVerified{})
            : production::Event(production::CardErased{});
    }

    asio::awaitable<Result<production::Event>> record_outcome(production::Action action) {
        const AttemptId attempt = *job_.attempt;
        std::string reason;
        std::string reader = view_.name;
        EventId event = EventId::card_verified;
        if (const auto* spoiled = std::get_if<production::RecordSpoiled>(&action);
            spoiled != nullptr) {
            reason = spoiled->reason;
            reader = spoiled->of_reader ? view_.name : std::string();
            event = EventId::card_spoiled;
        } else if (std::holds_alternative<production::RecordTorn>(action)) {
            event = EventId::card_torn;
        }
        auto act = [attempt, event, reason, reader](ledger::Ledger& ledger) {
            if (event == EventId::card_spoiled) {
                return ledger.record_spoiled(attempt, reason, reader);
            }
            return event == EventId::card_torn ? ledger.record_torn(attempt)
                                               : ledger.record_verified(attempt, reader);
        };
        Result<void> recorded = co_await station_.ledger.run(std::move(act));
        if (!recorded) {
            co_return tl::make_unexpected(std::move(recorded.error()));
        }
        station_.owed.notify();
        station_.work.notify();
        tell(event);
        if (event == EventId::card_spoiled && !reader.empty()) {
            Result<void> looked = co_await look_at_line();
            if (!looked) {
                co_return tl::make_unexpected(std::move(looked.error()));
            }
        }
        co_return production::Event(production::OutcomeRecorded{});
    }

    /// Tells once that the reader begins no more cards.
    asio::awaitable<Result<void>> look_at_line() {
        auto count = [reader = view_.name](ledger::Ledger& ledger) {
            return ledger.spoils_in_a_row(reader);
        };
        const Result<std::int64_t> spoils = co_await station_.ledger.run(std::move(count));
        if (!spoils) {
            co_return tl::make_unexpected(spoils.error());
        }
        if (*spoils == issuance::spoils_that_stop_a_line) {
            station_.log.tell(EventId::line_stopped,
                              {reader_field(view_.name), count_field(*spoils)});
        }
        co_return Result<void>();
    }

    void tell(EventId event) {
        station_.log.tell(event, {pass_field(*job_.pass_number), attempt_field(*job_.attempt),
                                  reader_field(view_.name), detail_field(detail_)});
    }

    Station& station_;
    reader::ReaderHost& reader_;
    ReaderView& view_;
    Job& job_;
    std::string detail_;  ///< why the card dialogue failed, for the log
};

/// Tells when room runs out, and when it is back.
asio::awaitable<Result<void>> look_for_room(Station& station) {
    auto look = [](ledger::Ledger& ledger) { return Result<bool>(ledger.has_room()); };
    const Result<bool> room = co_await station.ledger.run(std::move(look));
    if (!room) {
        co_return tl::make_unexpected(room.error());
    }
    if (!*room && !station.no_new_cards) {
        station.no_new_cards = Notice::ledger_needs_room;
        station.log.tell(EventId::ledger_room_low);
    }
    if (*room && station.no_new_cards == Notice::ledger_needs_room) {
        station.no_new_cards.reset();
        station.log.tell(EventId::ledger_room_back);
    }
    co_return Result<void>();
}

asio::awaitable<Result<Notice>> run_job(Station& station, reader::ReaderHost& reader,
                                        ReaderView& view, Job& job) {
    issuance::Production machine(station.config.production);
    Result<production::Event> event = co_await look_up(station, view, *job.sight, job);
    Performer performer(station, reader, view, job);
    if (event && std::get<production::CardSeen>(*event).known) {
        job.attempt = std::get<production::CardSeen>(*event).known->attempt;
    } else if (event) {
        const Result<void> looked = co_await look_for_room(station);
        if (!looked) {
            co_return tl::make_unexpected(looked.error());
        }
        if (station.no_new_cards) {
            co_return *station.no_new_cards;
        }
    }
    while (event) {
        Result<production::Action> action = machine.resume(std::move(*event));
        if (!action) {
            co_return tl::make_unexpected(std::move(action.error()));
        }
        if (const auto* finish = std::get_if<production::Finish>(&*action); finish != nullptr) {
            co_return finish->notice;
        }
        production::Action next = std::move(*action);
        event = co_await performer.perform(std::move(next));
    }
    co_return tl::make_unexpected(std::move(event.error()));
}

/// The notice of a card that could not even be identified.
Notice notice_of(const Failure& failure) {
    return failure.fault == Fault::present_same_card_again ? Notice::place_blank_card
                                                           : Notice::card_is_foreign;
}

/// With the pass number, where the card on the reader has one.
void tell_about(Station& station, const Job& job, EventId event, std::vector<Field> fields) {
    if (job.pass_number) {
        fields.push_back(pass_field(*job.pass_number));
    }
    station.log.tell(event, fields);
}

asio::awaitable<void> serve_card(Station& station, reader::ReaderHost& reader, ReaderView& view) {
    view.pass_number.reset();
    const Result<reader::FrameSize> connected = co_await reader.connect();
    if (!connected) {
        view.notice = notice_of(connected.error());
        co_return;
    }
    auto identification = desfire::identify(desfire::FrameLimit::of_frame(connected->value));
    Result<desfire::CardSight> sight = co_await drive(reader, std::move(identification));
    Job job;
    Result<Notice> notice = Notice::card_is_foreign;
    if (sight) {
        job.sight.emplace(*sight);
        notice = co_await run_job(station, reader, view, job);
    } else {
        notice = notice_of(sight.error());
    }
    const reader::Cue cue = notice ? cue_of(*notice) : reader::Cue::refusal;
    co_await reader.disconnect(reader::Disposition::reset, cue);
    if (!notice) {
        if (notice.error().fault == Fault::stop_station) {
            station.stop_for(notice.error());
        }
        tell_about(station, job, EventId::defect_found,
                   {reader_field(view.name), detail_field(notice.error().detail)});
        view.trouble = notice.error().fault;
        co_return;
    }
    view.notice = *notice;
    view.pass_number = job.pass_number;
    const bool refused = !job.attempt && *notice != Notice::no_renewal_waiting;
    if (refused) {
        tell_about(station, job, EventId::card_refused,
                   {reader_field(view.name), notice_field(*notice)});
    }
}

struct WorkArrived {};
using DeskEvent = std::variant<reader::ReaderEvent, WorkArrived>;

asio::awaitable<void> forward_reader(reader::ReaderHost& reader, Inbox<DeskEvent>& inbox) {
    while (true) {
        reader::ReaderEvent event = co_await reader.next_event();
        inbox.push(std::move(event));
    }
}

asio::awaitable<void> forward_work(Station& station, Inbox<DeskEvent>& inbox) {
    while (true) {
        co_await station.work.wait();
        inbox.push(WorkArrived{});
    }
}

}  // namespace

asio::awaitable<void> produce_cards(Station& station, reader::ReaderHost& reader,
                                    ReaderView& view) {
    Inbox<DeskEvent> inbox(station.context);
    asio::co_spawn(station.context, forward_reader(reader, inbox), asio::detached);
    asio::co_spawn(station.context, forward_work(station, inbox), asio::detached);
    view.notice = Notice::place_blank_card;
    while (!station.fatal) {
        const DeskEvent event = co_await inbox.pop();
        bool serve = false;
        if (const auto* happened = std::get_if<reader::ReaderEvent>(&event); happened != nullptr) {
            serve = note_reader_event(station, view, *happened);
            if (std::holds_alternative<reader::CardRemoved>(*happened) &&
                view.notice != Notice::put_same_card_back) {
                view.notice = Notice::place_blank_card;
                view.pass_number.reset();
            }
        } else {
            // A blank that lies there and found nothing to do gets its turn.
            serve = view.card_present && (view.notice == Notice::no_renewal_waiting ||
                                          view.notice == Notice::line_stopped);
        }
        if (serve) {
            co_await serve_card(station, reader, view);
        }
    }
}

}  // namespace card::desk
