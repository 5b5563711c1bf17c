#include "station/desk/uplink_loops.hpp"

#include <algorithm>
#include <array>

#include <boost/asio/redirect_error.hpp>

#include "sync/uplink/backoff.hpp"

namespace card::desk {
namespace {

using namespace std::chrono_literals;
using namespace observe;

constexpr std::int64_t claim_batch = 50;
constexpr auto first_delay = 500ms;
constexpr auto longest_delay = std::chrono::duration_cast<std::chrono::milliseconds>(5min);
constexpr auto poll_wait = 20s;
/// How long letter keys are taken as the central's newest.
constexpr auto letter_keys_kept = 1h;
constexpr auto certificate_notice = std::chrono::days(30);
constexpr auto certificate_check = 24h;

std::uint64_t draw(RandomSource& random) {
    std::array<std::uint8_t, 8> octets{};
    random.fill(octets);
    std::uint64_t value = 0;
    for (const std::uint8_t octet : octets) {
        value = value << 8U | octet;
    }
    return value;
}

/// As long as the back-off says, and no shorter than the central asked for.
asio::awaitable<void> pause(Station& station, uplink::Backoff& backoff,
                            std::chrono::seconds asked_for) {
    const std::chrono::milliseconds delay = backoff.next(draw(station.random));
    asio::steady_timer timer(station.context,
                             std::max<std::chrono::milliseconds>(delay, asked_for));
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void central_answers(Station& station) {
    station.central_trouble.clear();
    if (!station.central_reachable) {
        station.central_reachable = true;
        station.log.tell(EventId::central_reached);
    }
}

void central_fails(Station& station, const Failure& failure) {
    if (failure.fault == Fault::follow_refusal) {
        station.log.tell(EventId::central_answer_refused, {detail_field(failure.detail)});
        return;
    }
    // From the first failure on, and again where the reason becomes or stops being a certificate.
    const bool unproven = failure.fault == Fault::correct_configuration;
    const std::string trouble = unproven ? failure.detail : "away";
    station.central_reachable = false;
    if (station.central_trouble != trouble) {
        station.central_trouble = trouble;
        station.log.tell(unproven ? EventId::central_unproven : EventId::central_away,
                         {detail_field(failure.detail)});
    }
}

/// Asks for all that may be produced and is not claimed yet.
asio::awaitable<Result<void>> claim_open_renewals(Station& station,
                                                  uplink::CentralClient& central) {
    auto read = [](ledger::Ledger& ledger) { return ledger.to_produce(claim_batch); };
    Result<std::vector<Renewal>> open = co_await station.ledger.run(std::move(read));
    if (!open) {
        station.stop_for(open.error());
        co_return tl::make_unexpected(open.error());
    }
    wire::ClaimRequest request;
    request.claim_id = new_uuid(station.random, station.clock.now());
    const auto asked_at = std::chrono::steady_clock::now();
    std::map<RenewalId, PassNumber> numbers;
    for (const Renewal& renewal : *open) {
        const auto held = station.claims.find(renewal.id);
        if (held == station.claims.end() || held->second.until <= asked_at) {
            request.renewals.push_back(renewal.id);
            numbers.emplace(renewal.id, renewal.pass_number);
        }
    }
    if (request.renewals.empty()) {
        co_return Result<void>();
    }
    Result<wire::ClaimAnswer> answer = co_await central.claim(std::move(request));
    if (!answer) {
        co_return tl::make_unexpected(std::move(answer.error()));
    }
    for (const wire::ClaimGranted& granted : answer->granted) {
        if (const auto number = numbers.find(granted.renewal); number != numbers.end()) {
            station.claims[granted.renewal] = {granted.epoch,
                                               asked_at + std::chrono::seconds(granted.lease_s)};
            station.log.tell(EventId::renewal_claimed, {pass_field(number->second)});
        }
    }
    for (const wire::ClaimRefused& refused : answer->refused) {
        if (const auto number = numbers.find(refused.renewal); number != numbers.end()) {
            station.log.tell(EventId::claim_refused,
                             {pass_field(number->second), code_field(refused.code)});
        }
    }
    station.work.notify();
    co_return Result<void>();
}

/// A ledger that lacks what the central has of it is an older state of the file, put back. Cards
/// may have been written that it does not know: nothing new is begun and no fact is sent.
asio::awaitable<Result<void>> compare_with_central(Station& station,
                                                   uplink::CentralClient& central) {
    auto read = [](ledger::Ledger& ledger) { return Result<Uuid>(ledger.incarnation()); };
    const Result<Uuid> incarnation = co_await station.ledger.run(std::move(read));
    if (!incarnation) {
        station.stop_for(incarnation.error());
        co_return tl::make_unexpected(incarnation.error());
    }
    Result<wire::Acknowledged> known = co_await central.acknowledged(*incarnation);
    if (!known) {
        co_return tl::make_unexpected(std::move(known.error()));
    }
    central_answers(station);
    const std::int64_t seq = known->seq;
    auto compare = [known = std::move(*known)](ledger::Ledger& ledger) {
        return ledger.includes(known);
    };
    const Result<bool> includes = co_await station.ledger.run(std::move(compare));
    if (!includes) {
        station.stop_for(includes.error());
        co_return tl::make_unexpected(includes.error());
    }
    if (!*includes) {
        station.no_new_cards = issuance::Notice::ledger_is_behind;
        station.log.tell(EventId::ledger_behind, {seq_field(seq)});
    }
    station.compared = true;
    station.compared_now.notify();
    co_return Result<void>();
}

/// Letters are verified without the central, so its keys are fetched ahead and kept.
asio::awaitable<Result<void>> fetch_letter_keys(Station& station, uplink::CentralClient& central) {
    const auto now = std::chrono::steady_clock::now();
    if (now < station.letter_keys_until) {
        co_return Result<void>();
    }
    Result<wire::LetterKeys> keys = co_await central.letter_keys();
    if (!keys) {
        co_return tl::make_unexpected(std::move(keys.error()));
    }
    const auto count = static_cast<std::int64_t>(keys->points.size());
    auto store = [keys = std::move(*keys)](ledger::Ledger& ledger) {
        return ledger.store_letter_keys(keys);
    };
    const Result<bool> changed = co_await station.ledger.run(std::move(store));
    if (!changed) {
        station.stop_for(changed.error());
        co_return tl::make_unexpected(changed.error());
    }
    if (*changed) {
        station.log.tell(EventId::letter_keys_stored, {count_field(count)});
    }
    station.letter_keys_until = now + letter_keys_kept;
    co_return Result<void>();
}

/// What is known is compared and claimed first: the poll after it may wait long for news.
asio::awaitable<Result<void>> pull_once(Station& station, uplink::CentralClient& central) {
    if (!station.compared) {
        Result<void> compared = co_await compare_with_central(station, central);
        if (!compared) {
            co_return compared;
        }
    }
    Result<void> fetched = co_await fetch_letter_keys(station, central);
    if (!fetched) {
        co_return fetched;
    }
    if (!station.no_new_cards) {
        Result<void> claimed = co_await claim_open_renewals(station, central);
        if (!claimed) {
            co_return claimed;
        }
    }
    auto read = [](ledger::Ledger& ledger) { return ledger.cursor(); };
    Result<std::string> cursor = co_await station.ledger.run(std::move(read));
    if (!cursor) {
        station.stop_for(cursor.error());
        co_return tl::make_unexpected(cursor.error());
    }
    Result<wire::RenewalPage> page = co_await central.pull(*cursor, poll_wait);
    if (!page) {
        co_return tl::make_unexpected(std::move(page.error()));
    }
    central_answers(station);
    station.last_pull = station.clock.now();
    for (const Renewal& renewal : page->renewals) {
        station.log.tell(EventId::renewal_received,
                         {pass_field(renewal.pass_number), status_field(renewal.status)});
    }
    if (page->cursor != *cursor) {
        auto store = [page = std::move(*page)](ledger::Ledger& ledger) {
            return ledger.store_page(page);
        };
        Result<void> stored = co_await station.ledger.run(std::move(store));
        if (!stored) {
            station.stop_for(stored.error());
            co_return stored;
        }
        station.work.notify();
    }
    co_return Result<void>();
}

/// The card is condemned: it serves nobody, and stands among the work until it was voided.
asio::awaitable<Result<void>> follow_void_order(Station& station, std::int64_t seq) {
    auto act = [seq](ledger::Ledger& ledger) { return ledger.condemn_by_order(seq); };
    const Result<std::optional<PassNumber>> condemned = co_await station.ledger.run(std::move(act));
    if (!condemned) {
        station.stop_for(condemned.error());
        co_return tl::make_unexpected(condemned.error());
    }
    if (*condemned) {
        station.log.tell(EventId::card_condemned,
                         {pass_field(**condemned), code_field(name(VoidReason::ordered))});
    }
    co_return Result<void>();
}

asio::awaitable<Result<void>> send_batch(Station& station, uplink::CentralClient& central,
                                         std::vector<ledger::OutgoingFact> facts) {
    std::vector<std::string> lines;
    lines.reserve(facts.size());
    for (ledger::OutgoingFact& fact : facts) {
        lines.push_back(std::move(fact.line));
    }
    Result<wire::FactsAnswer> answer = co_await central.send_facts(std::move(lines));
    if (!answer) {
        co_return tl::make_unexpected(std::move(answer.error()));
    }
    central_answers(station);
    for (const wire::FactResult& result : answer->results) {
        if (result.outcome == wire::FactOutcome::stored_conflict) {
            const std::int64_t seq = result.seq;
            auto read = [seq](ledger::Ledger& ledger) { return ledger.pass_of_fact(seq); };
            Result<std::optional<PassNumber>> number = co_await station.ledger.run(std::move(read));
            std::vector<Field> fields{seq_field(seq), code_field(result.order)};
            if (number && *number) {
                fields.push_back(pass_field(**number));
            }
            station.log.tell(EventId::fact_conflict, fields);
        }
        if (result.order == wire::order_void_card) {
            Result<void> followed = co_await follow_void_order(station, result.seq);
            if (!followed) {
                co_return followed;
            }
        }
    }
    const std::int64_t through = answer->acked_through;
    auto store = [through](ledger::Ledger& ledger) { return ledger.acknowledge(through); };
    Result<void> stored = co_await station.ledger.run(std::move(store));
    if (!stored) {
        station.stop_for(stored.error());
        co_return stored;
    }
    station.log.tell(EventId::facts_acknowledged, {seq_field(through)});
    station.acknowledged.notify();
    co_return Result<void>();
}

/// The fact of a spoiled card opens its renewal anew, which no poll would tell of before its end.
/// Where this fails, the next poll claims.
asio::awaitable<void> claim_reopened_renewals(Station& station, uplink::CentralClient& central) {
    if (station.no_new_cards) {
        co_return;
    }
    const Result<void> claimed = co_await claim_open_renewals(station, central);
    if (!claimed) {
        central_fails(station, claimed.error());
    }
}

}  // namespace

asio::awaitable<void> pull_renewals(Station& station) {
    uplink::CentralClient central(station.context, station.config.central, station.config.station);
    uplink::Backoff backoff(first_delay, longest_delay);
    while (!station.fatal) {
        const Result<void> pulled = co_await pull_once(station, central);
        if (pulled) {
            backoff.reset();
            continue;
        }
        central_fails(station, pulled.error());
        co_await pause(station, backoff, central.asked_to_wait());
    }
}

asio::awaitable<void> send_facts(Station& station) {
    uplink::CentralClient central(station.context, station.config.central, station.config.station);
    uplink::Backoff backoff(first_delay, longest_delay);
    while (!station.compared) {
        co_await station.compared_now.wait();
    }
    if (station.no_new_cards == issuance::Notice::ledger_is_behind) {
        co_return;
    }
    while (!station.fatal) {
        auto read = [](ledger::Ledger& ledger) {
            return ledger.outgoing(static_cast<std::int64_t>(wire::max_fact_batch));
        };
        Result<std::vector<ledger::OutgoingFact>> facts =
            co_await station.ledger.run(std::move(read));
        if (!facts) {
            station.stop_for(facts.error());
            co_return;
        }
        if (facts->empty()) {
            co_await station.owed.wait();
            continue;
        }
        std::vector<ledger::OutgoingFact> batch = std::move(*facts);
        const Result<void> sent = co_await send_batch(station, central, std::move(batch));
        if (sent) {
            backoff.reset();
            co_await claim_reopened_renewals(station, central);
            continue;
        }
        central_fails(station, sent.error());
        co_await pause(station, backoff, central.asked_to_wait());
    }
}

asio::awaitable<void> watch_certificate(Station& station) {
    const auto identity = station.config.central.identity;
    while (identity && !station.fatal) {
        if (identity->valid_until() - station.clock.now() <= certificate_notice) {
            station.log.tell(EventId::certificate_expires,
                             {date_field(BusinessDay::of(identity->valid_until()))});
        }
        asio::steady_timer timer(station.context, certificate_check);
        boost::system::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

}  // namespace card::desk
