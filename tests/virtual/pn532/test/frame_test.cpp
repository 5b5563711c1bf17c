#include "tests/virtual/pn532/frame.hpp"

#include <boost/test/unit_test.hpp>

namespace virtual_card::test {
namespace {

const Bytes get_firmware = from_hex("0000FF02FED4022A00");  // UM0701-02, 7.2.2

Command command_in(const Bytes& octets) {
    HostStream stream;
    stream.feed(octets);
    const std::optional<FromHost> message = stream.next();
    BOOST_REQUIRE(message && std::holds_alternative<Command>(*message));
    return std::get<Command>(*message);
}

BOOST_AUTO_TEST_SUITE(pn532_frame)

BOOST_AUTO_TEST_CASE(a_command_is_read_from_its_frame) {
    const Command command = command_in(get_firmware);
    BOOST_TEST(command.code == 0x02);
    BOOST_TEST(command.parameters.empty());
}

BOOST_AUTO_TEST_CASE(a_command_is_read_from_an_extended_frame) {
    const Command command = command_in(from_hex("0000FFFFFF0003FDD44001EB00"));
    BOOST_TEST(command.code == 0x40);
    BOOST_TEST(to_hex(command.parameters) == "01");
}

BOOST_AUTO_TEST_CASE(a_command_may_arrive_octet_by_octet) {
    HostStream stream;
    for (std::size_t i = 0; i < get_firmware.size() - 2; ++i) {
        stream.feed(ByteView(get_firmware).subspan(i, 1));
        BOOST_TEST(!stream.next());
    }
    stream.feed(ByteView(get_firmware).last(2));
    BOOST_TEST(stream.next().has_value());
    BOOST_TEST(!stream.next());
}

BOOST_AUTO_TEST_CASE(waking_up_and_giving_up_are_messages_too) {
    HostStream stream;
    stream.feed(from_hex("55550000000000"));
    stream.feed(from_hex("0000FF00FF00"));
    BOOST_TEST(std::holds_alternative<Wakeup>(stream.next().value()));
    BOOST_TEST(std::holds_alternative<Abort>(stream.next().value()));
    BOOST_TEST(!stream.next());
}

BOOST_AUTO_TEST_CASE(a_frame_with_a_wrong_octet_is_passed_over_and_the_next_one_is_read) {
    for (std::size_t at = 1; at + 1 < get_firmware.size(); ++at) {
        BOOST_TEST_CONTEXT("octet " << at) {
            HostStream stream;
            Bytes wrong = get_firmware;
            wrong[at] ^= 0x08;
            stream.feed(wrong);
            while (stream.next()) {
            }
            stream.feed(Bytes(300, 0xA5));  // whatever length it claimed
            while (stream.next()) {
            }
            stream.feed(get_firmware);
            BOOST_TEST(stream.next().has_value());
        }
    }
}

BOOST_AUTO_TEST_CASE(answers_have_the_published_form) {
    BOOST_TEST(to_hex(acknowledgement()) == "0000FF00FF00");
    BOOST_TEST(to_hex(error_frame()) == "0000FF01FF7F8100");
    BOOST_TEST(to_hex(answer_frame(0x02, from_hex("32010607"))) == "0000FF06FAD50332010607E800");
    const Bytes longest = answer_frame(0x40, Bytes(253));
    BOOST_TEST(to_hex(ByteView(longest).first(7)) == "0000FFFF01D541");
    const Bytes extended = answer_frame(0x40, Bytes(254));
    BOOST_TEST(to_hex(ByteView(extended).first(10)) == "0000FFFFFF0100FFD541");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace virtual_card::test
