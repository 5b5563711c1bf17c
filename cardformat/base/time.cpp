#include "cardformat/base/time.hpp"

#include <charconv>
#include <cstdio>

namespace card {
namespace {

using namespace std::chrono;

constexpr hours taipei_offset{8};
constexpr int roc_epoch = 1911;

std::optional<int> number(std::string_view text, std::size_t at, std::size_t digits) {
    if (at + digits > text.size()) {
        return std::nullopt;
    }
    int value = 0;
    const char* first = text.data() + at;
    const auto [end, error] = std::from_chars(first, first + digits, value);
    if (error != std::errc{} || end != first + digits || *first == '-') {
        return std::nullopt;
    }
    return value;
}

std::optional<sys_days> date(std::string_view text, char separator) {
    const auto y = number(text, 0, 4);
    const auto m = number(text, 5, 2);
    const auto d = number(text, 8, 2);
    if (!y || !m || !d || text.size() < 10 || text[4] != separator || text[7] != separator) {
        return std::nullopt;
    }
    const year_month_day ymd{year{*y}, month{static_cast<unsigned>(*m)},
                             day{static_cast<unsigned>(*d)}};
    if (!ymd.ok()) {
        return std::nullopt;
    }
    return sys_days{ymd};
}

std::string format_date(sys_days days, char separator) {
    const year_month_day ymd{days};
    char text[16];
    (void)std::snprintf(text, sizeof text, "%04d%c%02u%c%02u", static_cast<int>(ymd.year()),
                        separator, static_cast<unsigned>(ymd.month()), separator,
                        static_cast<unsigned>(ymd.day()));
    return text;
}

}  // namespace

std::string to_rfc3339(Timestamp time) {
    const auto days = floor<std::chrono::days>(time);
    const hh_mm_ss clock{time - days};
    char text[24];
    (void)std::snprintf(
        text, sizeof text, "T%02d:%02d:%02d.%03dZ", static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
        static_cast<int>(clock.subseconds().count()));
    return format_date(days, '-') + text;
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
    constexpr std::size_t size_with_ms = 24;
    const auto day_part = date(text, '-');
    if (!day_part || text.size() != size_with_ms || text[10] != 'T' || text[13] != ':' ||
        text[16] != ':' || text[19] != '.' || text[23] != 'Z') {
        return std::nullopt;
    }
    const auto h = number(text, 11, 2);
    const auto m = number(text, 14, 2);
    const auto s = number(text, 17, 2);
    const auto ms = number(text, 20, 3);
    if (!h || !m || !s || !ms || *h > 23 || *m > 59 || *s > 59) {
        return std::nullopt;
    }
    return Timestamp{*day_part} + hours{*h} + minutes{*m} + seconds{*s} + milliseconds{*ms};
}

std::optional<BusinessDay> BusinessDay::parse(std::string_view text) {
    constexpr std::size_t date_size = 10;
    if (text.size() != date_size) {
        return std::nullopt;
    }
    const auto days = date(text, text[4] == '/' ? '/' : '-');
    return days ? std::optional(BusinessDay(*days)) : std::nullopt;
}

BusinessDay BusinessDay::of(Timestamp time) {
    return BusinessDay(floor<days>(time + taipei_offset));
}

std::string BusinessDay::iso() const {
    return format_date(days_, '-');
}

std::string BusinessDay::slashed() const {
    return format_date(days_, '/');
}

Timestamp BusinessDay::starts_at() const {
    return Timestamp{days_} - taipei_offset;
}

BusinessDay BusinessDay::plus_days(int count) const {
    return BusinessDay(days_ + days{count});
}

BusinessDay BusinessDay::plus_months(int count) const {
    const year_month_day shifted = year_month_day{days_} + months{count};
    return BusinessDay(shifted.ok() ? sys_days{shifted}
                                    : sys_days{shifted.year() / shifted.month() / last});
}

int BusinessDay::roc_year() const {
    return static_cast<int>(year_month_day{days_}.year()) - roc_epoch;
}

int BusinessDay::days_until(BusinessDay later) const {
    return static_cast<int>((later.days_ - days_).count());
}

}  // namespace card
