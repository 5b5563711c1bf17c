#include "tests/virtual/vcard/slot.hpp"

#include <chrono>
#include <filesystem>
#include <string>

#include <arpa/inet.h>
#include <boost/test/unit_test.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/virtual/desfire/memory.hpp"
#include "tests/virtual/test/terminal.hpp"

namespace virtual_card::test {
namespace {

/// The driver's end of the connection, and a card file.
class Driver {
  public:
    Driver() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
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
    ~Driver() { std::filesystem::remove_all(folder_); }
    Driver(const Driver&) = delete;
    Driver& operator=(const Driver&) = delete;

    std::filesystem::path card_file() const { return folder_ / "card.json"; }
    std::uint16_t port() const { return port_; }
    void accept() { socket_ = Descriptor(::accept(listener_.get(), nullptr, nullptr)); }
    void hang_up() { socket_ = Descriptor(); }

    void send(ByteView body) {
        const Bytes message = joined(Bytes{0, static_cast<std::uint8_t>(body.size())}, body);
        BOOST_REQUIRE_EQUAL(::send(socket_.get(), message.data(), message.size(), 0),
                            static_cast<ssize_t>(message.size()));
    }

    /// The next message's body in hex; "closed" if the card hung up.
    std::string receive() {
        Bytes header(2);
        if (::recv(socket_.get(), header.data(), 2, MSG_WAITALL) != 2) {
            return "closed";
        }
        Bytes body(header[1]);
        ::recv(socket_.get(), body.data(), body.size(), MSG_WAITALL);
        return to_hex(body);
    }

  private:
    Descriptor listener_;
    Descriptor socket_;
    std::filesystem::path folder_;
    std::uint16_t port_ = 0;
};

const Bytes power_on{1};
const Bytes send_atr{4};
const Bytes create_application = from_hex("90CA000005F54B500F8300");

struct Bench {
    Bench() : slot(driver.card_file(), driver.port(), Timing{}) {}
    void insert() {
        slot.insert();
        slot.connect();
        driver.accept();
        driver.send(power_on);
        slot.serve();
    }
    std::string answer_to(ByteView message) {
        driver.send(message);
        slot.serve();
        return driver.receive();
    }
    CardMemory saved() const { return load_memory(driver.card_file()); }
    Driver driver;
    Slot slot;
};

BOOST_AUTO_TEST_SUITE(slot)

BOOST_AUTO_TEST_CASE(an_empty_slot_does_not_want_the_driver) {
    Bench bench;
    BOOST_CHECK(!bench.slot.wants_connection());
    BOOST_CHECK_EQUAL(bench.slot.state(), "absent connected=no apdus=0 uid=042A41CAE45380");
    bench.slot.insert();
    BOOST_CHECK(bench.slot.wants_connection());
}

BOOST_AUTO_TEST_CASE(an_inserted_card_tells_its_atr_and_answers_apdus) {
    Bench bench;
    bench.insert();
    BOOST_CHECK_EQUAL(bench.answer_to(send_atr), "3B8180018080");
    BOOST_CHECK_EQUAL(bench.answer_to(from_hex("906E000000")), "0014009100");
    BOOST_CHECK_EQUAL(bench.slot.state(), "present connected=yes apdus=1 uid=042A41CAE45380");
}

BOOST_AUTO_TEST_CASE(a_change_is_saved_before_it_is_answered) {
    Bench bench;
    bench.insert();
    BOOST_CHECK_EQUAL(bench.answer_to(create_application), "9100");
    BOOST_CHECK_EQUAL(bench.saved().applications.size(), 1U);
}

BOOST_AUTO_TEST_CASE(a_tear_hangs_up_and_leaves_the_slot_empty_with_the_effect_saved) {
    Bench bench;
    bench.insert();
    bench.slot.card().tear({1, Tear::When::after});
    BOOST_CHECK_EQUAL(bench.answer_to(create_application), "closed");
    BOOST_CHECK(!bench.slot.present());
    BOOST_CHECK_EQUAL(bench.saved().applications.size(), 1U);
}

BOOST_AUTO_TEST_CASE(a_card_outlives_a_driver_that_goes_away) {
    Bench bench;
    bench.insert();
    bench.driver.hang_up();
    bench.slot.serve();
    BOOST_CHECK(bench.slot.wants_connection());
    bench.slot.connect();
    bench.driver.accept();
    // Not powered yet: silent, but still in the slot.
    BOOST_CHECK_EQUAL(bench.answer_to(from_hex("906E000000")), "closed");
    BOOST_CHECK(bench.slot.wants_connection());
}

BOOST_AUTO_TEST_CASE(another_card_can_be_loaded_into_the_slot) {
    Bench bench;
    const std::filesystem::path other = bench.driver.card_file().string() + ".other";
    save_memory(factory_card(genuine_uid(1)), other);
    bench.slot.load(other);
    bench.insert();
    BOOST_CHECK_EQUAL(bench.answer_to(from_hex("FFCA000000")), "045640CAE453809000");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace virtual_card::test
