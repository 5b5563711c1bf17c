#include "reader/host/reader_host.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <type_traits>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unistd.h>

#include "reader/host/event_queue.hpp"
#include "reader/host/worker_process.hpp"

namespace card::reader {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr auto awaitable_result = asio::as_tuple(asio::use_awaitable);
constexpr milliseconds max_restart_delay{5'000};
constexpr std::size_t read_size = 4096;

/// One message to the worker and what became of it.
struct Call {
    std::optional<Result<FromWorker>> outcome;
    bool answer_is_owed = true;  ///< the worker will still answer, if it lives
};

template <class Message>
constexpr bool is_answer =
    std::is_same_v<Message, Connected> || std::is_same_v<Message, Response> ||
    std::is_same_v<Message, Disconnected> || std::is_same_v<Message, Failed>;

/// The line to one reader-worker and the process at its other end. Shared by the host and every
/// operation under way, so none of them outlives it.
class Line {
  public:
    Line(asio::io_context& context, HostSettings chosen)
        : settings(std::move(chosen)),
          socket(context),
          exit_watch(context),
          answer_timer(context),
          event_timer(context),
          restart_timer(context) {}

    /// Starts a worker. False, with the event that says so, if that fails.
    bool start();
    /// Sends a message, whose answer must be awaited or counted as unclaimed.
    void send(const ToWorker& message);
    /// Takes in what the worker sent. False when it broke the protocol and was condemned.
    bool receive(BytesView octets);
    /// Kills the worker for a reason that its loss will be reported with.
    void condemn(std::string reason);
    void condemn_as_hung(std::string reason);
    /// The process has ended, or is about to after a kill: report it and end what depended on it.
    void bury();
    /// For good.
    void stop();
    void finish_call(Result<FromWorker> outcome);

    const HostSettings settings;
    asio::local::stream_protocol::socket socket;
    asio::posix::stream_descriptor exit_watch;  ///< open exactly while there is a process to reap
    asio::steady_timer answer_timer;
    asio::steady_timer event_timer;
    asio::steady_timer restart_timer;
    EventQueue events;
    std::shared_ptr<Call> call;
    std::size_t unclaimed_answers = 0;  ///< owed for calls that nobody waits for any more
    bool stopped = false;
    bool usable = false;     ///< the worker is there and not condemned
    bool holding = false;    ///< the worker may hold a card
    bool connected = false;  ///< the worker holds a card and its state is known

  private:
    /// Makes the worker's descriptors this object's, or ends the process.
    boost::system::error_code take_over(const WorkerProcess& worker);
    /// Kills and reaps, and tells how the process ended.
    std::string end_process();
    void report(ReaderEvent event);
    bool accept(FromWorker message);
    bool accept_answer(FromWorker message);
    /// An answer to a call that has ended without it. Another call that waits is a disconnection.
    void drop(const FromWorker& answer);

    FrameReader frames_;
    std::string condemned_for_;
    bool hung_ = false;  ///< and that is why
};

boost::system::error_code Line::take_over(const WorkerProcess& worker) {
    boost::system::error_code error;
    exit_watch.assign(worker.pidfd, error);
    if (error) {
        kill_worker(worker.pidfd);
        reap_worker(worker.pidfd);
        close(worker.pidfd);
        close(worker.socket);
        return error;
    }
    socket.assign(asio::local::stream_protocol(), worker.socket, error);
    if (error) {
        close(worker.socket);
    } else {
        socket.non_blocking(true, error);
    }
    if (error) {
        end_process();
    }
    return error;
}

std::string Line::end_process() {
    kill_worker(exit_watch.native_handle());
    std::string end = reap_worker(exit_watch.native_handle());
    exit_watch.close();
    socket.close();
    return end;
}

bool Line::start() {
    const Result<WorkerProcess> worker =
        start_worker(settings.worker_program, worker_options(settings.reader));
    if (!worker) {
        report(WorkerLost{worker.error().detail, false});
        return false;
    }
    if (const boost::system::error_code error = take_over(*worker)) {
        report(WorkerLost{"watching the reader-worker: " + error.message(), false});
        return false;
    }
    frames_ = FrameReader();
    condemned_for_.clear();
    hung_ = false;
    unclaimed_answers = 0;
    usable = true;
    report(WorkerStarted{});
    return true;
}

void Line::send(const ToWorker& message) {
    const Bytes framed = encode(message);
    boost::system::error_code error;
    const std::size_t sent = socket.send(asio::buffer(framed), 0, error);
    // A worker that keeps up has an empty socket buffer, hundreds of times as large as a message.
    if (error || sent != framed.size()) {
        condemn("it takes no more messages: " + error.message());
    }
}

bool Line::receive(BytesView octets) {
    frames_.feed(octets);
    while (usable) {
        Result<std::optional<Bytes>> content = frames_.next();
        if (content && !*content) {
            return true;
        }
        Result<FromWorker> message = content
                                         ? decode_from_worker(**content)
                                         : Result<FromWorker>(tl::make_unexpected(content.error()));
        if (!message) {
            condemn(message.error().detail);
        } else if (!accept(std::move(*message))) {
            condemn("it sent an answer to nothing");
        }
    }
    return false;
}

bool Line::accept(FromWorker message) {
    return std::visit(
        [this](auto&& content) {
            using Message = std::decay_t<decltype(content)>;
            if constexpr (is_answer<Message>) {
                return accept_answer(std::forward<decltype(content)>(content));
            } else {
                if constexpr (std::is_same_v<Message, ReaderDown>) {
                    connected = false;
                    finish_call(fail(content.why, content.detail));
                }
                report(std::forward<decltype(content)>(content));
                return true;
            }
        },
        std::move(message));
}

bool Line::accept_answer(FromWorker message) {
    if (unclaimed_answers > 0) {
        --unclaimed_answers;
        drop(message);
        return true;
    }
    if (!call || !call->answer_is_owed) {
        return false;
    }
    call->answer_is_owed = false;
    if (call->outcome) {
        drop(message);
    } else if (Failed* const failed = std::get_if<Failed>(&message)) {
        finish_call(fail(failed->fault, std::move(failed->detail)));
    } else {
        finish_call(std::move(message));
    }
    return true;
}

void Line::drop(const FromWorker& answer) {
    const bool other_call_waits = call && !call->outcome;
    if (std::holds_alternative<Connected>(answer) && !other_call_waits) {
        // Nobody knows of this connection, and while it is open the worker watches nothing.
        send(Disconnect{Disposition::reset});
        ++unclaimed_answers;
    }
}

void Line::finish_call(Result<FromWorker> outcome) {
    if (call && !call->outcome) {
        call->outcome = std::move(outcome);
        answer_timer.cancel();
    }
}

void Line::condemn(std::string reason) {
    if (!std::exchange(usable, false)) {
        return;
    }
    condemned_for_ = std::move(reason);
    kill_worker(exit_watch.native_handle());
}

void Line::condemn_as_hung(std::string reason) {
    hung_ = usable;
    condemn(std::move(reason));
}

void Line::bury() {
    const std::string end = end_process();
    usable = false;
    holding = false;
    const bool in_a_card = std::exchange(connected, false);
    std::string detail = condemned_for_.empty() ? end : condemned_for_ + " (" + end + ")";
    if (call) {
        call->answer_is_owed = false;
    }
    finish_call(fail(in_a_card ? Fault::present_same_card_again : Fault::restart_worker,
                     "the reader-worker was lost: " + detail));
    report(WorkerLost{std::move(detail), hung_});
}

void Line::stop() {
    stopped = true;
    if (exit_watch.is_open()) {
        bury();
    }
    restart_timer.cancel();
    event_timer.cancel();
}

void Line::report(ReaderEvent event) {
    events.push(std::move(event));
    event_timer.cancel();
}

/// Makes a call the pending one, and sees to its answer when the caller goes away before it.
class PendingCall {
  public:
    explicit PendingCall(std::shared_ptr<Line> line) : line_(std::move(line)) {
        line_->call = std::make_shared<Call>();
    }
    PendingCall(const PendingCall&) = delete;
    PendingCall& operator=(const PendingCall&) = delete;
    ~PendingCall() {
        if (line_->call->answer_is_owed) {
            ++line_->unclaimed_answers;
        }
        if (!line_->call->outcome) {
            line_->connected = false;
        }
        line_->call.reset();
    }
    [[nodiscard]] std::optional<Result<FromWorker>>& outcome() { return line_->call->outcome; }

  private:
    std::shared_ptr<Line> line_;
};

asio::awaitable<Result<FromWorker>> exchange(std::shared_ptr<Line> line, ToWorker message) {
    if (line->call) {
        co_return fail(Fault::report_defect, "two calls to one reader at the same time");
    }
    if (!line->usable) {
        co_return fail(Fault::restart_worker, "the reader-worker is being restarted");
    }
    PendingCall pending(line);
    line->answer_timer.expires_after(line->settings.answer_timeout);
    line->send(message);
    const auto [error] = co_await line->answer_timer.async_wait(awaitable_result);
    if (pending.outcome()) {
        co_return std::move(*pending.outcome());
    }
    if (error) {
        co_return fail(Fault::present_same_card_again, "the call was abandoned");
    }
    const std::string reason =
        "no answer in " + std::to_string(line->settings.answer_timeout.count()) + " ms";
    line->condemn_as_hung(reason);
    co_return fail(Fault::wait_for_reader, "the reader is stuck: " + reason);
}

void condemn_for_wrong_answer(const std::shared_ptr<Line>& line) {
    line->condemn("it sent an answer of the wrong kind");
}

tl::unexpected<Failure> wrong_answer(Fault fault) {
    return fail(fault, "the reader-worker sent an answer of the wrong kind");
}

asio::awaitable<void> end_connection(std::shared_ptr<Line> line, Disposition disposition, Cue cue) {
    if (!line->holding) {
        co_return;
    }
    line->connected = false;
    ToWorker message = Disconnect{disposition, cue};
    const Result<FromWorker> answer = co_await exchange(line, std::move(message));
    line->holding = !answer && line->usable;
    if (answer && !std::holds_alternative<Disconnected>(*answer)) {
        condemn_for_wrong_answer(line);
    }
}

asio::awaitable<Result<FrameSize>> open_connection(std::shared_ptr<Line> line) {
    co_await end_connection(line, Disposition::reset, Cue::none);
    line->holding = line->usable;  // and stays so if it fails: to let go once more does no harm
    ToWorker message = Connect{};
    Result<FromWorker> answer = co_await exchange(line, std::move(message));
    if (!answer) {
        co_return tl::make_unexpected(std::move(answer.error()));
    }
    const Connected* const connected = std::get_if<Connected>(&*answer);
    if (connected == nullptr) {
        condemn_for_wrong_answer(line);
        co_return wrong_answer(Fault::restart_worker);
    }
    line->connected = true;
    co_return connected->largest_frame;
}

asio::awaitable<Result<ResponseApdu>> send_apdu(std::shared_ptr<Line> line, CommandApdu apdu) {
    if (!line->connected) {
        co_return fail(Fault::present_same_card_again, "no connection to the card is open");
    }
    const BytesView encoded = apdu.encoded();
    ToWorker message = Transmit{Bytes(encoded.begin(), encoded.end())};
    Result<FromWorker> answer = co_await exchange(line, std::move(message));
    if (!answer) {
        line->connected = false;
        co_return tl::make_unexpected(std::move(answer.error()));
    }
    const Response* const response = std::get_if<Response>(&*answer);
    if (response == nullptr) {
        line->connected = false;
        condemn_for_wrong_answer(line);
        co_return wrong_answer(Fault::present_same_card_again);
    }
    Result<ResponseApdu> parsed = ResponseApdu::parse(response->apdu);
    line->connected = parsed.has_value();
    co_return parsed;
}

asio::awaitable<ReaderEvent> wait_for_event(std::shared_ptr<Line> line) {
    while (line->events.empty() && !line->stopped) {
        line->event_timer.expires_at(steady_clock::time_point::max());
        co_await line->event_timer.async_wait(awaitable_result);
    }
    std::optional<ReaderEvent> event = line->events.pop();
    if (!event) {
        event = WorkerLost{"the reader was closed", false};
    }
    co_return std::move(*event);
}

asio::awaitable<void> read_until_lost(std::shared_ptr<Line> line) {
    std::array<std::uint8_t, read_size> octets{};
    const asio::mutable_buffer buffer = asio::buffer(octets);
    for (;;) {
        const auto [error, size] = co_await line->socket.async_read_some(buffer, awaitable_result);
        if (error || line->stopped || !line->receive(BytesView(octets).first(size))) {
            co_return;
        }
    }
}

// A process that has ended, but whose socket somebody holds open, must not be waited for in vain.
void end_reading_at_exit(const std::shared_ptr<Line>& line) {
    line->exit_watch.async_wait(
        asio::posix::stream_descriptor::wait_read, [line](const boost::system::error_code& error) {
            if (!error && line->socket.is_open()) {
                boost::system::error_code ignored;
                line->socket.shutdown(asio::socket_base::shutdown_receive, ignored);
            }
        });
}

asio::awaitable<void> supervise(std::shared_ptr<Line> line) {
    milliseconds delay = line->settings.restart_delay;
    while (!line->stopped) {
        const steady_clock::time_point started_at = steady_clock::now();
        if (line->start()) {
            end_reading_at_exit(line);
            co_await read_until_lost(line);
            if (line->stopped) {
                co_return;
            }
            line->condemn("it closed its socket");
            co_await line->exit_watch.async_wait(asio::posix::stream_descriptor::wait_read,
                                                 awaitable_result);
            if (line->stopped) {
                co_return;
            }
            line->bury();
        }
        if (steady_clock::now() - started_at > max_restart_delay) {
            delay = line->settings.restart_delay;
        }
        line->restart_timer.expires_after(delay);
        co_await line->restart_timer.async_wait(awaitable_result);
        delay = std::min(delay * 2, max_restart_delay);
    }
}

}  // namespace

struct ReaderHost::State : Line {
    using Line::Line;
};

ReaderHost::ReaderHost(asio::io_context& context, HostSettings settings)
    : state_(std::make_shared<State>(context, std::move(settings))) {
    asio::co_spawn(context, supervise(state_), asio::detached);
}

ReaderHost::~ReaderHost() {
    state_->stop();
}

asio::awaitable<ReaderEvent> ReaderHost::next_event() {
    return wait_for_event(state_);
}

asio::awaitable<Result<FrameSize>> ReaderHost::connect() {
    return open_connection(state_);
}

asio::awaitable<Result<ResponseApdu>> ReaderHost::transmit(CommandApdu apdu) {
    return send_apdu(state_, std::move(apdu));
}

asio::awaitable<void> ReaderHost::disconnect(Disposition disposition, Cue cue) {
    return end_connection(state_, disposition, cue);
}

}  // namespace card::reader
