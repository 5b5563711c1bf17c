#include "tests/bench/parrot.hpp"

#include <cerrno>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace figures {
namespace {

using virtual_card::Bytes;
using virtual_card::ByteView;

/// Of the messages of one octet, the driver's commands, this one is answered.
constexpr std::uint8_t send_atr = 4;
const Bytes atr{0x3B, 0x81, 0x80, 0x01, 0x80, 0x80};

void enable(int socket, int option) {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, option, &on, sizeof on);
}

}  // namespace

Parrot::Parrot(std::uint16_t port, Dialogue recorded)
    : recital_(std::move(recorded)), driver_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(driver_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
        0) {
        throw std::runtime_error("no virtual reader at port " + std::to_string(port));
    }
    enable(driver_.get(), TCP_NODELAY);
    thread_ = std::thread([this] { serve(); });
}

Parrot::~Parrot() {
    end();
}

void Parrot::end() {
    if (thread_.joinable()) {
        ::shutdown(driver_.get(), SHUT_RDWR);
        thread_.join();
        driver_ = virtual_card::Descriptor();
    }
}

Dialogue Parrot::leave() {
    end();
    if (hung_up_) {
        throw std::runtime_error("the driver hung up on the parrot");
    }
    return recital_.take();
}

void Parrot::serve() {
    while (const std::optional<Bytes> message = receive_message()) {
        if (message->size() == 1) {
            answer_driver(message->front());
        } else {
            send_message(recital_.answer(*message));
        }
    }
}

void Parrot::answer_driver(std::uint8_t code) {
    if (code == send_atr) {
        send_message(atr);
    }
}

std::optional<Bytes> Parrot::receive_message() {
    std::array<std::uint8_t, 2> header{};
    if (!receive_exactly(header)) {
        return std::nullopt;
    }
    Bytes body((static_cast<std::size_t>(header[0]) << 8U) | header[1]);
    if (!receive_exactly(body)) {
        return std::nullopt;
    }
    return body;
}

bool Parrot::receive_exactly(std::span<std::uint8_t> out) {
    while (!out.empty()) {
        // As vcard does: or the driver's body waits 40 ms for its header's acknowledgement.
        enable(driver_.get(), TCP_QUICKACK);
        const ssize_t count = ::recv(driver_.get(), out.data(), out.size(), 0);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        out = out.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

void Parrot::send_message(ByteView body) {
    Bytes message{static_cast<std::uint8_t>(body.size() >> 8U),
                  static_cast<std::uint8_t>(body.size())};
    message.insert(message.end(), body.begin(), body.end());
    if (::send(driver_.get(), message.data(), message.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(message.size())) {
        hung_up_ = true;
    }
}

}  // namespace figures
