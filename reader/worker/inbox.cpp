#include "reader/worker/inbox.hpp"

#include <array>
#include <cerrno>
#include <thread>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace card::reader {
namespace {

constexpr std::size_t read_size = 2048;
constexpr std::uint32_t end_of_stream = EPOLLRDHUP;  // and EPOLLHUP, EPOLLERR, always

int epoll_on(int socket) {
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_event wished{};
    wished.events = end_of_stream;
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &wished) != 0) {
        _exit(exit_cannot_watch);
    }
    return epoll;
}

}  // namespace

Inbox::Inbox(int socket, std::function<void()> on_octets)
    : socket_(socket), epoll_(epoll_on(socket)), on_octets_(std::move(on_octets)) {
    std::thread([this] { watch_for_ever(); }).detach();
}

void Inbox::watch_for(std::uint32_t events) {
    epoll_event wished{};
    wished.events = events;
    if (epoll_ctl(epoll_, EPOLL_CTL_MOD, socket_, &wished) != 0) {
        _exit(exit_cannot_watch);
    }
}

void Inbox::call_when_octets_come() {
    watch_for(end_of_stream | EPOLLIN);
}

void Inbox::watch_for_ever() {
    for (;;) {
        epoll_event happened{};
        if (epoll_wait(epoll_, &happened, 1, -1) < 1) {
            continue;
        }
        if ((happened.events & ~std::uint32_t{EPOLLIN}) != 0) {
            _exit(exit_station_gone);
        }
        // In this order: where the main thread has asked for a call again meanwhile and this takes
        // its wish back, the call makes it ask once more.
        watch_for(end_of_stream);
        on_octets_();
    }
}

bool Inbox::read(int flags) {
    std::array<std::uint8_t, read_size> buffer{};
    for (;;) {
        const ssize_t size = recv(socket_, buffer.data(), buffer.size(), flags);
        if (size > 0) {
            frames_.feed(BytesView(buffer).first(static_cast<std::size_t>(size)));
            return true;
        }
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return false;
        }
        if (size == 0 || errno != EINTR) {
            _exit(exit_station_gone);
        }
    }
}

std::optional<ToWorker> Inbox::next_frame() {
    const Result<std::optional<Bytes>> content = frames_.next();
    if (content && !*content) {
        return std::nullopt;
    }
    Result<ToWorker> message = content ? decode_to_worker(**content)
                                       : Result<ToWorker>(tl::make_unexpected(content.error()));
    if (!message) {
        _exit(exit_protocol_broken);
    }
    return std::move(*message);
}

std::optional<ToWorker> Inbox::try_take() {
    for (;;) {
        std::optional<ToWorker> message = next_frame();
        if (message || !read(MSG_DONTWAIT)) {
            return message;
        }
    }
}

ToWorker Inbox::take() {
    for (;;) {
        if (std::optional<ToWorker> message = next_frame()) {
            return std::move(*message);
        }
        read(0);
    }
}

}  // namespace card::reader
