#pragma once
// The station's messages, read by a thread of their own, so that the end of the station is noticed
// while the main thread is inside a reader stack.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "reader/link/messages.hpp"

namespace card::reader {

/// How the process ends when the other end of the socket goes away or is not understood.
inline constexpr int exit_station_gone = 0;
inline constexpr int exit_protocol_broken = 2;

class Inbox {
  public:
    /// Starts to read from `socket`. `on_message` is called from the reading thread after each
    /// message. Ends the process at once, without destructors, at the end of the stream
    /// (`exit_station_gone`) or at a malformed message (`exit_protocol_broken`). The thread lives
    /// as long as the process, and so must this object.
    Inbox(int socket, std::function<void()> on_message);
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;

    /// The oldest message, if there is one.
    [[nodiscard]] std::optional<ToWorker> try_take();
    /// Waits for a message.
    [[nodiscard]] ToWorker take();

  private:
    [[noreturn]] void read_for_ever(int socket);
    void push(ToWorker message);

    const std::function<void()> on_message_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<ToWorker> messages_;
};

}  // namespace card::reader
