#include "sync/uplink/backoff.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <iomanip>
#include <locale>
#include <optional>
#include <sstream>

namespace card::uplink {
namespace {

/// IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT.
std::optional<Timestamp> parse_http_date(std::string_view value) {
    std::istringstream text{std::string(value)};
    text.imbue(std::locale::classic());
    std::tm parts{};
    std::string zone;
    text >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S") >> zone;
    if (text.fail() || zone != "GMT") {
        return std::nullopt;
    }
    return Timestamp(std::chrono::seconds(::timegm(&parts)));
}

}  // namespace

std::chrono::seconds retry_after(std::string_view value, Timestamp now) {
    constexpr std::chrono::seconds none{0};
    std::uint64_t seconds = 0;
    const auto [end, bad] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (end == value.data() + value.size() && bad == std::errc::result_out_of_range) {
        return longest_wish;
    }
    if (end == value.data() + value.size() && bad == std::errc{}) {
        const auto longest = static_cast<std::uint64_t>(longest_wish.count());
        return std::chrono::seconds(std::min(seconds, longest));
    }
    const auto date = parse_http_date(value);
    return date ? std::clamp(std::chrono::ceil<std::chrono::seconds>(*date - now), none,
                             longest_wish)
                : none;
}

std::chrono::milliseconds Backoff::next(std::uint64_t random) {
    const auto ceiling = static_cast<std::uint64_t>(current_.count());
    current_ = std::min(current_ * 2, longest_);
    return std::chrono::milliseconds(static_cast<std::int64_t>(random % (ceiling + 1)));
}

}  // namespace card::uplink
