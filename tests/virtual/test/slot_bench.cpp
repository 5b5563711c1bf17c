#include "tests/virtual/test/slot_bench.hpp"

#include <arpa/inet.h>
#include <boost/test/unit_test.hpp>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/virtual/test/terminal.hpp"

namespace virtual_card::test {

Driver::Driver() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "slot.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t length = sizeof address;
    BOOST_REQUIRE_EQUAL(::bind(listener_.get(), generic, length), 0);
    BOOST_REQUIRE_EQUAL(::listen(listener_.get(), 1), 0);
    BOOST_REQUIRE_EQUAL(::getsockname(listener_.get(), generic, &length), 0);
    port_ = ntohs(address.sin_port);
    save_memory(factory_card(genuine_uid(0)), card_file());
}

Driver::~Driver() {
    std::filesystem::remove_all(folder_);
}

void Driver::accept() {
    socket_ = Descriptor(::accept(listener_.get(), nullptr, nullptr));
}

void Driver::send(ByteView body) {
    const Bytes message = joined(Bytes{0, static_cast<std::uint8_t>(body.size())}, body);
    BOOST_REQUIRE_EQUAL(::send(socket_.get(), message.data(), message.size(), 0),
                        static_cast<ssize_t>(message.size()));
}

std::string Driver::receive() {
    Bytes header(2);
    if (::recv(socket_.get(), header.data(), 2, MSG_WAITALL) != 2) {
        return "closed";
    }
    Bytes body(header[1]);
    ::recv(socket_.get(), body.data(), body.size(), MSG_WAITALL);
    return to_hex(body);
}

bool Driver::silent() const {
    pollfd watched{socket_.get(), POLLIN, 0};
    return ::poll(&watched, 1, 0) == 0;
}

void SlotBench::insert() {
    slot.insert();
    slot.connect();
    driver.accept();
    driver.send(power_on);
    slot.serve();
}

void SlotBench::ask(ByteView message) {
    driver.send(message);
    slot.serve();
}

std::string SlotBench::answer_to(ByteView message) {
    ask(message);
    return driver.receive();
}

}  // namespace virtual_card::test
