#include "tests/bench/nfc_parrot.hpp"

#include <array>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>

namespace figures {

NfcParrot::NfcParrot(std::filesystem::path port, Dialogue recorded)
    : recital_(std::move(recorded)), port_(std::move(port)), stop_(::eventfd(0, EFD_CLOEXEC)) {
    port_.plug();
    thread_ = std::thread([this] { serve(); });
}

NfcParrot::~NfcParrot() {
    end();
}

void NfcParrot::end() {
    if (thread_.joinable()) {
        ::eventfd_write(stop_.get(), 1);
        thread_.join();
        port_.unplug();
    }
}

Dialogue NfcParrot::leave() {
    end();
    return recital_.take();
}

void NfcParrot::serve() {
    virtual_card::HostStream stream;
    std::array<pollfd, 2> watched{{{port_.descriptor(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    while (::poll(watched.data(), watched.size(), -1) > 0 && watched[1].revents == 0) {
        stream.feed(port_.read());
        while (const auto message = stream.next()) {
            port_.write(chip_.receive(*message));
        }
    }
}

}  // namespace figures
