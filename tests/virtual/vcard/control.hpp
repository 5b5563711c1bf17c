#pragma once

#include <filesystem>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>

#include "tests/virtual/vcard/descriptor.hpp"

namespace virtual_card {

/// Lines in, lines out, over a UNIX socket; any number of peers.
class ControlServer {
  public:
    using Answerer = std::function<std::string(std::string_view line)>;

    /// Takes the path over from a dead server. Throws std::system_error.
    ControlServer(std::filesystem::path path, Answerer answerer);
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;
    ~ControlServer();

    /// What poll() should watch.
    void watch(std::vector<pollfd>& watched) const;
    /// Serves whoever poll() found ready.
    void serve(const std::vector<pollfd>& watched);

  private:
    struct Peer {
        Descriptor socket;
        std::string unread;
    };

    void accept_peer();
    bool serve_peer(Peer& peer);

    std::filesystem::path path_;
    Answerer answerer_;
    Descriptor listener_;
    std::list<Peer> peers_;
};

}  // namespace virtual_card
