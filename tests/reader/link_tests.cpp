#include <vector>

#include <boost/test/unit_test.hpp>

#include "reader/link/messages.hpp"

using namespace card;
using namespace card::reader;

namespace {

BytesView content_of(const Bytes& framed) {
    return BytesView(framed).subspan(2);
}

template <class Message>
Message through_worker_link(const Message& message) {
    const Result<FromWorker> decoded = decode_from_worker(content_of(encode(FromWorker(message))));
    BOOST_REQUIRE(decoded);
    BOOST_REQUIRE(std::holds_alternative<Message>(*decoded));
    return std::get<Message>(*decoded);
}

template <class Message>
Message through_station_link(const Message& message) {
    const Result<ToWorker> decoded = decode_to_worker(content_of(encode(ToWorker(message))));
    BOOST_REQUIRE(decoded);
    BOOST_REQUIRE(std::holds_alternative<Message>(*decoded));
    return std::get<Message>(*decoded);
}

void require_refused_by_both(const Bytes& content) {
    const Result<ToWorker> to_worker = decode_to_worker(content);
    const Result<FromWorker> from_worker = decode_from_worker(content);
    BOOST_REQUIRE(!to_worker && !from_worker);
    BOOST_TEST((to_worker.error().fault == Fault::restart_worker));
    BOOST_TEST((from_worker.error().fault == Fault::restart_worker));
}

std::vector<FromWorker> all_from_worker() {
    return {ReaderUp{"Reader 00 00"},
            ReaderDown{Fault::start_pcscd, "no service"},
            CardPresent{{0x3B, 0x81, 0x80}},
            CardRemoved{},
            Connected{},
            Response{{0x91, 0x00}},
            Disconnected{},
            Failed{Fault::present_same_card_again, "gone"}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_message_of_the_station_comes_out_as_it_went_in) {
    through_station_link(Connect{});
    const Bytes apdu{0x90, 0x60, 0x00, 0x00, 0x00};
    BOOST_TEST(through_station_link(Transmit{apdu}).apdu == apdu);
    for (const Disposition disposition : {Disposition::leave, Disposition::reset}) {
        BOOST_TEST((through_station_link(Disconnect{disposition}).disposition == disposition));
    }
    for (const Cue cue : {Cue::none, Cue::success, Cue::refusal}) {
        BOOST_TEST((through_station_link(Disconnect{Disposition::reset, cue}).cue == cue));
    }
}

BOOST_AUTO_TEST_CASE(every_message_of_a_worker_comes_out_as_it_went_in) {
    BOOST_TEST(through_worker_link(ReaderUp{"Reader 00 00"}).name == "Reader 00 00");
    const ReaderDown down = through_worker_link(ReaderDown{Fault::wait_for_reader, "unplugged"});
    BOOST_TEST((down.why == Fault::wait_for_reader));
    BOOST_TEST(down.detail == "unplugged");
    const Bytes octets{0x3B, 0x81};
    BOOST_TEST(through_worker_link(CardPresent{octets}).atr == octets);
    BOOST_TEST(through_worker_link(CardPresent{}).atr == Bytes());
    BOOST_TEST(through_worker_link(Response{octets}).apdu == octets);
    const Failed failed = through_worker_link(Failed{Fault::set_card_aside, "too long"});
    BOOST_TEST((failed.fault == Fault::set_card_aside));
    BOOST_TEST(failed.detail == "too long");
    through_worker_link(CardRemoved{});
    for (const std::uint16_t octets_on_air :
         std::initializer_list<std::uint16_t>{16, 58, 64, 256}) {
        const FrameSize size{octets_on_air};
        BOOST_TEST((through_worker_link(Connected{size}).largest_frame == size));
    }
    through_worker_link(Disconnected{});
}

BOOST_AUTO_TEST_CASE(the_octets_on_the_wire_are_fixed) {
    BOOST_TEST(to_hex(encode(ToWorker(Connect{}))) == "000101");
    BOOST_TEST(to_hex(encode(ToWorker(Transmit{{0x90, 0x60, 0x00, 0x00}}))) == "00050290600000");
    BOOST_TEST(to_hex(encode(ToWorker(Disconnect{Disposition::reset}))) == "0003030100");
    BOOST_TEST(to_hex(encode(ToWorker(Disconnect{Disposition::leave, Cue::refusal}))) ==
               "0003030002");
    BOOST_TEST(to_hex(encode(FromWorker(Response{{0x91, 0xAF}}))) == "00038691AF");
    BOOST_TEST(to_hex(encode(FromWorker(Connected{FrameSize{256}}))) == "0003850100");
}

BOOST_AUTO_TEST_CASE(text_is_shortened_to_the_frame_and_made_printable) {
    const std::string long_text(5'000, 'x');
    const Failed failed = through_worker_link(Failed{Fault::restart_worker, long_text});
    BOOST_TEST(failed.detail == long_text.substr(0, max_frame_size - 2));
    BOOST_TEST(through_worker_link(ReaderUp{"a\nb\x80"}).name == "a?b?");
}

BOOST_AUTO_TEST_CASE(a_frame_size_that_no_reader_has_is_refused) {
    for (const std::uint16_t octets_on_air :
         std::initializer_list<std::uint16_t>{0, 15, 257, 65535}) {
        const Bytes framed = encode(FromWorker(Connected{FrameSize{octets_on_air}}));
        BOOST_TEST(!decode_from_worker(content_of(framed)));
    }
}

BOOST_AUTO_TEST_CASE(a_text_that_is_not_printable_is_refused) {
    Bytes framed = encode(FromWorker(ReaderUp{"reader"}));
    framed.back() = '\n';
    BOOST_TEST(!decode_from_worker(content_of(framed)));
}

BOOST_AUTO_TEST_CASE(octets_that_no_frame_can_hold_are_the_callers_mistake) {
    BOOST_CHECK_THROW((void)encode(FromWorker(Response{Bytes(max_frame_size)})), std::length_error);
}

BOOST_AUTO_TEST_CASE(a_body_that_is_cut_short_or_too_long_is_refused) {
    for (const FromWorker& message : all_from_worker()) {
        Bytes framed = encode(message);
        framed.resize(2 + max_frame_size + 1, 0x41);
        BOOST_TEST(!decode_from_worker(content_of(framed)));
    }
    BOOST_TEST(!decode_from_worker(Bytes{0x82}));
    BOOST_TEST(!decode_from_worker(Bytes{0x88}));
    BOOST_TEST(!decode_from_worker(Bytes{0x81}));
    BOOST_TEST(!decode_from_worker(Bytes{0x84, 0x00}));
    BOOST_TEST(!decode_from_worker(encode(FromWorker(CardPresent{Bytes(34)}))));
    BOOST_TEST(!decode_to_worker(Bytes{0x01, 0x00}));
    BOOST_TEST(!decode_to_worker(Bytes{0x02, 0x90, 0x60, 0x00}));
    BOOST_TEST(!decode_to_worker(Bytes{0x03}));
    BOOST_TEST(!decode_to_worker(Bytes{0x03, 0x01}));
    BOOST_TEST(!decode_to_worker(Bytes{0x03, 0x02, 0x00}));
    BOOST_TEST(!decode_to_worker(Bytes{0x03, 0x01, 0x03}));
    BOOST_TEST(!decode_to_worker(Bytes{0x03, 0x01, 0x00, 0x00}));
    Bytes oversized{0x02};
    oversized.resize(1 + max_command_apdu_size + 1);
    BOOST_TEST(!decode_to_worker(oversized));
}

BOOST_AUTO_TEST_CASE(nothing_and_unknown_kinds_are_refused) {
    require_refused_by_both({});
    require_refused_by_both({0x00});
    require_refused_by_both({0x7F, 0x01});
    require_refused_by_both({0xFF});
}

BOOST_AUTO_TEST_CASE(neither_side_accepts_a_message_of_its_own_kind) {
    for (const FromWorker& message : all_from_worker()) {
        BOOST_TEST(!decode_to_worker(content_of(encode(message))));
    }
    BOOST_TEST(!decode_from_worker(content_of(encode(ToWorker(Connect{})))));
}

BOOST_AUTO_TEST_CASE(a_worker_cannot_pass_a_verdict_that_is_not_its_own) {
    for (unsigned fault = 0; fault <= 0xFF; ++fault) {
        const Bytes failed{0x88, static_cast<std::uint8_t>(fault)};
        const Bytes down{0x82, static_cast<std::uint8_t>(fault)};
        const auto named = static_cast<Fault>(fault);
        const bool about_reader = named == Fault::wait_for_reader || named == Fault::start_pcscd ||
                                  named == Fault::grant_reader_access ||
                                  named == Fault::correct_configuration;
        BOOST_TEST(decode_from_worker(down).has_value() == about_reader);
        BOOST_TEST(decode_from_worker(failed).has_value() ==
                   (about_reader || named == Fault::present_same_card_again ||
                    named == Fault::set_card_aside || named == Fault::restart_worker));
    }
}

BOOST_AUTO_TEST_CASE(a_list_of_readers_comes_out_as_it_went_in) {
    for (const ListedReader& reader :
         {ListedReader{"Reader 00 00", UsbAddress{1, 4}, false},
          ListedReader{"Reader (SN1) 01 00", std::nullopt, true}, ListedReader{"R", {}, false}}) {
        const auto decoded = decode_from_lister(content_of(encode_from_lister(reader)));
        BOOST_REQUIRE(decoded);
        const ListedReader& read = std::get<ListedReader>(*decoded);
        BOOST_TEST(read.name == reader.name);
        BOOST_TEST((read.address == reader.address));
        BOOST_TEST(read.held == reader.held);
    }
    const auto end = decode_from_lister(content_of(encode_from_lister(ListEnd{})));
    BOOST_TEST((end && std::holds_alternative<ListEnd>(*end)));
    const auto failed =
        decode_from_lister(content_of(encode_from_lister(Failed{Fault::start_pcscd, "none"})));
    BOOST_REQUIRE(failed);
    BOOST_TEST((std::get<Failed>(*failed).fault == Fault::start_pcscd));
}

BOOST_AUTO_TEST_CASE(a_listed_reader_that_cannot_be_read_is_refused) {
    BOOST_TEST(decode_from_lister(Bytes{0x91, 0x02, 0x01, 0x04, 'R'}).has_value());
    for (const Bytes& wrong :
         {Bytes{}, Bytes{0x91}, Bytes{0x91, 0x02, 0x01, 0x04},  // no name
          Bytes{0x91, 0x04, 0x01, 0x04, 'R'},                   // unknown flag
          Bytes{0x91, 0x00, 0x01, 0x04, 'R'},                   // an address without its flag
          Bytes{0x91, 0x02, 0x01, 0x04, '\n'}, Bytes{0x92, 0x00}, Bytes{0x88}, Bytes{0x81, 'R'}}) {
        const auto decoded = decode_from_lister(wrong);
        BOOST_REQUIRE(!decoded);
        BOOST_TEST((decoded.error().fault == Fault::restart_worker));
    }
}

BOOST_AUTO_TEST_CASE(frames_come_out_whole_however_the_stream_is_cut) {
    Bytes stream;
    for (const FromWorker& message : all_from_worker()) {
        append(stream, encode(message));
    }
    for (std::size_t step = 1; step <= stream.size(); ++step) {
        FrameReader frames;
        std::size_t count = 0;
        for (std::size_t at = 0; at < stream.size(); at += step) {
            frames.feed(BytesView(stream).subspan(at, std::min(step, stream.size() - at)));
            for (;;) {
                const Result<std::optional<Bytes>> content = frames.next();
                BOOST_REQUIRE(content);
                if (!*content) {
                    break;
                }
                const Result<FromWorker> message = decode_from_worker(**content);
                BOOST_REQUIRE(message);
                BOOST_TEST(message->index() == count);
                ++count;
            }
        }
        BOOST_TEST(count == all_from_worker().size());
    }
}

BOOST_AUTO_TEST_CASE(a_length_of_zero_or_above_the_limit_is_refused_and_stays_refused) {
    for (const Bytes& start : {Bytes{0x00, 0x00}, Bytes{0x04, 0x01}, Bytes{0xFF, 0xFF}}) {
        FrameReader frames;
        frames.feed(start);
        for (int attempt = 0; attempt < 2; ++attempt) {
            const Result<std::optional<Bytes>> content = frames.next();
            BOOST_REQUIRE(!content);
            BOOST_TEST((content.error().fault == Fault::restart_worker));
            frames.feed(encode(ToWorker(Connect{})));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_longest_frame_passes) {
    const Bytes framed = encode(FromWorker(Response{Bytes(max_frame_size - 1, 0x55)}));
    FrameReader frames;
    frames.feed(framed);
    const Result<std::optional<Bytes>> content = frames.next();
    BOOST_REQUIRE(content);
    BOOST_REQUIRE(*content);
    BOOST_TEST((**content).size() == max_frame_size);
}
