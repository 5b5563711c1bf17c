#include "tests/virtual/vcard/slot.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace virtual_card {
namespace {

// Messages of one byte are commands from the driver.
constexpr std::uint8_t power_off = 0;
constexpr std::uint8_t power_on = 1;
constexpr std::uint8_t reset = 2;
constexpr std::uint8_t send_atr = 4;

void enable(int fd, int option) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, option, &on, sizeof on);
}

}  // namespace

Slot::Slot(std::filesystem::path memory_path, std::uint16_t port, const Timing& timing)
    : stored_(std::move(memory_path), timing), port_(port) {}

void Slot::use_socket(std::filesystem::path driver_socket) {
    driver_socket_ = std::move(driver_socket);
}

void Slot::insert() {
    present_ = true;
}

void Slot::remove() {
    present_ = false;
    disconnect();
}

bool Slot::release() {
    const std::optional<Bytes> owed = card().release();
    if (owed) {
        send_message(*owed);
    }
    return owed.has_value();
}

std::string Slot::state() const {
    return std::string(present_ ? "present" : "absent") + " connected=" + (driver_ ? "yes" : "no") +
           " apdus=" + std::to_string(card().apdus()) + " uid=" + to_hex(stored_.memory().uid) +
           (card().hanging() ? " hanging" : "");
}

void Slot::connect() {
    driver_ = driver_socket_.empty() ? connected_to_port() : connected_to_socket();
}

Descriptor Slot::connected_to_socket() const {
    Descriptor driver(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = driver_socket_.string();
    std::copy_n(path.begin(), std::min(path.size(), sizeof address.sun_path - 1),
                std::begin(address.sun_path));
    if (!driver ||
        ::connect(driver.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return {};  // the reader is not there yet
    }
    return driver;
}

Descriptor Slot::connected_to_port() const {
    Descriptor driver(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!driver ||
        ::connect(driver.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return {};  // the driver is not there yet
    }
    enable(driver.get(), TCP_NODELAY);
    return driver;
}

void Slot::disconnect() {
    driver_ = Descriptor();
    card().deactivate();
}

void Slot::serve() {
    const std::optional<Bytes> message = receive_message();
    if (!message) {
        disconnect();
    } else if (message->size() == 1) {
        control(message->front());
    } else {
        exchange(*message);
    }
}

void Slot::control(std::uint8_t code) {
    if (code == power_off) {
        card().deactivate();
    } else if (code == power_on || code == reset) {
        card().activate();
    } else if (code == send_atr) {
        send_message(atr_of(stored_.memory().profile));
    }
}

void Slot::exchange(ByteView apdu) {
    if (!card().active()) {
        // The driver did not see that the card was away and has not powered it again: like a real
        // card, this one is silent. It stays in the slot and comes back with a new connection.
        disconnect();
        return;
    }
    const std::optional<Bytes> answer = stored_.exchange(apdu);
    if (answer) {
        send_message(*answer);
    } else if (!card().hanging()) {
        remove();
    }
    stored_.trace_last();
}

std::optional<Bytes> Slot::receive_message() {
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

bool Slot::receive_exactly(std::span<std::uint8_t> out) {
    while (!out.empty()) {
        // The driver sends header and body apart. Without this the kernel delays the header's
        // acknowledgement, for which the driver's body waits: 40 ms. It holds for one recv only.
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

void Slot::send_message(ByteView body) {
    Bytes message{static_cast<std::uint8_t>(body.size() >> 8U),
                  static_cast<std::uint8_t>(body.size())};
    append(message, body);
    ByteView rest(message);
    while (!rest.empty()) {
        const ssize_t count = ::send(driver_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            disconnect();
            return;
        }
        rest = rest.subspan(static_cast<std::size_t>(count));
    }
}

}  // namespace virtual_card
