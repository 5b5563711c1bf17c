#include <boost/test/unit_test.hpp>

#include "cardformat/pass/issued_card.hpp"
#include "cardformat/pass/old_pass_qr.hpp"
#include "cardformat/pass/pass_number.hpp"
#include "cardformat/pass/renewal.hpp"

using namespace card;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

Port port(std::string_view code) {
    return Port::parse(code).value();
}

const std::vector<OldPassRecogniser> plain{PlainNumber{}};
const std::vector<OldPassRecogniser> url{UrlParameter{"no"}};

bool recognises(std::string_view scanned, const std::vector<OldPassRecogniser>& known) {
    return recognise_old_pass(scanned, known).has_value();
}

std::string number_in(std::string_view scanned, const std::vector<OldPassRecogniser>& known) {
    return recognise_old_pass(scanned, known).value().text();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ports)

BOOST_AUTO_TEST_CASE(the_seven_ports_have_their_names) {
    BOOST_TEST(port("KL").name() == "基隆港");
    BOOST_TEST(port("TP").name() == "臺北港");
    BOOST_TEST(port("SA").name() == "蘇澳港");
    BOOST_TEST(port("TC").name() == "臺中港");
    BOOST_TEST(port("KH").name() == "高雄港");
    BOOST_TEST(port("AP").name() == "安平港");
    BOOST_TEST(port("HL").name() == "花蓮港");
}

BOOST_AUTO_TEST_CASE(a_port_that_is_not_known_is_named_by_its_code) {
    BOOST_TEST(port("ZZ").name() == "ZZ");
}

