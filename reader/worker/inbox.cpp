#include "reader/worker/inbox.hpp"

#include <array>
#include <cerrno>
#include <thread>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

namespace card::reader {
namespace {

// The station waits for each answer; one that does not is broken.
constexpr std::size_t max_waiting_messages = 64;
constexpr std::size_t read_size = 2048;

}  // namespace

Inbox::Inbox(int socket, std::function<void()> on_message) : on_message_(std::move(on_message)) {
    std::thread([this, socket] { read_for_ever(socket); }).detach();
}

void Inbox::read_for_ever(int socket) {
    FrameReader frames;
    std::array<std::uint8_t, read_size> buffer{};
    for (;;) {
        const ssize_t size = recv(socket, buffer.data(), buffer.size(), 0);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size <= 0) {
            _exit(exit_station_gone);
        }
        frames.feed(BytesView(buffer).first(static_cast<std::size_t>(size)));
        for (;;) {
            const Result<std::optional<Bytes>> content = frames.next();
            if (content && !*content) {
                break;
            }
            Result<ToWorker> message = content
                                           ? decode_to_worker(**content)
                                           : Result<ToWorker>(tl::make_unexpected(content.error()));
            if (!message) {
                _exit(exit_protocol_broken);
            }
            push(std::move(*message));
            on_message_();
        }
    }
}

void Inbox::push(ToWorker message) {
    {
        const std::scoped_lock lock(mutex_);
        if (messages_.size() == max_waiting_messages) {
            _exit(exit_protocol_broken);
        }
        messages_.push_back(std::move(message));
    }
    arrived_.notify_one();
}

std::optional<ToWorker> Inbox::try_take() {
    const std::scoped_lock lock(mutex_);
    if (messages_.empty()) {
        return std::nullopt;
    }
    ToWorker message = std::move(messages_.front());
    messages_.pop_front();
    return message;
}

ToWorker Inbox::take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !messages_.empty(); });
    ToWorker message = std::move(messages_.front());
    messages_.pop_front();
    return message;
}

}  // namespace card::reader
