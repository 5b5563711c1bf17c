#include "station/desk/adopt_errand.hpp"

#include "station/desk/card_tap.hpp"
#include "station/desk/machine_errand.hpp"
#include "station/issuance/adoption.hpp"

namespace card::desk {
namespace {

using namespace observe;
using issuance::Notice;
namespace adoption = issuance::adoption;

/// What a ledger that may lack cards, or room, or the central's view of it, is not asked to take.
std::optional<Notice> why_stopped(const Station& station) {
    return station.compared ? station.no_new_cards : Notice::adoption_needs_central;
}

Result<adoption::Asked> look_up(ledger::Ledger& ledger, const PassNumber& number) {
    auto renewal = ledger.renewal_by_pass(number);
    if (!renewal || !*renewal) {
        return renewal.map([](auto&) { return adoption::Asked{}; });
    }
    const auto card = ledger.card_of((*renewal)->id);
    return card.map([&](const auto& found) {
        return adoption::Asked{std::move(*renewal), found.has_value(), std::nullopt};
    });
}

/// Whether the ledger has, or had, a card on this chip.
Result<bool> is_known(ledger::Ledger& ledger, const CardUid& uid) {
    const auto card = ledger.card_by_uid(uid);
    const auto given_up = ledger.was_given_up(uid);
    if (!card || !given_up) {
        return tl::make_unexpected(card ? given_up.error() : card.error());
    }
    return card->has_value() || *given_up;
}

class AdoptErrand final
    : public MachineErrand<issuance::Adoption, adoption::Event, adoption::Action> {
  public:
    AdoptErrand(ErrandPlace place, AdoptRequest request)
        : MachineErrand(std::move(place)),
          request_(std::move(request)),
          central_(place_.station.context, place_.station.config.central,
                   place_.station.config.station) {}

    asio::awaitable<Result<void>> begin() override {
        const PassNumber number = request_.pass_number;
        auto find = [number](ledger::Ledger& ledger) { return look_up(ledger, number); };
        Result<adoption::Asked> found = co_await place_.station.ledger.run(std::move(find));
        if (!found) {
            co_return tl::make_unexpected(std::move(found.error()));
        }
        found->stopped = why_stopped(place_.station);
        renewal_ = found->renewal;
        adoption::Event event = std::move(*found);
        Result<void> done = co_await advance(std::move(event));
        co_return done;
    }

    asio::awaitable<Result<void>> tapped() override {
        Result<std::optional<CardTap>> tap =
            co_await read_tap(place_.station, place_.reader, std::nullopt);
        if (!tap) {
            co_return tl::make_unexpected(std::move(tap.error()));
        }
        adoption::Event event = adoption::CardLost{};
        if (*tap) {
            tapped_ = std::move(**tap);
            Result<adoption::CardTapped> judged = co_await judge();
            if (!judged) {
                co_return tl::make_unexpected(std::move(judged.error()));
            }
            event = std::move(*judged);
        }
        Result<void> done = co_await advance(std::move(event));
        co_return done;
    }

  private:
    /// What the tapped card proves, and whether the ledger knows it.
    asio::awaitable<Result<adoption::CardTapped>> judge() {
        if (!tapped_->pass) {
            co_return adoption::CardTapped{};
        }
        const CardUid uid = tapped_->presented.uid;
        auto find = [uid](ledger::Ledger& ledger) { return is_known(ledger, uid); };
        const Result<bool> known = co_await place_.station.ledger.run(std::move(find));
        if (!known) {
            co_return tl::make_unexpected(known.error());
        }
        const PassCredential& credential = tapped_->pass->credential;
        adoption::CardTapped proven{adoption::ProvenCard{credential.attempt, credential.pass_number,
                                                         tapped_->pass->life,
                                                         carries(credential, *renewal_), *known}};
        co_return proven;
    }

    asio::awaitable<Result<adoption::Event>> perform(adoption::Action action) override {
        if (const auto* wanted = std::get_if<adoption::Claim>(&action); wanted != nullptr) {
            const RenewalId renewal = wanted->renewal;
            adoption::Event answer = co_await claim(renewal);
            co_return answer;
        }
        const adoption::RecordAdopted wanted = std::get<adoption::RecordAdopted>(action);
        Result<adoption::Event> recorded = co_await record(wanted);
        co_return recorded;
    }

    asio::awaitable<adoption::Event> claim(RenewalId renewal) {
        place_.show({Notice::asking_central, machine_.pass_number()});
        wire::ClaimRequest request{new_uuid(place_.station.random, place_.station.clock.now()),
                                   {renewal}};
        const Result<wire::ClaimAnswer> answer = co_await central_.claim(std::move(request));
        if (answer && !answer->granted.empty() && answer->granted.front().renewal == renewal) {
            co_return adoption::Event(adoption::Granted{answer->granted.front().epoch});
        }
        if (!answer || answer->refused.empty()) {
            co_return adoption::Event(adoption::CentralAway{});
        }
        const std::string code = answer->refused.front().code;
        place_.station.log.tell(EventId::claim_refused,
                                {pass_field(request_.pass_number), code_field(code)});
        co_return adoption::Event(adoption::Refused{code});
    }

    asio::awaitable<Result<adoption::Event>> record(adoption::RecordAdopted wanted) {
        const ProvenPass& pass = *tapped_->pass;
        ledger::StartedAttempt made{wanted.attempt,         wanted.renewal,        wanted.epoch,
                                    tapped_->presented.uid, pass.generation.value, pass.octets};
        auto act = [made = std::move(made)](ledger::Ledger& ledger) {
            return ledger.record_adopted(made);
        };
        const Result<void> recorded = co_await place_.station.ledger.run(std::move(act));
        if (!recorded) {
            co_return tl::make_unexpected(recorded.error());
        }
        place_.station.owed.notify();
        place_.station.log.tell(EventId::card_adopted,
                                {pass_field(request_.pass_number), attempt_field(wanted.attempt),
                                 reader_field(place_.reader_name)});
        co_return adoption::Event(adoption::AdoptionRecorded{});
    }

    AdoptRequest request_;
    uplink::CentralClient central_;
    std::optional<Renewal> renewal_;
    std::optional<CardTap> tapped_;
};

}  // namespace

std::unique_ptr<Errand> adopt_errand(ErrandPlace place, AdoptRequest request) {
    return std::make_unique<AdoptErrand>(std::move(place), std::move(request));
}

}  // namespace card::desk
