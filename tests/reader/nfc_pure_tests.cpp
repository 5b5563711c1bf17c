#include <boost/test/unit_test.hpp>

#include "reader/nfc/connection.hpp"
#include "reader/nfc/contactless_atr.hpp"
#include "reader/nfc/fault.hpp"

using namespace card;
using namespace card::reader;

namespace {

struct Mapping {
    int code;
    Fault fault;
};

constexpr Mapping mappings[] = {
    {-1, Fault::present_same_card_again},   // input or output
    {-2, Fault::restart_worker},            // invalid argument
    {-3, Fault::restart_worker},            // not supported
    {-4, Fault::present_same_card_again},   // no such device
    {-5, Fault::set_card_aside},            // overflow
    {-6, Fault::present_same_card_again},   // timeout
    {-7, Fault::present_same_card_again},   // aborted
    {-8, Fault::restart_worker},            // not implemented
    {-10, Fault::present_same_card_again},  // target released
    {-20, Fault::present_same_card_again},  // RF transmission
    {-30, Fault::restart_worker},           // MIFARE Classic, never asked for
    {-80, Fault::restart_worker},           // software
    {-90, Fault::present_same_card_again},  // chip
    {-12345, Fault::restart_worker},        // no code of libnfc
};

std::string atr_of(const char* ats) {
    return to_hex(contactless_atr(from_hex(ats).value()));
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_code_of_the_library_says_what_to_do_about_the_card) {
    for (const Mapping& mapping : mappings) {
        const Failure failure = nfc_failure("nfc_function", mapping.code);
        BOOST_TEST((failure.fault == mapping.fault), failure.detail);
        BOOST_TEST(failure.detail.starts_with("nfc_function: " + std::to_string(mapping.code)));
    }
}

BOOST_AUTO_TEST_CASE(a_connection_by_path_is_taken_apart_and_put_together_again) {
    struct Sample {
        const char* connection;
        const char* path;
        const char* speed;
    };
    for (const Sample& sample : {
             Sample{"pn532_uart:/dev/ttyUSB0", "/dev/ttyUSB0", ""},
             Sample{"pn532_uart:/dev/ttyUSB0:115200", "/dev/ttyUSB0", "115200"},
             Sample{"arygon:/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0",
                    "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0", ""},
         }) {
        const auto parsed = PathConnection::parse(sample.connection);
        BOOST_REQUIRE(parsed);
        BOOST_TEST(parsed->path == sample.path);
        BOOST_TEST(parsed->speed == sample.speed);
        BOOST_TEST(parsed->text() == sample.connection);
    }
}

BOOST_AUTO_TEST_CASE(what_names_no_path_is_no_connection_by_path) {
    for (const char* connection : {"", ":", "acr122_usb", "acr122_usb:001:004",
                                   "pn53x_usb:", "pn532_uart", "pn532_uart:ttyUSB0"}) {
        BOOST_TEST(!PathConnection::parse(connection), connection);
    }
}

BOOST_AUTO_TEST_CASE(the_node_of_a_usb_device_becomes_its_bus_and_number) {
    const auto usb_text = [](const char* connection) {
        return PathConnection::parse(connection)->usb_text().value_or("none");
    };
    BOOST_TEST(usb_text("pn53x_usb:/dev/bus/usb/001/004") == "pn53x_usb:001:004");
    BOOST_TEST(usb_text("acr122_usb:/dev/bus/usb/012/127") == "acr122_usb:012:127");
    for (const char* other :
         {"pn532_uart:/dev/ttyUSB0", "pn53x_usb:/dev/bus/usb/001", "pn53x_usb:/dev/bus/usb/1/4",
          "pn53x_usb:/dev/bus/usb/001/004/x", "pn53x_usb:/dev/bus/usb/001.004",
          "pn53x_usb:/dev/bus/usb/0a1/004", "pn53x_usb:/dev/card-station/by-path/1-4"}) {
        BOOST_TEST(usb_text(other) == "none", other);
    }
}

// The first: what a PC/SC reader shows of a DESFire card.
BOOST_AUTO_TEST_CASE(the_answer_to_reset_is_made_of_the_historical_octets) {
    BOOST_TEST(atr_of("7577810280") == "3B8180018080");
    BOOST_TEST(atr_of("78807002") == "3B80800101");
    BOOST_TEST(atr_of("00112233") == "3B83800111223302");
}

BOOST_AUTO_TEST_CASE(
    an_answer_to_select_that_lacks_octets_or_has_too_many_gives_an_answer_to_reset) {
    BOOST_TEST(atr_of("") == "3B80800101");
    BOOST_TEST(atr_of("70") == "3B80800101");
    BOOST_TEST(atr_of("7077") == "3B80800101");
    BOOST_TEST(contactless_atr(Bytes(40, 0x00)).size() == 20U);
}
