#include <cstdlib>

#include <boost/test/unit_test.hpp>

#include "reader/pcsc/fault.hpp"
#include "reader/pcsc/feedback.hpp"
#include "reader/pcsc/pcsc_reader.hpp"

using namespace card;
using namespace card::reader;

namespace {

struct Mapping {
    long code;
    Fault fault;
};

constexpr Mapping mappings[] = {
    {0x8010000CL, Fault::present_same_card_again},  // no card
    {0x8010000FL, Fault::present_same_card_again},  // protocol mismatch
    {0x80100010L, Fault::present_same_card_again},  // not ready
    {0x80100013L, Fault::present_same_card_again},  // communication error
    {0x80100016L, Fault::present_same_card_again},  // transaction failed
    {0x80100066L, Fault::present_same_card_again},  // unresponsive card
    {0x80100067L, Fault::present_same_card_again},  // unpowered card
    {0x80100068L, Fault::present_same_card_again},  // reset card
    {0x80100069L, Fault::present_same_card_again},  // removed card
    {0x80100008L, Fault::set_card_aside},           // answer longer than the buffer
    {0x80100009L, Fault::wait_for_reader},          // unknown reader
    {0x8010000BL, Fault::wait_for_reader},          // sharing violation
    {0x80100017L, Fault::wait_for_reader},          // reader unavailable
    {0x8010002EL, Fault::wait_for_reader},          // no readers
    {0x8010001DL, Fault::start_pcscd},              // no service
    {0x8010001EL, Fault::start_pcscd},              // service stopped
    {0x80100027L, Fault::grant_reader_access},      // no access
    {0x8010006AL, Fault::grant_reader_access},      // security violation
    {0x80100001L, Fault::restart_worker},           // internal error
    {0x80100003L, Fault::restart_worker},           // invalid handle
    {0x80100004L, Fault::restart_worker},           // invalid parameter
    {0x12345678L, Fault::restart_worker},           // no code of PC/SC
};

}  // namespace

BOOST_AUTO_TEST_CASE(each_code_of_the_service_says_what_to_do_next) {
    for (const Mapping& mapping : mappings) {
        const Failure failure = failure_of("SCardTransmit", mapping.code);
        BOOST_TEST((failure.fault == mapping.fault), failure.detail);
    }
}

BOOST_AUTO_TEST_CASE(a_code_that_was_sign_extended_means_the_same) {
    const long extended = static_cast<std::int32_t>(0x80100069U);
    BOOST_TEST((failure_of("SCardTransmit", extended).fault == Fault::present_same_card_again));
}

BOOST_AUTO_TEST_CASE(the_detail_names_function_code_and_words) {
    const std::string detail = failure_of("SCardConnect", 0x8010000BL).detail;
    BOOST_TEST(detail.find("SCardConnect: 0x8010000B ") == 0U);
    BOOST_TEST(detail.size() > std::string("SCardConnect: 0x8010000B ").size());
}

BOOST_AUTO_TEST_CASE(without_the_service_watching_and_connecting_ask_to_start_it) {
    setenv("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm", 1);
    PcscReader reader({ReaderName{"Reader 00 00"}, ""});
    const Result<std::optional<ReaderStatus>> status = reader.wait_for_change();
    BOOST_REQUIRE(!status);
    BOOST_TEST((status.error().fault == Fault::start_pcscd), status.error().detail);
    const Result<void> connected = reader.connect();
    BOOST_REQUIRE(!connected);
    BOOST_TEST((connected.error().fault == Fault::start_pcscd));
    BOOST_TEST((reader.transmit(Bytes(5)).error().fault == Fault::present_same_card_again));
}

// ACR122U API, "Bi-Color LED and Buzzer Control".
BOOST_AUTO_TEST_CASE(an_acr122u_beeps_once_in_green_and_three_times_in_red) {
    BOOST_TEST(to_hex(feedback_command(Feedback::acr122, Cue::success)) == "FF0040A00402010101");
    BOOST_TEST(to_hex(feedback_command(Feedback::acr122, Cue::refusal)) == "FF0040500401010301");
    BOOST_TEST(feedback_command(Feedback::acr122, Cue::none).empty());
}

BOOST_AUTO_TEST_CASE(an_interruption_before_the_wait_is_not_lost) {
    setenv("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm", 1);
    PcscReader reader({ReaderName{"Reader 00 00"}, ""});
    (void)reader.wait_for_change();
    reader.interrupt();
    const Result<std::optional<ReaderStatus>> status = reader.wait_for_change();
    BOOST_REQUIRE(status);
    BOOST_TEST(!status->has_value());
}
