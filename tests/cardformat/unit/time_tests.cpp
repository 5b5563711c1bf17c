#include <boost/test/unit_test.hpp>

#include "cardformat/base/time.hpp"

using namespace card;
using namespace std::chrono_literals;

namespace {

BusinessDay day(std::string_view text) {
    return BusinessDay::parse(text).value();
}

Timestamp at(std::string_view text) {
    return parse_rfc3339(text).value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(business_days)

BOOST_AUTO_TEST_CASE(both_separators_are_read) {
    BOOST_TEST((day("2021-12-01") == day("2021/12/01")));
}

BOOST_AUTO_TEST_CASE(a_day_is_written_with_either_separator) {
    BOOST_TEST(day("2021-12-01").iso() == "2021-12-01");
    BOOST_TEST(day("2021-12-01").slashed() == "2021/12/01");
}

BOOST_AUTO_TEST_CASE(leap_days_exist_in_leap_years) {
    BOOST_TEST(BusinessDay::parse("2024-02-29").has_value());
    BOOST_TEST(BusinessDay::parse("2000-02-29").has_value());
}

BOOST_AUTO_TEST_CASE(days_that_do_not_exist_are_refused) {
    for (const std::string_view text : {"2023-02-29", "1900-02-29", "2021-04-31", "2021-13-01",
                                        "2021-00-10", "2021-01-00", "2021-01-32"}) {
        BOOST_TEST(!BusinessDay::parse(text), text);
    }
}

BOOST_AUTO_TEST_CASE(texts_of_another_form_are_refused) {
    for (const std::string_view text :
         {"", "2021", "2021-12-1", "2021-12-011", "2021-12/01", "2021/12-01", "2021.12.01",
          "20211201", "110-12-01", " 2021-12-01", "2021-12- 1", "2021-12-+1", "-021-12-01",
          "2021--1-01", "2021-12-01 ", "０021-12-0"}) {
        BOOST_TEST(!BusinessDay::parse(text), text);
    }
}

BOOST_AUTO_TEST_CASE(the_roc_year_counts_from_1912) {
    BOOST_TEST(day("2021-01-01").roc_year() == 110);
    BOOST_TEST(day("2020-12-31").roc_year() == 109);
    BOOST_TEST(day("1912-01-01").roc_year() == 1);
}

BOOST_AUTO_TEST_CASE(a_day_begins_at_midnight_in_taipei) {
    BOOST_TEST((day("2021-12-01").starts_at() == at("2021-11-30T16:00:00.000Z")));
}

BOOST_AUTO_TEST_CASE(the_last_millisecond_before_taipei_midnight_is_the_day_before) {
    BOOST_TEST(BusinessDay::of(at("2021-11-30T15:59:59.999Z")).iso() == "2021-11-30");
}

BOOST_AUTO_TEST_CASE(taipei_midnight_is_the_new_day_while_utc_has_the_old_one) {
    BOOST_TEST(BusinessDay::of(at("2021-11-30T16:00:00.000Z")).iso() == "2021-12-01");
}

BOOST_AUTO_TEST_CASE(a_time_before_1970_falls_on_its_own_day) {
    BOOST_TEST(BusinessDay::of(Timestamp(-8h - 1ms)).iso() == "1969-12-31");
}

BOOST_AUTO_TEST_CASE(a_later_month_without_such_a_day_ends_on_its_last) {
    BOOST_TEST(day("2021-01-31").plus_months(1).iso() == "2021-02-28");
    BOOST_TEST(day("2024-01-31").plus_months(1).iso() == "2024-02-29");
    BOOST_TEST(day("2021-08-31").plus_months(3).iso() == "2021-11-30");
    BOOST_TEST(day("2024-02-29").plus_months(12).iso() == "2025-02-28");
}

BOOST_AUTO_TEST_CASE(months_carry_over_the_year_both_ways) {
    BOOST_TEST(day("2021-11-15").plus_months(3).iso() == "2022-02-15");
    BOOST_TEST(day("2021-02-15").plus_months(-3).iso() == "2020-11-15");
    BOOST_TEST(day("2021-03-31").plus_months(-1).iso() == "2021-02-28");
}

BOOST_AUTO_TEST_CASE(days_carry_over_a_leap_day) {
    BOOST_TEST(day("2024-02-28").plus_days(1).iso() == "2024-02-29");
    BOOST_TEST(day("2023-02-28").plus_days(1).iso() == "2023-03-01");
}

BOOST_AUTO_TEST_CASE(days_until_is_negative_for_an_earlier_day) {
    BOOST_TEST(day("2021-12-01").days_until(day("2021-12-31")) == 30);
    BOOST_TEST(day("2021-12-31").days_until(day("2021-12-01")) == -30);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(points_in_time)

BOOST_AUTO_TEST_CASE(a_time_is_written_in_utc_with_milliseconds) {
    BOOST_TEST(to_rfc3339(Timestamp(1638331200007ms)) == "2021-12-01T04:00:00.007Z");
}

BOOST_AUTO_TEST_CASE(a_time_comes_back_from_its_text) {
    for (const std::string_view text : {"1970-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z",
                                        "2024-02-29T23:59:59.999Z", "9999-12-31T23:59:59.999Z"}) {
        BOOST_TEST(to_rfc3339(at(text)) == text);
    }
}

BOOST_AUTO_TEST_CASE(texts_of_another_form_are_refused) {
    for (const std::string_view text : {
             "",
             "2021-12-01",
             "2021-12-01T04:00:00Z",
             "2021-12-01T04:00:00.0Z",
             "2021-12-01T04:00:00.0000Z",
             "2021-12-01T04:00:00.000",
             "2021-12-01T04:00:00.000+08:00",
             "2021-12-01t04:00:00.000Z",
             "2021-12-01 04:00:00.000Z",
             "2021-12-01T04:00:00.000z",
             "2021/12/01T04:00:00.000Z",
             "2021-02-29T04:00:00.000Z",
             "2021-12-01T24:00:00.000Z",
             "2021-12-01T04:60:00.000Z",
             "2021-12-01T04:00:60.000Z",
             "2021-12-01T-4:00:00.000Z",
             "2021-12-01T04:00:00.-01Z",
             "2021-12-01T04:00:00,000Z",
             "2021-12-01T04-00-00.000Z",
         }) {
        BOOST_TEST(!parse_rfc3339(text), text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
