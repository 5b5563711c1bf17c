#include <boost/test/unit_test.hpp>
#include <sys/resource.h>

#include "cardformat/credential/cbor.hpp"

using namespace card;
using cbor::Value;

namespace {

Bytes octets(std::string_view hex) {
    return from_hex(hex).value();
}

bool decodes(const Bytes& encoded) {
    return cbor::decode(encoded).has_value();
}

Bytes repeated(std::string_view hex, std::size_t times) {
    Bytes all;
    for (std::size_t i = 0; i < times; ++i) {
        append(all, octets(hex));
    }
    return all;
}

long peak_kib() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cbor_encoding)

BOOST_AUTO_TEST_CASE(every_kind_of_value_comes_back) {
    cbor::Map map;
    map.emplace(-70001, Value{Bytes{1, 2, 3}});
    map.emplace(1, Value{std::string("高雄港")});
    cbor::Array array;
    array.push_back(Value{std::int64_t{-7}});
    array.push_back(Value{std::move(map)});
    array.push_back(Value{Bytes{}});
    array.push_back(Value{std::string{}});
    array.push_back(Value{cbor::Array{}});
    array.push_back(Value{cbor::Map{}});
    const Bytes encoded = cbor::encode(Value{std::move(array)});
    const auto decoded = cbor::decode(encoded);
    BOOST_REQUIRE(decoded);
    BOOST_TEST((cbor::encode(*decoded) == encoded));
}

