#pragma once
// An errand that a pure machine leads: it is given what happened and says what to do.

#include "station/desk/errand.hpp"
#include "station/issuance/errand.hpp"

namespace card::desk {

template <class Machine, class Event, class Action>
class MachineErrand : public Errand {
  public:
    asio::awaitable<Result<void>> cancelled() final {
        Event event = issuance::errand::Cancelled{};
        Result<void> done = co_await advance(std::move(event));
        co_return done;
    }

  protected:
    explicit MachineErrand(ErrandPlace place) : place_(std::move(place)) {}

    /// Goes on until it is a person's turn, or all is done.
    asio::awaitable<Result<void>> advance(Event first) {
        std::optional<Event> event(std::move(first));
        while (event) {
            Result<Action> action = machine_.resume(std::move(*event));
            if (!action) {
                co_return tl::make_unexpected(std::move(action.error()));
            }
            if (const auto* wait = std::get_if<issuance::errand::WaitForCard>(&*action);
                wait != nullptr) {
                place_.show({wait->notice, machine_.pass_number()});
                co_return Result<void>();
            }
            if (const auto* done = std::get_if<issuance::errand::Finish>(&*action);
                done != nullptr) {
                place_.show({done->notice, machine_.pass_number(), true, done->code});
                co_return Result<void>();
            }
            Action next = std::move(*action);
            Result<Event> outcome = co_await perform(std::move(next));
            if (!outcome) {
                co_return tl::make_unexpected(std::move(outcome.error()));
            }
            event = std::move(*outcome);
        }
        co_return Result<void>();
    }

    /// Carries out what is no person's: all but WaitForCard and Finish.
    virtual asio::awaitable<Result<Event>> perform(Action action) = 0;

    ErrandPlace place_;
    Machine machine_;
};

}  // namespace card::desk
