#include "tests/live/fault_proxy.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace live {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t largest_message = 1U << 22U;
/// The station gives an intent up after 5 s; a long poll waits for 25 s.
constexpr int longest_lateness_ms = 40000;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

bool send_all(int socket, std::string_view octets) {
    while (!octets.empty()) {
        const ssize_t sent = ::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        octets.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

std::size_t content_length(std::string head) {
    std::transform(head.begin(), head.end(), head.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    const std::string field = "content-length:";
    const std::size_t at = head.find(field);
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + field.size()));
}

/// One HTTP message, or nothing where the peer ends before its end.
std::optional<std::string> receive_message(int socket) {
    std::string message;
    std::size_t wanted = std::string::npos;
    while (message.size() < wanted) {
        char buffer[4096];
        const std::size_t room =
            wanted == std::string::npos ? 1 : std::min(sizeof buffer, wanted - message.size());
        const ssize_t got = ::recv(socket, buffer, room, 0);
        if (got <= 0 || message.size() > largest_message) {
            return std::nullopt;
        }
        message.append(buffer, static_cast<std::size_t>(got));
        if (wanted == std::string::npos && message.ends_with("\r\n\r\n")) {
            wanted = message.size() + content_length(message);
        }
    }
    return message;
}

/// `renewals` of "GET /v1/stations/kh/renewals?cursor=… HTTP/1.1".
std::string call_of(const std::string& request) {
    const std::size_t begin = request.find(' ') + 1;
    const std::string path = request.substr(begin, request.find_first_of("? ", begin) - begin);
    return path.substr(path.rfind('/') + 1);
}

}  // namespace

const char* name(NetFault fault) {
    switch (fault) {
        case NetFault::refused:
            return "refused";
        case NetFault::request_cut:
            return "request cut";
        case NetFault::answer_lost:
            return "answer lost";
        case NetFault::answer_cut:
            return "answer cut";
        case NetFault::duplicated:
            return "duplicated";
        case NetFault::late:
            return "late";
        case NetFault::server_error:
            return "server error";
    }
    return "";
}

FaultProxy::FaultProxy(std::uint16_t listen_port, std::uint16_t central_port)
    : central_port_(central_port), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(listen_port);
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, SOMAXCONN) != 0) {
        throw std::runtime_error("the fault proxy cannot listen");
    }
    acceptor_ = std::jthread([this] { accept_all(); });
}

FaultProxy::~FaultProxy() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (const int socket : open_) {
        ::shutdown(socket, SHUT_RDWR);
    }
    connections_.clear();
    for (const int socket : open_) {
        ::close(socket);
    }
    ::close(listener_);
}

void FaultProxy::arm(const std::string& call, int n, NetFault fault) {
    const std::scoped_lock lock(mutex_);
    armed_ = Armed{call, n, fault};
    seen_ = 0;
    hit_ = false;
}

bool FaultProxy::disarm() {
    const std::scoped_lock lock(mutex_);
    armed_.reset();
    return hit_;
}

std::optional<NetFault> FaultProxy::chosen(const std::string& request) {
    const std::scoped_lock lock(mutex_);
    if (!armed_ || hit_ || call_of(request) != armed_->call || ++seen_ != armed_->n) {
        return std::nullopt;
    }
    hit_ = true;
    return armed_->fault;
}

void FaultProxy::accept_all() {
    for (;;) {
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) {
            return;
        }
        const int on = 1;
        ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        open_.push_back(client);
        connections_.emplace_back([this, client] { serve(client); });
    }
}

int FaultProxy::connect_to_central() const {
    const int central = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(central, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const sockaddr_in address = loopback(central_port_);
    if (::connect(central, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(central);
        return -1;
    }
    return central;
}

void FaultProxy::serve(int client) {
    int central = connect_to_central();
    while (central >= 0) {
        const std::optional<std::string> request = receive_message(client);
        if (!request || !pass_on(client, central, *request)) {
            break;
        }
    }
    ::shutdown(client, SHUT_RDWR);
    if (central >= 0) {
        ::close(central);
    }
}

bool FaultProxy::pass_on(int client, int central, const std::string& request) {
    if (const std::optional<NetFault> fault = chosen(request)) {
        return harm(client, central, request, *fault);
    }
    if (!send_all(central, request)) {
        return false;
    }
    // A client that gives up ends the call at the central too.
    pollfd either[2] = {{central, POLLIN, 0}, {client, POLLIN | POLLRDHUP, 0}};
    if (::poll(either, 2, -1) < 0 || (either[0].revents == 0 && either[1].revents != 0)) {
        return false;
    }
    const std::optional<std::string> answer = receive_message(central);
    return answer && send_all(client, *answer);
}

bool FaultProxy::harm(int client, int central, const std::string& request, NetFault fault) const {
    if (fault == NetFault::refused) {
        return false;
    }
    if (fault == NetFault::server_error) {
        return send_all(client,
                        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
                        "Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nbusy");
    }
    if (fault == NetFault::request_cut) {
        send_all(central, request.substr(0, request.size() / 2));
        return false;
    }
    if (fault == NetFault::duplicated) {
        const int another = connect_to_central();
        const bool sent = another >= 0 && send_all(another, request);
        const auto ignored = sent ? receive_message(another) : std::nullopt;
        ::close(another);
        if (!ignored) {
            return false;
        }
    }
    const auto answer = send_all(central, request) ? receive_message(central) : std::nullopt;
    if (!answer) {
        return false;
    }
    switch (fault) {
        case NetFault::answer_cut:
            send_all(client, answer->substr(0, answer->size() / 2));
            return false;
        case NetFault::late: {
            pollfd gone{client, POLLRDHUP, 0};
            ::poll(&gone, 1, longest_lateness_ms);
            send_all(client, *answer);
            return false;
        }
        case NetFault::duplicated:
            return send_all(client, *answer);
        default:
            return false;
    }
}

}  // namespace live
