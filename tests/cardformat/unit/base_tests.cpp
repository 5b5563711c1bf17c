#include <algorithm>
#include <array>
#include <memory>
#include <ostream>
#include <type_traits>

#include <boost/test/unit_test.hpp>

#include "cardformat/base/result.hpp"
#include "cardformat/base/secret.hpp"
#include "cardformat/base/strong.hpp"
#include "cardformat/base/utf8.hpp"

using namespace card;

namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
    out << value;
};
template <class T>
concept Comparable = requires(const T& value) {
    value == value;
};

static_assert(Printable<std::string>);
static_assert(!Printable<Secret<16>>);
static_assert(!Printable<PersonalText>);
static_assert(!Comparable<Secret<16>>);
static_assert(!std::is_copy_constructible_v<Secret<16>>);
static_assert(!std::is_copy_assignable_v<Secret<16>>);
static_assert(std::is_nothrow_move_constructible_v<Secret<16>>);
static_assert(!std::is_convertible_v<std::string, PersonalText>);
static_assert(!std::is_convertible_v<PersonalText, std::string>);

Secret<4> secret_of(std::array<std::uint8_t, 4> octets) {
    return Secret<4>(octets);
}

bool all_zero(std::span<const std::uint8_t> octets) {
    return std::all_of(octets.begin(), octets.end(), [](std::uint8_t octet) { return octet == 0; });
}

std::array<std::uint8_t, 10> random_of(std::uint8_t octet) {
    std::array<std::uint8_t, 10> random{};
    random.fill(octet);
    return random;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hexadecimal)

BOOST_AUTO_TEST_CASE(octets_become_capital_digits) {
    BOOST_TEST(to_hex(Bytes{0x00, 0x0F, 0xA0, 0xFF}) == "000FA0FF");
}

BOOST_AUTO_TEST_CASE(every_octet_comes_back_from_its_digits) {
    Bytes all(256);
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i] = static_cast<std::uint8_t>(i);
    }
    BOOST_TEST((from_hex(to_hex(all)) == all));
}

BOOST_AUTO_TEST_CASE(digits_of_either_case_are_read) {
    BOOST_TEST((from_hex("aBcD") == Bytes{0xAB, 0xCD}));
}

BOOST_AUTO_TEST_CASE(an_odd_number_of_digits_is_refused) {
    BOOST_TEST(!from_hex("ABC"));
}

BOOST_AUTO_TEST_CASE(a_character_beside_the_digits_is_refused) {
    for (const std::string_view text :
         {"0G", "g0", " 0", "0x", "-1", "+1", "/0", ":0", "@0", "`0"}) {
        BOOST_TEST(!from_hex(text), text);
    }
}

BOOST_AUTO_TEST_CASE(octets_of_unequal_length_are_unequal) {
    BOOST_TEST(!equal_in_constant_time(Bytes{1, 2}, Bytes{1, 2, 0}));
}

BOOST_AUTO_TEST_CASE(a_difference_in_any_single_octet_is_seen) {
    const Bytes left(16, 0x55);
    for (std::size_t i = 0; i < left.size(); ++i) {
        Bytes right = left;
        right[i] ^= 0x80;
        BOOST_TEST(!equal_in_constant_time(left, right));
    }
}

