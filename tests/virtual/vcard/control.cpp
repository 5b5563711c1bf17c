#include "tests/virtual/vcard/control.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <sys/socket.h>
#include <sys/un.h>

namespace virtual_card {
namespace {

constexpr int backlog = 8;
constexpr std::size_t max_line_bytes = 4096;

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

bool is_ready(const std::vector<pollfd>& watched, int fd) {
    return std::any_of(watched.begin(), watched.end(),
                       [&](const pollfd& entry) { return entry.fd == fd && entry.revents != 0; });
}

}  // namespace

ControlServer::ControlServer(std::filesystem::path path, Answerer answerer)
    : path_(std::move(path)),
      answerer_(std::move(answerer)),
      listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.native().size() >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        fail(path_.string());
    }
    std::memcpy(address.sun_path, path_.c_str(), path_.native().size());
    if (std::filesystem::is_socket(path_)) {
        std::filesystem::remove(path_);
    }
    if (!listener_ ||
        ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_.get(), backlog) != 0) {
        fail(path_.string());
    }
}

ControlServer::~ControlServer() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
}

void ControlServer::watch(std::vector<pollfd>& watched) const {
    watched.push_back({listener_.get(), POLLIN, 0});
    for (const Peer& peer : peers_) {
        watched.push_back({peer.socket.get(), POLLIN, 0});
    }
}

void ControlServer::serve(const std::vector<pollfd>& watched) {
    peers_.remove_if(
        [&](Peer& peer) { return is_ready(watched, peer.socket.get()) && !serve_peer(peer); });
    if (is_ready(watched, listener_.get())) {
        accept_peer();
    }
}

void ControlServer::accept_peer() {
    Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket) {
        peers_.push_back({std::move(socket), {}});
    }
}

bool ControlServer::serve_peer(Peer& peer) {
    std::array<char, 512> buffer{};
    const ssize_t count = ::recv(peer.socket.get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) {
        return count < 0 && errno == EINTR;
    }
    peer.unread.append(buffer.data(), static_cast<std::size_t>(count));
    std::size_t end = 0;
    while ((end = peer.unread.find('\n')) != std::string::npos) {
        const std::string answer = answerer_(std::string_view(peer.unread).substr(0, end)) + '\n';
        peer.unread.erase(0, end + 1);
        if (::send(peer.socket.get(), answer.data(), answer.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(answer.size())) {
            return false;
        }
    }
    return peer.unread.size() <= max_line_bytes;
}

}  // namespace virtual_card
