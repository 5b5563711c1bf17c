#include "station/desk/counter_desk.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "cardformat/credential/letter_qr.hpp"
#include "cardformat/credential/pass_credential.hpp"
#include "cardformat/credential/state_file.hpp"
#include "station/desk/card_session.hpp"
#include "station/desk/cue.hpp"

namespace card::desk {
namespace {

using namespace std::chrono_literals;
using namespace observe;
using issuance::Notice;
namespace hand_over = issuance::hand_over;

/// How long an operator is shown "waiting" before the outbox goes on alone.
constexpr auto acknowledgement_patience = 30s;
constexpr auto acknowledgement_check = 1s;
constexpr int authorisation_tries = 2;

/// The same attempt and card ask with the same key, so a lost answer is asked for again.
Uuid authorisation_key(const IssuedCard& card) {
    Bytes named(card.attempt.value.octets().begin(), card.attempt.value.octets().end());
    append(named, card.uid.octets());
    append(named, as_bytes("hand-over"));
    return Uuid::v8_from_hash(sha256(named));
}

/// The central's keys for letters, those that have the form of a point.
TrustList trust_list_of(const wire::LetterKeys& keys) {
    TrustList trusted;
    for (const Bytes& octets : keys.points) {
        P256Point point{};
        if (octets.size() == point.size()) {
            std::copy(octets.begin(), octets.end(), point.begin());
            trusted.push_back(point);
        }
    }
    return trusted;
}

Result<std::optional<hand_over::OfLedger>> with_card(ledger::Ledger& ledger,
                                                     const TrustList& trusted,
                                                     Result<std::optional<Renewal>> renewal) {
    if (!renewal) {
        return tl::make_unexpected(std::move(renewal.error()));
    }
    if (!*renewal) {
        return std::optional<hand_over::OfLedger>();
    }
    auto card = ledger.card_of((*renewal)->id);
    if (!card) {
        return tl::make_unexpected(std::move(card.error()));
    }
    bool fits = true;
    if (*card) {
        const auto credential = verify_credential((*card)->credential, trusted);
        fits = credential && carries(*credential, **renewal);
    }
    return std::optional(hand_over::OfLedger{std::move(**renewal), std::move(*card), fits});
}

/// The ledger's part of what was shown.
Result<hand_over::PapersShown> look_up(ledger::Ledger& ledger, const TrustList& trusted,
                                       hand_over::PapersShown shown) {
    if (shown.letter && *shown.letter) {
        auto found = with_card(ledger, trusted, ledger.renewal((*shown.letter)->renewal));
        const auto served = ledger.serves((*shown.letter)->pickup_port);
        if (!found || !served) {
            return tl::make_unexpected(found ? served.error() : found.error());
        }
        shown.of_letter = std::move(*found);
        shown.port_served = *served;
    }
    if (shown.old_pass && *shown.old_pass) {
        auto found = with_card(ledger, trusted, ledger.renewal_of_old_pass(**shown.old_pass));
        if (!found) {
            return tl::make_unexpected(found.error());
        }
        shown.of_old_pass = std::move(*found);
    }
    return shown;
}

}  // namespace

Result<std::int64_t> CounterDesk::begin(Papers papers) {
    return open(Begin{std::move(papers)});
}

Result<std::int64_t> CounterDesk::begin(VoidRequest request) {
    return open(Begin{std::move(request)});
}

Result<std::int64_t> CounterDesk::begin(AdoptRequest request) {
    return open(Begin{std::move(request)});
}

Result<std::int64_t> CounterDesk::open(Begin begin) {
    if (!sitting_.finished) {
        return fail(Fault::follow_refusal, "something else is going on at this counter");
    }
    sitting_ = SittingView{};
    sitting_.id = ++sittings_;
    sitting_.finished = false;
    inbox_.push(std::move(begin));
    return sitting_.id;
}

void CounterDesk::cancel() {
    inbox_.push(End{});
}

void CounterDesk::refuse(issuance::OperatorRefusal reason) {
    inbox_.push(End{reason});
}

asio::awaitable<void> CounterDesk::forward_reader() {
    while (true) {
        reader::ReaderEvent event = co_await reader_.next_event();
        inbox_.push(std::move(event));
    }
}

asio::awaitable<void> CounterDesk::serve() {
    asio::co_spawn(station_.context, forward_reader(), asio::detached);
    while (!station_.fatal) {
        DeskEvent happened = co_await inbox_.pop();
        co_await handle(std::move(happened));
    }
}

asio::awaitable<void> CounterDesk::handle(DeskEvent happened) {
    if (auto* begin = std::get_if<Begin>(&happened); begin != nullptr) {
        Begin wanted = std::move(*begin);
        co_await start(std::move(wanted));
    } else if (const auto* event = std::get_if<reader::ReaderEvent>(&happened); event != nullptr) {
        if (note_reader_event(station_, view_, *event)) {
            fresh_card_ = true;
        }
        if (std::holds_alternative<reader::CardRemoved>(*event)) {
            fresh_card_ = false;
        }
    } else if (!sitting_.finished) {
        const auto reason = std::get<End>(happened).reason;
        co_await end(reason);
    }
    while (fresh_card_ && !sitting_.finished && !station_.fatal) {
        fresh_card_ = false;
        co_await serve_card();
        const reader::Cue heard = cue();
        co_await reader_.disconnect(reader::Disposition::reset, heard);
    }
}

reader::Cue CounterDesk::cue() const {
    if (!sitting_.code.empty()) {
        return reader::Cue::refusal;
    }
    return sitting_.notice ? cue_of(*sitting_.notice) : reader::Cue::none;
}

asio::awaitable<void> CounterDesk::start(Begin begin) {
    errand_.reset();
    if (auto* papers = std::get_if<Papers>(&begin.what); papers != nullptr) {
        Papers shown = std::move(*papers);
        co_await start_hand_over(std::move(shown));
        co_return;
    }
    machine_ = issuance::HandOver(station_.config.hand_over);
    errand_ = errand_for(std::move(begin));
    const Result<void> begun = co_await errand_->begin();
    if (!begun) {
        close(begun.error());
    }
}

std::unique_ptr<Errand> CounterDesk::errand_for(Begin begin) {
    if (auto* request = std::get_if<VoidRequest>(&begin.what); request != nullptr) {
        return void_errand(place(), std::move(*request));
    }
    return adopt_errand(place(), std::move(std::get<AdoptRequest>(begin.what)));
}

asio::awaitable<void> CounterDesk::start_hand_over(Papers papers) {
    machine_ = issuance::HandOver(station_.config.hand_over);
    Result<Event> read = co_await read_papers(std::move(papers));
    if (!read) {
        close(read.error());
        co_return;
    }
    Event event = std::move(*read);
    co_await advance(std::move(event));
}

asio::awaitable<void> CounterDesk::end(std::optional<issuance::OperatorRefusal> reason) {
    if (errand_) {
        const Result<void> cancelled = co_await errand_->cancelled();
        if (!cancelled) {
            close(cancelled.error());
        }
        co_return;
    }
    Event ended = hand_over::Cancelled{};
    if (reason) {
        ended = hand_over::OperatorRefused{*reason};
    }
    co_await advance(std::move(ended));
}

asio::awaitable<void> CounterDesk::serve_card() {
    if (errand_) {
        const Result<void> tapped = co_await errand_->tapped();
        if (!tapped) {
            close(tapped.error());
        }
        co_return;
    }
    Result<Event> tapped = co_await tap();
    if (!tapped) {
        close(tapped.error());
        co_return;
    }
    Event event = std::move(*tapped);
    co_await advance(std::move(event));
}

ErrandPlace CounterDesk::place() {
    return {station_, reader_, view_.name, [this](ErrandStep step) {
                sitting_.pass_number = std::move(step.pass_number);
                sitting_.finished = step.last;
                sitting_.code = std::move(step.code);
                show(step.notice);
            }};
}

asio::awaitable<void> CounterDesk::advance(Event first) {
    std::optional<Event> event(std::move(first));
    while (event) {
        Result<Action> action = machine_.resume(std::move(*event));
        if (!action) {
            close(action.error());
            co_return;
        }
        Action next = std::move(*action);
        Result<std::optional<Event>> outcome = co_await perform(std::move(next));
        if (!outcome) {
            close(outcome.error());
            co_return;
        }
        event = std::move(*outcome);
    }
}

asio::awaitable<Result<std::optional<CounterDesk::Event>>> CounterDesk::perform(Action action) {
    sitting_.pass_number = machine_.pass_number();
    if (const auto* wait = std::get_if<hand_over::WaitForCard>(&action); wait != nullptr) {
        if (wait->notice == Notice::tap_new_card) {
            tell(EventId::hand_over_begun);
        }
        show(wait->notice);
        co_return std::nullopt;
    }
    if (const auto* finish = std::get_if<hand_over::Finish>(&action); finish != nullptr) {
        sitting_.finished = true;
        sitting_.port = finish->port;
        if (finish->notice == Notice::handed_over) {
            tell(EventId::hand_over_acknowledged);
        } else {
            std::vector<Field> fields{reader_field(view_.name), notice_field(finish->notice)};
            if (sitting_.pass_number) {
                fields.push_back(pass_field(*sitting_.pass_number));
            }
            if (finish->port) {
                fields.push_back(code_field(finish->port->text()));
            }
            station_.log.tell(EventId::hand_over_ended, fields);
        }
        show(finish->notice);
        co_return std::nullopt;
    }
    Result<Event> event = fail(Fault::report_defect, "hand-over: an action without a hand");
    if (auto* ask = std::get_if<hand_over::AskCentral>(&action); ask != nullptr) {
        IssuedCard card = std::move(ask->card);
        event = co_await ask_central(std::move(card));
    } else if (auto* granted = std::get_if<hand_over::RecordAuthorised>(&action);
               granted != nullptr) {
        hand_over::RecordAuthorised authorised = std::move(*granted);
        event = co_await record_authorised(std::move(authorised));
    } else if (const auto* before = std::get_if<hand_over::RecallAuthorised>(&action);
               before != nullptr) {
        event = co_await recall(before->attempt);
    } else if (auto* go = std::get_if<hand_over::Activate>(&action); go != nullptr) {
        hand_over::Activate activation = std::move(*go);
        event = co_await activate(std::move(activation));
    } else if (const auto* handed = std::get_if<hand_over::RecordHandedOver>(&action);
               handed != nullptr) {
        event = co_await record_handed_over(handed->attempt);
    } else if (const auto* await = std::get_if<hand_over::AwaitAcknowledgement>(&action);
               await != nullptr) {
        event = co_await await_acknowledgement(await->seq);
    } else if (auto* refused = std::get_if<hand_over::RecordRefusal>(&action); refused != nullptr) {
        hand_over::RecordRefusal refusal = std::move(*refused);
        event = co_await record_refusal(std::move(refusal));
    }
    co_return event.map([](Event happened) { return std::optional(std::move(happened)); });
}

asio::awaitable<Result<CounterDesk::Event>> CounterDesk::read_papers(Papers papers) {
    hand_over::PapersShown shown;
    shown.collector = papers.collector;
    shown.approval = std::move(papers.approval);
    shown.today = station_.today();
    expected_.reset();
    tapped_.reset();
    if (papers.old_pass_qr) {
        shown.old_pass = recognise_old_pass(*papers.old_pass_qr, station_.config.old_pass_forms);
        wipe_octets(*papers.old_pass_qr);
    } else if (papers.old_pass_number) {
        shown.old_pass = PassNumber::parse(*papers.old_pass_number);
        shown.read_by_eye = true;
    }
    if (papers.letter_qr) {
        auto read = [](ledger::Ledger& ledger) { return ledger.letter_keys(); };
        const Result<wire::LetterKeys> keys = co_await station_.ledger.run(std::move(read));
        if (!keys) {
            co_return tl::make_unexpected(keys.error());
        }
        shown.letter = read_letter_qr(*papers.letter_qr, trust_list_of(*keys));
        wipe_octets(*papers.letter_qr);
    }
    auto find = [shown = std::move(shown), trusted = station_.vault.trust_list()](
                    ledger::Ledger& ledger) { return look_up(ledger, trusted, shown); };
    Result<hand_over::PapersShown> found = co_await station_.ledger.run(std::move(find));
    if (!found) {
        co_return tl::make_unexpected(std::move(found.error()));
    }
    const auto& of = found->of_letter ? found->of_letter : found->of_old_pass;
    if (of) {
        expected_ = of->card;
    }
    co_return Event(std::move(*found));
}

asio::awaitable<Result<CounterDesk::Event>> CounterDesk::tap() {
    const ExpectedCard expected{expected_->uid, KeyGeneration{expected_->key_generation}};
    Result<std::optional<CardTap>> tap = co_await read_tap(station_, reader_, expected);
    if (!tap) {
        co_return tl::make_unexpected(std::move(tap.error()));
    }
    if (!*tap) {
        co_return Event(hand_over::CardLost{});
    }
    hand_over::CardTapped tapped{(*tap)->presented.uid, std::nullopt, std::nullopt};
    const auto& pass = (*tap)->pass;
    if (pass && pass->octets == expected_->credential) {
        tapped.proven = pass->credential.pass_number;
        tapped.life = pass->life;
        tapped_ = pass->selected;
        generation_ = pass->generation;
    }
    co_return Event(std::move(tapped));
}

asio::awaitable<Result<CounterDesk::Event>> CounterDesk::ask_central(IssuedCard card) {
    show(Notice::asking_central);
    for (int tries = 0; tries < authorisation_tries; ++tries) {
        wire::AuthorisationRequest request{station_.config.station, card.attempt, card.epoch,
                                           card.uid};
        Result<uplink::AuthorisationOutcome> outcome =
            co_await central_.authorise(card.renewal, authorisation_key(card), std::move(request));
        if (!outcome) {
            continue;
        }
        if (const auto* granted = std::get_if<wire::Authorisation>(&*outcome); granted != nullptr) {
            co_return Event(hand_over::Authorised{granted->id});
        }
        const wire::Problem& problem = std::get<wire::Problem>(*outcome);
        sitting_.code = problem.code;
        co_return Event(hand_over::AuthorisationRefused{problem.code});
    }
    co_return Event(hand_over::CentralAway{});
}

asio::awaitable<Result<CounterDesk::Event>> CounterDesk::record_authorised(
    hand_over::RecordAuthorised authorised) {
    const std::optional<Approval> approval = authorised.evidence.approval;
    auto act = [authorised = std::move(authorised)](ledger::Ledger& ledger) {
        return ledger.record_authorised(authorised.attempt, authorised.authorisation,
                                        authorised.evidence);
    };
    Result<WriteAhead> proof = co_await station_.ledger.run(std::move(act));
    if (!proof) {
        co_return tl::make_unexpected(std::move(proof.error()));
    }
    tell(EventId::hand_over_authorised);
    if (approval) {
        station_.log.tell(EventId::hand_over_waived,
                          {pass_field(*machine_.pass_number()), reader_field(view_.name),
                           code_field(name(approval->reason)), staff_field(approval->supervisor)});
    }
    expected_->stage = CardStage::authorised;
    co_return Event(hand_over::AuthorisationRecorded{*proof});
}

asio::awaitable<Result<CounterDesk::Event>> CounterDesk::recall(AttemptId attempt) {
    auto act = [attempt](ledger::Ledger& ledger) { return ledger.authorised_before(attempt); };
    Result<WriteAhead> proof = co_await station_.ledger.run(std::move(act));
    if (!proof) {
        co_return tl::make_unexpected(std::move(proof.error()));
    }
    co_return Event(hand_over::AuthorisationRecorded{*proof});
}

asio::awaitable<Result<CounterDesk::Event>> CounterDesk::activate(hand_over::Activate action) {
    show(Notice::activating_card);
    Result<desfire::CardKeys> keys =
        card_keys(station_.vault, station_.profile, generation_, action.card.uid);
    if (!keys) {
        co_return tl::make_unexpected(std::move(keys.error()));
    }
    desfire::StateChange change{std::move(keys->station_update), std::move(keys->gate_read),
                                encode_state_file(LifeState::made, action.card.credential),
                                encode_state_file(LifeState::active, action.card.credential)};
    auto conversation =
        desfire::change_state(station_.random, *tapped_, action.proof, std::move(change));
    Result<void> changed = co_await drive(reader_, std::move(conversation));
    if (!changed) {
        tell(EventId::hand_over_interrupted, changed.error().detail);
        co_return Event(hand_over::ActivationFailed{std::move(changed.error())});
    }
    co_return Event(hand_over::Activated{});
}

asio::awaitable<Result<CounterDesk::Event>> CounterDesk::record_handed_over(AttemptId attempt) {
    auto act = [attempt](ledger::Ledger& ledger) { return ledger.record_handed_over(attempt); };
    Result<std::int64_t> seq = co_await station_.ledger.run(std::move(act));
    if (!seq) {
        co_return tl::make_unexpected(std::move(seq.error()));
    }
    station_.owed.notify();
    tell(EventId::hand_over_done);
    co_return Event(hand_over::HandedOverRecorded{*seq});
}

asio::awaitable<Result<CounterDesk::Event>> CounterDesk::await_acknowledgement(std::int64_t seq) {
    show(Notice::waiting_for_acknowledgement);
    const auto deadline = std::chrono::steady_clock::now() + acknowledgement_patience;
    while (std::chrono::steady_clock::now() < deadline) {
        auto read = [seq](ledger::Ledger& ledger) { return ledger.is_acknowledged(seq); };
        Result<bool> known = co_await station_.ledger.run(std::move(read));
        if (!known) {
            co_return tl::make_unexpected(std::move(known.error()));
        }
        if (*known) {
            co_return Event(hand_over::Acknowledged{});
        }
        co_await station_.acknowledged.wait_for(acknowledgement_check);
    }
    co_return Event(hand_over::AcknowledgementLate{});
}

asio::awaitable<Result<CounterDesk::Event>> CounterDesk::record_refusal(
    hand_over::RecordRefusal refusal) {
    const std::string reason = refusal.reason;
    auto act = [refusal = std::move(refusal)](ledger::Ledger& ledger) {
        return ledger.record_refusal(refusal.renewal, refusal.reason);
    };
    Result<void> recorded = co_await station_.ledger.run(std::move(act));
    if (!recorded) {
        co_return tl::make_unexpected(std::move(recorded.error()));
    }
    station_.owed.notify();
    tell(EventId::hand_over_refused, reason);
    co_return Event(hand_over::RefusalRecorded{});
}

void CounterDesk::show(Notice notice) {
    view_.notice = notice;
    view_.pass_number = sitting_.pass_number;
    sitting_.notice = notice;
    ++sitting_.step;
    changed_.notify();
}

void CounterDesk::tell(EventId event, std::string_view code) {
    if (const auto number = machine_.pass_number()) {
        station_.log.tell(event, {pass_field(*number), reader_field(view_.name), code_field(code)});
    }
}

void CounterDesk::close(const Failure& failure) {
    if (failure.fault == Fault::stop_station) {
        station_.stop_for(failure);
    }
    std::vector<Field> fields{reader_field(view_.name), detail_field(failure.detail)};
    if (const auto number = machine_.pass_number()) {
        fields.push_back(pass_field(*number));
    }
    station_.log.tell(EventId::defect_found, fields);
    view_.trouble = failure.fault;
    sitting_.finished = true;
    sitting_.code = name(failure.fault);
    ++sitting_.step;
    changed_.notify();
}

}  // namespace card::desk
