#include "station/desk/void_errand.hpp"

#include "cardformat/credential/state_file.hpp"
#include "cardformat/desfire/counter.hpp"
#include "station/desk/card_session.hpp"
#include "station/desk/card_tap.hpp"
#include "station/desk/machine_errand.hpp"

namespace card::desk {
namespace {

using namespace observe;
namespace voiding = issuance::voiding;

class VoidErrand final : public MachineErrand<issuance::Voiding, voiding::Event, voiding::Action> {
  public:
    VoidErrand(ErrandPlace place, VoidRequest request)
        : MachineErrand(std::move(place)), request_(std::move(request)) {}

    asio::awaitable<Result<void>> begin() override {
        const PassNumber number = request_.pass_number;
        auto find = [number](ledger::Ledger& ledger) { return look_up(ledger, number); };
        Result<voiding::Asked> found = co_await place_.station.ledger.run(std::move(find));
        if (!found) {
            co_return tl::make_unexpected(std::move(found.error()));
        }
        found->reason = request_.reason;
        found->without_tap = request_.without_tap;
        found->supervisor = request_.supervisor;
        expected_ = found->card;
        voiding::Event event = std::move(*found);
        Result<void> done = co_await advance(std::move(event));
        co_return done;
    }

    asio::awaitable<Result<void>> tapped() override {
        const ExpectedCard expected{expected_->uid, KeyGeneration{expected_->key_generation}};
        Result<std::optional<CardTap>> tap =
            co_await read_tap(place_.station, place_.reader, expected);
        if (!tap) {
            co_return tl::make_unexpected(std::move(tap.error()));
        }
        voiding::Event event = voiding::CardLost{};
        if (*tap) {
            tapped_ = std::move(**tap);
            event = voiding::CardTapped{tapped_->presented.uid, std::nullopt};
            if (tapped_->pass && tapped_->pass->octets == expected_->credential) {
                std::get<voiding::CardTapped>(event).life = tapped_->pass->life;
            }
        }
        Result<void> done = co_await advance(std::move(event));
        co_return done;
    }

  private:
    static Result<voiding::Asked> look_up(ledger::Ledger& ledger, const PassNumber& number) {
        voiding::Asked asked{};
        auto renewal = ledger.renewal_by_pass(number);
        if (!renewal) {
            return tl::make_unexpected(renewal.error());
        }
        if (*renewal) {
            auto card = ledger.card_of((*renewal)->id);
            if (!card) {
                return tl::make_unexpected(card.error());
            }
            asked.card = std::move(*card);
        }
        asked.renewal = std::move(*renewal);
        return asked;
    }

    asio::awaitable<Result<voiding::Event>> perform(voiding::Action action) override {
        if (const auto* condemn = std::get_if<voiding::RecordCondemned>(&action);
            condemn != nullptr) {
            const voiding::RecordCondemned wanted = *condemn;
            auto act = [wanted](ledger::Ledger& ledger) {
                return ledger.record_condemned(wanted.attempt, wanted.reason);
            };
            Result<WriteAhead> proof = co_await place_.station.ledger.run(std::move(act));
            co_return proof.map(
                [](WriteAhead durable) { return voiding::Event(voiding::Condemned{durable}); });
        }
        if (auto* make = std::get_if<voiding::MakeVoid>(&action); make != nullptr) {
            voiding::MakeVoid wanted = std::move(*make);
            Result<voiding::Event> made = co_await make_void(std::move(wanted));
            co_return made;
        }
        voiding::RecordEnd wanted = std::get<voiding::RecordEnd>(std::move(action));
        Result<voiding::Event> recorded = co_await record_end(std::move(wanted));
        co_return recorded;
    }

    asio::awaitable<Result<voiding::Event>> make_void(voiding::MakeVoid action) {
        Result<desfire::CardKeys> keys = card_keys(place_.station.vault, place_.station.profile,
                                                   tapped_->pass->generation, action.card.uid);
        if (!keys) {
            co_return tl::make_unexpected(std::move(keys.error()));
        }
        desfire::StateChange change{std::move(keys->station_update), std::move(keys->gate_read),
                                    encode_state_file(action.from, action.card.credential),
                                    encode_state_file(LifeState::voided, action.card.credential)};
        auto conversation = desfire::change_state(place_.station.random, tapped_->pass->selected,
                                                  action.proof, std::move(change));
        Result<void> changed = co_await drive(place_.reader, std::move(conversation));
        co_return changed ? voiding::Event(voiding::MadeVoid{})
                          : voiding::Event(voiding::MakingFailed{std::move(changed.error())});
    }

    asio::awaitable<Result<voiding::Event>> record_end(voiding::RecordEnd action) {
        const std::string reason(name(action.reason));
        const bool voided = action.as == CardStage::voided;
        const AttemptId attempt = action.attempt;
        auto act = [attempt, voided, reason, staff = action.supervisor](ledger::Ledger& ledger) {
            return voided ? ledger.record_voided(attempt, reason)
                          : ledger.record_spoiled(attempt, reason, {}, staff);
        };
        const Result<void> recorded = co_await place_.station.ledger.run(std::move(act));
        if (!recorded) {
            co_return tl::make_unexpected(recorded.error());
        }
        place_.station.owed.notify();
        place_.station.work.notify();
        std::vector<Field> fields{pass_field(request_.pass_number), attempt_field(attempt),
                                  reader_field(place_.reader_name), code_field(reason)};
        if (action.supervisor) {
            fields.push_back(staff_field(*action.supervisor));
        }
        place_.station.log.tell(EventId::card_voided, fields);
        co_return voiding::Event(voiding::EndRecorded{});
    }

    VoidRequest request_;
    std::optional<IssuedCard> expected_;
    std::optional<CardTap> tapped_;
};

}  // namespace

std::unique_ptr<Errand> void_errand(ErrandPlace place, VoidRequest request) {
    return std::make_unique<VoidErrand>(std::move(place), std::move(request));
}

}  // namespace card::desk
