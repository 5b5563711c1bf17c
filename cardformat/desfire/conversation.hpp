#pragma once
// A dialogue with a card as a coroutine that knows no reader: it says which APDU it wants sent and
// is resumed with the answer. So a whole personalisation reads top to bottom, and a test can end it
// at any APDU. Whoever drives it sends the command of `start` and `answer` until there is none.
//
// g++ 12 miscompiles co_await inside larger expressions: it stands alone or initialises a name.

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "cardformat/apdu/apdu.hpp"
#include "cardformat/base/result.hpp"

namespace card::desfire {

namespace detail {

/// Where the innermost conversation leaves its command and finds the answer.
struct Exchange {
    std::optional<CommandApdu> command;
    std::optional<Result<ResponseApdu>> answer;
    std::coroutine_handle<> waiting;
};

struct PromiseBase {
    Exchange own;
    Exchange* exchange = &own;
    std::coroutine_handle<> parent;

    struct ReturnToParent {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
            const std::coroutine_handle<> next = self.promise().parent;
            return next ? next : std::noop_coroutine();
        }
        void await_resume() const noexcept {}
    };
    std::suspend_always initial_suspend() const noexcept { return {}; }
    ReturnToParent final_suspend() const noexcept { return {}; }
};

}  // namespace detail

/// T is a Result: an exception inside a conversation becomes its `report_defect`.
template <class T>
class [[nodiscard]] Conversation {
  public:
    struct promise_type : detail::PromiseBase {
        std::optional<T> value;

        Conversation get_return_object() {
            return Conversation(std::coroutine_handle<promise_type>::from_promise(*this));
        }
        void return_value(T result) { value.emplace(std::move(result)); }
        void unhandled_exception() {
            try {
                throw;
            } catch (const std::exception& error) {
                value.emplace(fail(Fault::report_defect, error.what()));
            } catch (...) {
                value.emplace(fail(Fault::report_defect, "unknown exception"));
            }
        }
    };

    Conversation(Conversation&& other) noexcept : self_(std::exchange(other.self_, nullptr)) {}
    Conversation& operator=(Conversation&& other) noexcept {
        std::swap(self_, other.self_);
        return *this;
    }
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;
    ~Conversation() {
        if (self_) {
            self_.destroy();
        }
    }

    /// The first command, or nothing where the conversation needs none.
    std::optional<CommandApdu> start() { return run(self_); }

    /// Hands in the answer to the last command, or why there is none; gives the next command.
    std::optional<CommandApdu> answer(Result<ResponseApdu> response) {
        detail::Exchange& exchange = self_.promise().own;
        exchange.answer.emplace(std::move(response));
        return run(exchange.waiting);
    }

    /// The outcome, once there is no further command.
    T take() { return std::move(*self_.promise().value); }

    // Awaiting a conversation from another runs it in place.
    bool await_ready() const noexcept { return false; }
    template <class ParentPromise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<ParentPromise> parent) noexcept {
        self_.promise().exchange = parent.promise().exchange;
        self_.promise().parent = parent;
        return self_;
    }
    T await_resume() { return take(); }

  private:
    explicit Conversation(std::coroutine_handle<promise_type> self) : self_(self) {}

    std::optional<CommandApdu> run(std::coroutine_handle<> from) {
        from.resume();
        return std::exchange(self_.promise().own.command, std::nullopt);
    }

    std::coroutine_handle<promise_type> self_;
};

/// `co_await Sending(apdu)` inside a conversation: the card's answer.
class Sending {
  public:
    explicit Sending(CommandApdu command) : command_(std::move(command)) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) {
        exchange_ = self.promise().exchange;
        exchange_->command.emplace(std::move(command_));
        exchange_->waiting = self;
    }
    Result<ResponseApdu> await_resume() {
        Result<ResponseApdu> answer = std::move(*exchange_->answer);
        exchange_->answer.reset();
        return answer;
    }

  private:
    CommandApdu command_;
    detail::Exchange* exchange_ = nullptr;
};

}  // namespace card::desfire