BOOST_AUTO_TEST_CASE(equal_octets_are_equal) {
    BOOST_TEST(equal_in_constant_time(Bytes{1, 2, 3}, Bytes{1, 2, 3}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(uuids)

BOOST_AUTO_TEST_CASE(version_7_starts_with_the_milliseconds) {
    const Uuid id = Uuid::v7(0x017F22E279B0, random_of(0x00));
    BOOST_TEST(id.text() == "017f22e2-79b0-7000-8000-000000000000");
}

BOOST_AUTO_TEST_CASE(version_7_keeps_version_and_variant_whatever_the_randomness) {
    BOOST_TEST(Uuid::v7(0, random_of(0xFF)).text() == "00000000-0000-7fff-bfff-ffffffffffff");
}

BOOST_AUTO_TEST_CASE(version_7_of_a_later_millisecond_sorts_behind) {
    const Uuid earlier = Uuid::v7(1638331200255, random_of(0xFF));
    const Uuid later = Uuid::v7(1638331200256, random_of(0x00));
    BOOST_TEST((earlier < later));
    BOOST_TEST(earlier.text() < later.text());
}

BOOST_AUTO_TEST_CASE(version_8_is_determined_by_its_hash) {
    std::array<std::uint8_t, 32> hash{};
    hash.fill(0xFF);
    BOOST_TEST(Uuid::v8_from_hash(hash).text() == "ffffffff-ffff-8fff-bfff-ffffffffffff");
}

BOOST_AUTO_TEST_CASE(version_8_ignores_what_follows_the_first_sixteen_octets) {
    std::array<std::uint8_t, 32> left{};
    std::array<std::uint8_t, 32> right{};
    right[16] = 1;
    BOOST_TEST((Uuid::v8_from_hash(left) == Uuid::v8_from_hash(right)));
}

BOOST_AUTO_TEST_CASE(the_default_is_the_nil_uuid) {
    BOOST_TEST(Uuid().text() == "00000000-0000-0000-0000-000000000000");
}

BOOST_AUTO_TEST_CASE(a_text_comes_back_from_its_uuid) {
    const std::string text = "0193a0c1-7e00-7abc-8def-0123456789ab";
    BOOST_TEST(Uuid::parse(text).value().text() == text);
}

BOOST_AUTO_TEST_CASE(texts_of_another_form_are_refused) {
    for (const std::string_view text : {
             "",
             "0193a0c1-7e00-7abc-8def-0123456789a",
             "0193a0c1-7e00-7abc-8def-0123456789abc",
             "0193a0c17e007abc8def0123456789ab",
             "0193a0c17-e00-7abc-8def-0123456789ab",
             "0193a0c1-7e00-7abc-8def-0123456789ag",
             "0193a0c1_7e00_7abc_8def_0123456789ab",
             "{193a0c1-7e00-7abc-8def-0123456789a}",
             "0193a0c1-7e00-7abc-8def-01234567-9ab",
             "------------------------------------",
         }) {
        BOOST_TEST(!Uuid::parse(text), text);
    }
}

BOOST_AUTO_TEST_CASE(octets_of_another_number_than_sixteen_are_refused) {
    BOOST_TEST(!Uuid::from(Bytes(15)));
    BOOST_TEST(!Uuid::from(Bytes(17)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(card_uids)

BOOST_AUTO_TEST_CASE(seven_octets_of_digits_are_a_uid) {
    BOOST_TEST(CardUid::parse("04a1b2c3d4e5f6").value().hex() == "04A1B2C3D4E5F6");
}

BOOST_AUTO_TEST_CASE(a_uid_of_four_or_ten_octets_is_refused) {
    BOOST_TEST(!CardUid::parse("04A1B2C3"));
    BOOST_TEST(!CardUid::parse("04A1B2C3D4E5F6070809"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(secrets)

BOOST_AUTO_TEST_CASE(a_secret_that_was_moved_from_is_wiped) {
    Secret<4> source = secret_of({1, 2, 3, 4});
    const Secret<4> target(std::move(source));
    BOOST_TEST(all_zero(source.reveal()));
}

BOOST_AUTO_TEST_CASE(a_moved_secret_keeps_its_octets) {
    Secret<4> source = secret_of({1, 2, 3, 4});
    const Secret<4> target(std::move(source));
    BOOST_TEST(to_hex(target.reveal()) == "01020304");
}

BOOST_AUTO_TEST_CASE(a_secret_that_was_assigned_away_is_wiped) {
    Secret<4> source = secret_of({1, 2, 3, 4});
    Secret<4> target = secret_of({5, 6, 7, 8});
    target = std::move(source);
    BOOST_TEST(all_zero(source.reveal()));
    BOOST_TEST(to_hex(target.reveal()) == "01020304");
}

BOOST_AUTO_TEST_CASE(a_secret_assigned_to_itself_keeps_its_octets) {
    Secret<4> secret = secret_of({1, 2, 3, 4});
    Secret<4>& same = secret;
    secret = std::move(same);
    BOOST_TEST(to_hex(secret.reveal()) == "01020304");
}

BOOST_AUTO_TEST_CASE(a_destroyed_secret_leaves_no_octet_behind) {
    alignas(Secret<16>) std::array<std::uint8_t, sizeof(Secret<16>)> memory{};
    std::array<std::uint8_t, 16> octets{};
    octets.fill(0xA5);
    auto* secret = new (memory.data()) Secret<16>(octets);
    std::destroy_at(secret);
    BOOST_TEST(all_zero(memory));
}

BOOST_AUTO_TEST_CASE(a_duplicate_holds_the_same_key_and_leaves_the_first) {
    const Secret<4> first = secret_of({1, 2, 3, 4});
    const Secret<4> second = first.duplicate();
    BOOST_TEST(to_hex(second.reveal()) == to_hex(first.reveal()));
}

BOOST_AUTO_TEST_CASE(personal_text_that_was_moved_from_is_empty) {
    PersonalText source("吳添財");
    const PersonalText target(std::move(source));
    BOOST_TEST(source.reveal().empty());
    BOOST_TEST(target.reveal() == "吳添財");
}

BOOST_AUTO_TEST_CASE(personal_text_that_was_assigned_away_is_empty) {
    PersonalText source("a name that is longer than the short string buffer");
    PersonalText target("another name that is longer than the short string buffer");
    target = std::move(source);
    BOOST_TEST(source.reveal().empty());
    BOOST_TEST(target.reveal() == "a name that is longer than the short string buffer");
}

BOOST_AUTO_TEST_CASE(a_copy_of_personal_text_reveals_the_same) {
    const PersonalText source("吳添財");
    PersonalText target("x");
    target = source;
    BOOST_TEST(target.reveal() == source.reveal());
}

BOOST_AUTO_TEST_CASE(white_space_of_both_widths_is_blank) {
    for (const char* text : {"", " ", "\t ", "\u3000", " \u3000\u3000 "}) {
        BOOST_TEST(PersonalText(text).blank(), text);
    }
}

BOOST_AUTO_TEST_CASE(a_name_of_one_character_is_not_blank) {
    // U+3001 and U+4E00 share octets with the ideographic space.
    for (const char* text : {"李", "0", "\u3001", "\u4E00", "\u0300"}) {
        BOOST_TEST(!PersonalText(text).blank(), text);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(faults)

BOOST_AUTO_TEST_CASE(every_fault_has_a_name_of_its_own) {
    std::vector<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(Fault::report_defect); ++i) {
        names.push_back(name(static_cast<Fault>(i)));
    }
    std::sort(names.begin(), names.end());
    BOOST_TEST((std::adjacent_find(names.begin(), names.end()) == names.end()));
}

BOOST_AUTO_TEST_CASE(a_failure_passed_on_keeps_its_fault_and_grows_its_detail) {
    const Result<int> result = fail("opening", Failure{Fault::retry_later, "busy"});
    BOOST_TEST((result.error().fault == Fault::retry_later));
    BOOST_TEST(result.error().detail == "opening: busy");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(utf8)

BOOST_AUTO_TEST_CASE(well_formed_text_is_kept) {
    for (const std::string_view text : {"", "KH", "高雄港", "\xF0\xA0\xAE\xB7", "a\xC2\x80z"}) {
        BOOST_TEST(is_utf8(text), text);
        BOOST_TEST(to_utf8(text) == text);
    }
}

// The ill-formed sequences of RFC 3629, section 3 and 10.
BOOST_AUTO_TEST_CASE(ill_formed_text_is_told_and_replaced) {
    for (const std::string_view text : {"\xFF", "\xC0\x80", "\xE2\x98", "\xED\xA0\x80",
                                        "\xF4\x90\x80\x80", "\x80", "\xC3(", "\xF8\x88"}) {
        BOOST_TEST(!is_utf8(text), text);
        const std::string replaced = to_utf8(text);
        BOOST_TEST(is_utf8(replaced));
        BOOST_TEST(replaced.starts_with("\xEF\xBF\xBD"));
    }
}

BOOST_AUTO_TEST_CASE(what_stands_around_an_ill_formed_part_is_kept) {
    BOOST_TEST(to_utf8("a\xE9z") == "a\xEF\xBF\xBDz");
    BOOST_TEST(to_utf8("\xE9\xAB\xE9\xAB\x98").ends_with("高"));
}

BOOST_AUTO_TEST_SUITE_END()
