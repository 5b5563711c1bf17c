#include <array>
#include <cstdlib>
#include <string>

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>

#include "reader/worker/card_watch.hpp"
#include "tests/reader/conversation.hpp"

using namespace card;
using namespace card::reader;

namespace {

const Bytes atr{0x3B, 0x81};

ReaderStatus with_card(std::uint16_t event_count) {
    return {true, event_count, false, atr};
}
ReaderStatus without_card(std::uint16_t event_count) {
    return {false, event_count, false, {}};
}
ReaderStatus held_with_card(std::uint16_t event_count) {
    return {true, event_count, true, atr};
}

std::string names(const std::vector<FromWorker>& events) {
    constexpr std::array all{"up ", "down ", "present ", "removed ", "", "", "", ""};
    std::string text;
    for (const FromWorker& event : events) {
        text += all[event.index()];
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_first_look_tells_of_the_reader_and_its_card) {
    CardWatch watch("reader");
    BOOST_TEST(names(watch.observe(with_card(4))) == "up present ");
    BOOST_TEST(names(watch.observe(with_card(4))) == "");
}

BOOST_AUTO_TEST_CASE(a_card_that_comes_and_goes_is_told_each_time) {
    CardWatch watch("reader");
    BOOST_TEST(names(watch.observe(without_card(0))) == "up ");
    BOOST_TEST(names(watch.observe(with_card(1))) == "present ");
    BOOST_TEST(names(watch.observe(without_card(2))) == "removed ");
    BOOST_TEST(names(watch.observe(without_card(4))) == "");
}

BOOST_AUTO_TEST_CASE(a_card_replaced_between_two_looks_is_removed_and_present) {
    CardWatch watch("reader");
    (void)watch.observe(with_card(1));
    BOOST_TEST(names(watch.observe(with_card(3))) == "removed present ");
}

BOOST_AUTO_TEST_CASE(an_insertion_that_was_connected_to_is_not_told_again) {
    CardWatch watch("reader");
    (void)watch.observe(with_card(1));
    watch.connected_to(3);  // replaced just before
    BOOST_TEST(names(watch.observe(with_card(3))) == "");
    BOOST_TEST(names(watch.observe(with_card(5))) == "removed present ");
}

BOOST_AUTO_TEST_CASE(a_reader_that_stays_away_is_told_once_for_each_reason) {
    CardWatch watch("reader");
    (void)watch.observe(with_card(1));
    BOOST_TEST(names(watch.observe_failure({Fault::start_pcscd, ""})) == "down ");
    BOOST_TEST(names(watch.observe_failure({Fault::start_pcscd, ""})) == "");
    BOOST_TEST(names(watch.observe_failure({Fault::wait_for_reader, ""})) == "down ");
    BOOST_TEST(names(watch.observe(with_card(1))) == "up present ");
}

BOOST_AUTO_TEST_CASE(a_reader_that_another_program_holds_is_down_until_it_lets_go) {
    CardWatch watch("reader");
    BOOST_TEST(names(watch.observe(held_with_card(1))) == "down ");
    BOOST_TEST(names(watch.observe(held_with_card(3))) == "");
    BOOST_TEST(names(watch.observe(with_card(3))) == "up present ");
    BOOST_TEST(names(watch.observe(held_with_card(3))) == "down ");
    BOOST_TEST(names(watch.observe(with_card(3))) == "up ");
}

BOOST_AUTO_TEST_CASE(a_card_that_could_not_be_connected_to_for_the_readers_sake_is_told_again) {
    CardWatch watch("reader");
    BOOST_TEST(names(watch.observe(with_card(1))) == "up present ");
    watch.connecting_failed();
    BOOST_TEST(names(watch.observe(held_with_card(1))) == "down ");
    BOOST_TEST(names(watch.observe(with_card(1))) == "up present ");
}

BOOST_AUTO_TEST_CASE(the_worker_answers_each_message_once_and_in_order) {
    Conversation worker(SCRIPTED_WORKER, PcscAddress{{ReaderName{"answers"}, ""}});
    Bytes all = encode(ToWorker(Connect{}));
    append(all, encode(ToWorker(Transmit{{0x90, 0x60, 0x00, 0x00, 0x00}})));
    append(all, encode(ToWorker(Connect{})));
    append(all, encode(ToWorker(Disconnect{Disposition::reset})));
    append(all, encode(ToWorker(Transmit{{0x90, 0x60, 0x00, 0x00, 0x00}})));
    append(all, encode(ToWorker(Disconnect{Disposition::leave})));
    worker.say(all);
    worker.hear_a<Connected>();
    BOOST_TEST(to_hex(worker.hear_a<Response>().apdu) == "90600000009100");
    BOOST_TEST((worker.hear_a<Failed>().fault == Fault::restart_worker));
    worker.hear_a<Disconnected>();
    BOOST_TEST((worker.hear_a<Failed>().fault == Fault::present_same_card_again));
    worker.hear_a<Disconnected>();
}

BOOST_AUTO_TEST_CASE(a_cue_is_given_where_one_is_wished_and_a_connection_is_open) {
    Conversation worker(SCRIPTED_WORKER, PcscAddress{{ReaderName{"tells its cues"}, ""}});
    worker.say(encode(ToWorker(Disconnect{Disposition::reset, Cue::success})));
    worker.hear_a<Disconnected>();
    for (const Cue cue : {Cue::none, Cue::refusal, Cue::success}) {
        worker.say(encode(ToWorker(Connect{})));
        worker.hear_a<Connected>();
        worker.say(encode(ToWorker(Disconnect{Disposition::reset, cue})));
        worker.hear_a<Disconnected>();
    }
    worker.say(encode(ToWorker(Connect{})));
    worker.hear_a<Connected>();
    worker.say(encode(ToWorker(Transmit{{0x90, 0x60, 0x00, 0x00, 0x00}})));
    BOOST_TEST(to_hex(worker.hear_a<Response>().apdu) == "02019100");
}

BOOST_AUTO_TEST_CASE(no_cue_is_given_after_a_failed_transmission) {
    Conversation worker(SCRIPTED_WORKER, PcscAddress{{ReaderName{"fails once"}, ""}});
    worker.say(encode(ToWorker(Connect{})));
    worker.hear_a<Connected>();
    worker.say(encode(ToWorker(Transmit{{0x90, 0x60, 0x00, 0x00}})));
    BOOST_TEST((worker.hear_a<Failed>().fault == Fault::present_same_card_again));
    worker.say(encode(ToWorker(Disconnect{Disposition::reset, Cue::refusal})));
    worker.hear_a<Disconnected>();
    worker.say(encode(ToWorker(Connect{})));
    worker.hear_a<Connected>();
    worker.say(encode(ToWorker(Transmit{{0x90, 0x60, 0x00, 0x00}})));
    BOOST_TEST(to_hex(worker.hear_a<Response>().apdu) == "9100");
}

BOOST_AUTO_TEST_CASE(a_failed_transmission_ends_the_connection) {
    Conversation worker(SCRIPTED_WORKER, PcscAddress{{ReaderName{"loses its card"}, ""}});
    worker.say(encode(ToWorker(Connect{})));
    worker.hear_a<Connected>();
    worker.say(encode(ToWorker(Transmit{{0x90, 0x60, 0x00, 0x00}})));
    BOOST_TEST((worker.hear_a<Failed>().fault == Fault::present_same_card_again));
    worker.say(encode(ToWorker(Connect{})));
    worker.hear_a<Connected>();
}

BOOST_AUTO_TEST_CASE(a_worker_ends_when_the_station_does) {
    for (const char* script : {"answers", "hangs in transmit", "hangs in disconnect"}) {
        Conversation worker(SCRIPTED_WORKER, PcscAddress{{ReaderName{script}, ""}});
        worker.say(encode(ToWorker(Connect{})));
        worker.hear_a<Connected>();
        worker.say(encode(ToWorker(Transmit{{0x90, 0x60, 0x00, 0x00}})));
        worker.say(encode(ToWorker(Disconnect{Disposition::leave})));
        worker.close_socket();
        BOOST_TEST(worker.wait_for_end() == "exit status 0");
    }
}

BOOST_AUTO_TEST_CASE(a_worker_that_is_sent_garbage_ends) {
    Conversation worker(SCRIPTED_WORKER, PcscAddress{{ReaderName{"answers"}, ""}});
    worker.say({0xFF, 0xFF, 0xFF});
    BOOST_TEST(worker.wait_for_end() == "exit status 2");
}

BOOST_AUTO_TEST_CASE(the_real_worker_without_the_service_says_so_and_still_answers) {
    setenv("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm", 1);
    Conversation worker(READER_WORKER, PcscAddress{{ReaderName{"Reader 00 00"}, ""}});
    BOOST_TEST((worker.hear_a<ReaderDown>().why == Fault::start_pcscd));
    worker.say(encode(ToWorker(Connect{})));
    BOOST_TEST((worker.hear_a<Failed>().fault == Fault::start_pcscd));
    worker.close_socket();
    BOOST_TEST(worker.wait_for_end() == "exit status 0");
}

BOOST_AUTO_TEST_CASE(the_real_worker_refuses_to_run_by_hand) {
    const std::string quiet = " < /dev/null > /dev/null 2>&1 3<&-";
    const std::string program = READER_WORKER;
    for (const char* options : {" --pcsc reader", " --nfc acr122_usb", ""}) {
        BOOST_TEST(WEXITSTATUS(std::system((program + options + quiet).c_str())) == 64);
    }
    BOOST_TEST(WEXITSTATUS(std::system((program + " --help" + quiet).c_str())) == 0);
}

BOOST_AUTO_TEST_CASE(the_real_worker_refuses_options_that_make_no_sense) {
    const std::string start = std::string(READER_WORKER) + " ";
    const std::string quiet = " > /dev/null 2>&1 3<&-";
    for (const char* options :
         {"--pcsc", "--pcsc ''", "--nfc ''", "--nfc a --pcsc b", "--pcsc a --frame 15",
          "--pcsc a --frame 257", "--pcsc a --frame many", "--pcsc a --frame 64 --frame 64",
          "--nfc a --frame 64", "--other a"}) {
        BOOST_TEST_CONTEXT(options) {
            BOOST_TEST(WEXITSTATUS(std::system((start + options + quiet).c_str())) == 64);
        }
    }
}
