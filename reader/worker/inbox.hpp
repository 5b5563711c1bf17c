#pragma once
// The station's messages. The main thread reads them; a thread of its own notices the end of the
// station while the main thread is inside a reader stack, and calls it out of a wait for the reader
// when there is something to read.

#include <functional>
#include <optional>

#include "reader/link/messages.hpp"

namespace card::reader {

/// How the process ends when the other end of the socket goes away or is not understood.
inline constexpr int exit_station_gone = 0;
inline constexpr int exit_protocol_broken = 2;
inline constexpr int exit_cannot_watch = 5;

/// Ends the process at once, without destructors, at the end of the stream (`exit_station_gone`) or
/// when a malformed message is read (`exit_protocol_broken`).
class Inbox {
  public:
    /// Starts to watch `socket`. The watching thread lives as long as the process, and so must this
    /// object.
    Inbox(int socket, std::function<void()> on_octets);
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;

    /// The oldest message, if there is one.
    [[nodiscard]] std::optional<ToWorker> try_take();
    /// Waits for a message. It wakes this thread and no other: a card's every APDU comes this way.
    [[nodiscard]] ToWorker take();
    /// Before the caller waits for something else: `on_octets` is called from the watching thread,
    /// once, when there is something to read, or when there is already.
    void call_when_octets_come();

  private:
    [[noreturn]] void watch_for_ever();
    void watch_for(std::uint32_t events);
    std::optional<ToWorker> next_frame();
    /// False where there is nothing to read now.
    bool read(int flags);

    const int socket_;
    const int epoll_;
    const std::function<void()> on_octets_;
    FrameReader frames_;
};

}  // namespace card::reader