BOOST_AUTO_TEST_CASE(an_item_above_the_limit_is_not_encoded_as_nothing) {
    BOOST_TEST(!cbor::encode(Value{Bytes(cbor::max_size)}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cbor_decoding)

BOOST_AUTO_TEST_CASE(encodings_that_are_not_deterministic_are_refused) {
    for (const std::string_view hex : {
             "1800",                // 0 in two octets
             "1817",                // 23 in two octets
             "190001",              // 1 in three
             "1A00000001",          // 1 in five
             "1B0000000000000001",  // 1 in nine
             "3800",                // -1 in two
             "580141",              // a string's length in two octets
             "7801"
             "41",          // the same of text
             "5F4101FF",    // octets of indefinite length
             "7F6141FF",    // text of indefinite length
             "9F01FF",      // an array of indefinite length
             "BF0101FF",    // a map of indefinite length
             "980101",      // an array's length in two octets
             "B8010101",    // a map's length in two octets
             "D80001",      // a tag in two octets
             "A202010101",  // keys out of order
             "A220011818"
             "01",          // shorter-first order of RFC 7049
             "A201010102",  // a key twice
         }) {
        BOOST_TEST(!decodes(octets(hex)), hex);
    }
}

BOOST_AUTO_TEST_CASE(kinds_that_credentials_do_not_use_are_refused) {
    for (const std::string_view hex : {
             "F4",                  // false
             "F6",                  // null
             "F7",                  // undefined
             "F0",                  // a simple value
             "F93C00",              // half precision
             "FA47C35000",          // single
             "FB3FF199999999999A",  // double
             "A1614101",            // a map's key of text
             "A1410101",            // of octets
             "A1F401",              // of a simple value
             "A1800"
             "1",     // of an array
             "81F6",  // inside an array
             "D201",  // a tag
         }) {
        BOOST_TEST(!decodes(octets(hex)), hex);
    }
}

BOOST_AUTO_TEST_CASE(truncated_and_malformed_items_are_refused) {
    for (const std::string_view hex : {
             "",
             "18",
             "1A000000",
             "42"
             "01",
             "6241",
             "8201",
             "A101",
             "C1",
             "D8",
             "FF",      // a break by itself
             "81FF",    // a break as an element
             "A1FF",    // a break as a key
             "A101FF",  // a break as a value
             "9FFF"
             "FF",
             "1C",
             "1D",
             "1E",
             "1F",  // reserved
             "3C",
             "5C",
             "7C",
             "9C",
             "BC",
             "DC",
             "FC",
             "BF01FF",    // a key without a value
             "5F01FF",    // a number as part of a string
             "5F6141FF",  // text as part of octets
             "F800",      // a simple value in a form that is not allowed
         }) {
        BOOST_TEST(!decodes(octets(hex)), hex);
    }
}

BOOST_AUTO_TEST_CASE(octets_behind_the_item_are_refused) {
    BOOST_TEST(!decodes(octets("0100")));
    BOOST_TEST(!decodes(octets("80FF")));
}

BOOST_AUTO_TEST_CASE(integers_beyond_64_bits_with_sign_are_refused) {
    BOOST_TEST(!decodes(octets("1B8000000000000000")));
    BOOST_TEST(!decodes(octets("1BFFFFFFFFFFFFFFFF")));
    BOOST_TEST(!decodes(octets("3B8000000000000000")));
    BOOST_TEST(!decodes(octets("3BFFFFFFFFFFFFFFFF")));
}

BOOST_AUTO_TEST_CASE(the_deepest_nesting_allowed_is_eight_and_one_more_is_refused) {
    const auto nested = [](std::size_t depth) {
        Bytes item = repeated("81", depth);
        item.push_back(0x00);
        return item;
    };
    BOOST_TEST(decodes(nested(cbor::max_depth)));
    BOOST_TEST(!decodes(nested(cbor::max_depth + 1)));
}

BOOST_AUTO_TEST_CASE(nesting_as_deep_as_the_limit_is_long_is_refused) {
    for (const std::string_view hex : {"81", "9F", "C1", "A100", "BF00", "5F", "7F"}) {
        const std::size_t times = cbor::max_size * 2 / hex.size();
        BOOST_TEST(!decodes(repeated(hex, times)), hex);
    }
}

BOOST_AUTO_TEST_CASE(an_item_of_4096_octets_is_read_and_a_longer_one_is_not) {
    Bytes item = octets("590FFD");
    item.resize(cbor::max_size, 0x00);
    BOOST_TEST(decodes(item));
    Bytes longer = octets("590FFE");
    longer.resize(cbor::max_size + 1, 0x00);
    BOOST_TEST(!decodes(longer));
}

BOOST_AUTO_TEST_CASE(a_huge_claimed_length_is_refused) {
    for (const std::string_view hex : {
             "9A10000000",          // an array of 2^28
             "9AFFFFFFFF",          // an array of 2^32 - 1
             "9B0000000100000000",  // an array of 2^32
             "9BFFFFFFFFFFFFFFFF",
             "9B2000000000000001",  // times eight wraps around
             "BAFFFFFFFF",
             "BB0000000100000000",
             "BB1000000000000001",  // times sixteen wraps around
             "BBFFFFFFFFFFFFFFFF",
             "5AFFFFFFFF",
             "5BFFFFFFFFFFFFFFFF",
             "7AFFFFFFFF",
             "7BFFFFFFFFFFFFFFFF",
             "5B7FFFFFFFFFFFFFFF",
         }) {
        BOOST_TEST(!decodes(octets(hex)), hex);
    }
}

BOOST_AUTO_TEST_CASE(a_huge_claimed_length_takes_no_memory) {
    const long before = peak_kib();
    BOOST_TEST(!decodes(octets("9A10000000")));
    BOOST_TEST(peak_kib() - before < 16 * 1024);
}

BOOST_AUTO_TEST_CASE(wrapping_lengths_with_elements_behind_them_are_refused) {
    for (const std::string_view head :
         {"9B2000000000000001", "9B8000000000000001", "BB1000000000000001", "BB8000000000000001"}) {
        Bytes item = octets(head);
        append(item, repeated("00", 1000));
        BOOST_TEST(!decodes(item), head);
    }
}

BOOST_AUTO_TEST_CASE(nested_huge_claims_are_refused) {
    BOOST_TEST(!decodes(repeated("9A00FFFFFF", 100)));
    BOOST_TEST(!decodes(repeated("9A01FFFFFF", 819)));
}

BOOST_AUTO_TEST_SUITE_END()