BOOST_AUTO_TEST_CASE(anything_but_two_capital_letters_is_no_port) {
    for (const std::string_view text : {"", "K", "KHH", "kh", "K1", "K ", "高"}) {
        BOOST_TEST(!Port::parse(text).has_value(), text);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(pass_numbers)

BOOST_AUTO_TEST_CASE(the_numbers_of_the_samples_are_carried_as_they_are) {
    for (const std::string_view text : {"KHPS110-000038", "KLPS109-000003", "KHPS110-000031",
                                        "KLPS110-000008", "KHPS109-000427", "TEST0103", "0728"}) {
        BOOST_TEST(PassNumber::parse(text).value().text() == text);
    }
}

BOOST_AUTO_TEST_CASE(a_number_has_at_most_32_characters) {
    BOOST_TEST(PassNumber::parse(std::string(32, 'A')).has_value());
    BOOST_TEST(!PassNumber::parse(std::string(33, 'A')).has_value());
}

BOOST_AUTO_TEST_CASE(a_number_with_another_character_is_refused) {
    for (const std::string_view text :
         {""sv, "khps110-000038"sv, "KHPS110 000038"sv, "KHPS110_000038"sv, "KHPS110-000038\n"sv,
          "KHPS110-000038\0"sv,
          "KHPS110\xE2\x80\x90"
          "000038"sv,
          "ＫＨ"sv, "\xFF"sv, "A'"sv, "A;"sv, "A/"sv}) {
        BOOST_TEST(!PassNumber::parse(text).has_value(), text);
    }
}

BOOST_AUTO_TEST_CASE(a_minted_number_is_padded_to_six_digits) {
    BOOST_TEST(PassNumber::mint(port("KH"), 110, 38).value().text() == "KHPS110-000038");
}

BOOST_AUTO_TEST_CASE(serials_are_minted_from_one_to_999999) {
    BOOST_TEST(PassNumber::mint(port("KH"), 110, 1).has_value());
    BOOST_TEST(PassNumber::mint(port("KH"), 110, 999'999).has_value());
    BOOST_TEST(!PassNumber::mint(port("KH"), 110, 0).has_value());
    BOOST_TEST(!PassNumber::mint(port("KH"), 110, 1'000'000).has_value());
}

BOOST_AUTO_TEST_CASE(a_year_without_three_digits_mints_nothing) {
    BOOST_TEST(!PassNumber::mint(port("KH"), 99, 1).has_value());
    BOOST_TEST(!PassNumber::mint(port("KH"), 1000, 1).has_value());
}

BOOST_AUTO_TEST_CASE(a_minted_number_gives_its_series_and_serial_back) {
    const auto parts = minted_parts(PassNumber::mint(port("KL"), 110, 8).value());
    BOOST_REQUIRE(parts);
    BOOST_TEST(parts->series == "KLPS110");
    BOOST_TEST(parts->serial == 8);
}

BOOST_AUTO_TEST_CASE(a_number_of_another_length_or_without_digits_has_no_serial) {
    for (const std::string_view text : {"TEST0103", "KHPS110-00003", "KHPS110-0000380",
                                        "KHPS110-00003A", "KHPS1100000038", "KHPS110--00038"}) {
        BOOST_TEST(!minted_parts(PassNumber::parse(text).value()), text);
    }
}

BOOST_AUTO_TEST_CASE(a_number_whose_series_could_not_be_minted_has_no_serial) {
    for (const std::string_view text : {"-------000001", "KHXX110-000038", "1234567-000038",
                                        "KHPSABC-000038", "KHPS110-000000", "KHPS099-000001"}) {
        BOOST_TEST(!minted_parts(PassNumber::parse(text).value()), text);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(renewal_words)

BOOST_AUTO_TEST_CASE(every_status_comes_back_from_its_name) {
    for (const RenewalStatus status : {RenewalStatus::approved, RenewalStatus::produced,
                                       RenewalStatus::issued, RenewalStatus::withdrawn}) {
        BOOST_TEST((parse_renewal_status(name(status)) == status));
    }
}

BOOST_AUTO_TEST_CASE(statuses_are_shown_in_the_exchanges_words) {
    BOOST_TEST(shown(RenewalStatus::approved) == "待製證");
    BOOST_TEST(shown(RenewalStatus::produced) == "已製證");
    BOOST_TEST(shown(RenewalStatus::issued) == "已換證");
}

BOOST_AUTO_TEST_CASE(a_word_that_is_no_status_is_refused) {
    BOOST_TEST(!parse_renewal_status("Approved"));
    BOOST_TEST(!parse_renewal_status(""));
    BOOST_TEST(!parse_renewal_status("已製證"));
}

BOOST_AUTO_TEST_CASE(stages_are_named_in_the_order_of_the_enumeration) {
    BOOST_TEST(name(CardStage::started) == "started");
    BOOST_TEST(name(CardStage::torn) == "torn");
    BOOST_TEST(name(CardStage::verified) == "verified");
    BOOST_TEST(name(CardStage::authorised) == "authorised");
    BOOST_TEST(name(CardStage::handed_over) == "handed_over");
    BOOST_TEST(name(CardStage::spoiled) == "spoiled");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(old_passes)

BOOST_AUTO_TEST_CASE(a_plain_number_is_recognised) {
    BOOST_TEST(number_in("KLPS109-000003", plain) == "KLPS109-000003");
}

BOOST_AUTO_TEST_CASE(line_ends_of_the_scanner_are_cut_off) {
    BOOST_TEST(number_in("KLPS109-000003\r\n", plain) == "KLPS109-000003");
    BOOST_TEST(number_in("KLPS109-000003\n\n", plain) == "KLPS109-000003");
}

BOOST_AUTO_TEST_CASE(control_characters_are_refused) {
    for (const char control : {'\0', '\t', '\n', '\r', '\x1B', '\x1F', '\x7F'}) {
        const std::string inside = "https://a/?no=KLPS109-000003&x="s + control + "y";
        BOOST_TEST(!recognises(inside, url), static_cast<int>(control));
    }
}

BOOST_AUTO_TEST_CASE(a_nul_at_the_end_is_refused) {
    BOOST_TEST(!recognises("KLPS109-000003\0"sv, plain));
}

BOOST_AUTO_TEST_CASE(a_number_behind_a_line_end_is_refused) {
    BOOST_TEST(!recognises("\nKLPS109-000003", plain));
}

BOOST_AUTO_TEST_CASE(a_text_of_1024_octets_is_read_and_a_longer_one_is_not) {
    std::string text = "https://a/?no=KLPS109-000003&x=";
    text.append(max_old_pass_qr_size - text.size(), 'x');
    BOOST_TEST(recognises(text, url));
    BOOST_TEST(!recognises(text + "x", url));
}

BOOST_AUTO_TEST_CASE(line_ends_do_not_count_as_length) {
    std::string text = "https://a/?no=KLPS109-000003&x=";
    text.append(max_old_pass_qr_size - text.size(), 'x');
    BOOST_TEST(recognises(text + "\r\n", url));
}

BOOST_AUTO_TEST_CASE(an_empty_text_is_refused) {
    BOOST_TEST(!recognises("", plain));
    BOOST_TEST(!recognises("\r\n", plain));
    BOOST_TEST(!recognises("", url));
}

BOOST_AUTO_TEST_CASE(invalid_utf8_is_refused) {
    BOOST_TEST(!recognises("KLPS109\xC0\xAF", plain));
    BOOST_TEST(!recognises("https://a/?no=KL\xFF", url));
}

BOOST_AUTO_TEST_CASE(the_parameter_may_stand_anywhere_in_the_query) {
    BOOST_TEST(number_in("https://a/p?no=KLPS109-000003", url) == "KLPS109-000003");
    BOOST_TEST(number_in("http://a/p?x=1&no=KLPS109-000003&y=2", url) == "KLPS109-000003");
    BOOST_TEST(number_in("https://a/p?&&no=KLPS109-000003#no=OTHER", url) == "KLPS109-000003");
}

BOOST_AUTO_TEST_CASE(a_repeated_parameter_is_read_once_from_the_front) {
    BOOST_TEST(number_in("https://a/?no=FIRST&no=SECOND", url) == "FIRST");
    BOOST_TEST(!recognises("https://a/?no=&no=SECOND", url));
}

BOOST_AUTO_TEST_CASE(a_parameter_of_a_similar_name_is_not_taken) {
    for (const std::string_view text :
         {"https://a/?No=A", "https://a/?xno=A", "https://a/?nox=A", "https://a/?no", "https://a/?",
          "https://a/no=A", "https://a/?x=no=A", "https://a/?n%6F=A"}) {
        BOOST_TEST(!recognises(text, url), text);
    }
}

BOOST_AUTO_TEST_CASE(other_schemes_are_refused) {
    for (const std::string_view text :
         {"javascript:?no=A", "data:,?no=A", "file:///?no=A", "ftp://a/?no=A", "HTTPS://a/?no=A",
          " https://a/?no=A", "//a/?no=A", "?no=A", "httpx://a/?no=A"}) {
        BOOST_TEST(!recognises(text, url), text);
    }
}

BOOST_AUTO_TEST_CASE(percent_signs_are_not_decoded) {
    for (const std::string_view text :
         {"https://a/?no=KLPS109%2D000003", "https://a/?no=%4B", "https://a/?no=A%00",
          "https://a/?no=A%", "https://a/?no=A+B"}) {
        BOOST_TEST(!recognises(text, url), text);
    }
}

BOOST_AUTO_TEST_CASE(a_value_with_more_than_a_number_is_refused) {
    BOOST_TEST(!recognises("https://a/?no=A/../B", url));
    BOOST_TEST(!recognises("https://a/?no=A=B", url));
    BOOST_TEST(!recognises("https://a/?no=' OR 1=1", url));
}

BOOST_AUTO_TEST_CASE(a_parameter_of_the_fragment_is_not_taken) {
    BOOST_TEST(!recognises("https://a/p#x?no=KLPS109-000003", url));
}

BOOST_AUTO_TEST_CASE(a_url_is_no_plain_number) {
    BOOST_TEST(!recognises("https://a/?no=KLPS109-000003", plain));
}

BOOST_AUTO_TEST_CASE(the_first_form_that_fits_wins) {
    const std::vector<OldPassRecogniser> both{UrlParameter{"a"}, UrlParameter{"b"}, PlainNumber{}};
    BOOST_TEST(number_in("https://x/?b=B1&a=A1", both) == "A1");
    BOOST_TEST(number_in("https://x/?b=B1", both) == "B1");
    BOOST_TEST(number_in("C1", both) == "C1");
}

BOOST_AUTO_TEST_CASE(nothing_is_recognised_without_a_configured_form) {
    BOOST_TEST(!recognises("KLPS109-000003", {}));
}

BOOST_AUTO_TEST_CASE(a_refusal_does_not_repeat_the_scanned_text) {
    for (const std::string_view text : {"secret words"sv, "https://a/?x=secret"sv, "secret\0"sv}) {
        const auto refused = recognise_old_pass(text, url);
        BOOST_REQUIRE(!refused);
        BOOST_TEST((refused.error().fault == Fault::correct_input));
        BOOST_TEST(refused.error().detail.find("secret") == std::string::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()
