#pragma once
// The station's side of one reader: spawns its reader-worker, talks to it, and brings it back when
// it hangs or dies. One object for each configured reader, all in the station's one thread.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "cardformat/apdu/apdu.hpp"
#include "cardformat/base/result.hpp"
#include "reader/hotplug/reader_address.hpp"
#include "reader/link/messages.hpp"

namespace card::reader {

namespace asio = boost::asio;

struct HostSettings {
    std::string worker_program;  ///< path of reader-worker
    ReaderAddress reader;
    /// A worker that gives no answer to one APDU in this time is killed. FormatPICC may take
    /// seconds.
    std::chrono::milliseconds answer_timeout{10'000};
    std::chrono::milliseconds restart_delay{
        200};  ///< doubled up to 5 s while restarts fail at once
};

struct WorkerStarted {};
struct WorkerLost {
    std::string detail;  ///< exit status, signal, or "no answer in 10 s"
    bool hung = false;   ///< it gave no answer and was killed; its reader may hang on without it
};
/// What a reader reports without being asked.
using ReaderEvent =
    std::variant<WorkerStarted, WorkerLost, ReaderUp, ReaderDown, CardPresent, CardRemoved>;

class ReaderHost {
  public:
    ReaderHost(asio::io_context& context, HostSettings settings);
    ~ReaderHost();  ///< kills the worker
    ReaderHost(const ReaderHost&) = delete;
    ReaderHost& operator=(const ReaderHost&) = delete;

    /// The next event; waits for it. One waiter at a time. Events are queued, the newest of
    /// CardPresent/CardRemoved wins where nobody collected the older.
    asio::awaitable<ReaderEvent> next_event();

    /// Opens an exclusive connection to the card in the field, and tells how large a frame the
    /// reader carries.
    asio::awaitable<Result<FrameSize>> connect();
    /// Sends one APDU. Every failure ends the connection.
    asio::awaitable<Result<ResponseApdu>> transmit(CommandApdu apdu);
    /// The cue is for the person at the reader, where a card is connected and the reader can.
    asio::awaitable<void> disconnect(Disposition disposition, Cue cue = Cue::none);

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace card::reader
