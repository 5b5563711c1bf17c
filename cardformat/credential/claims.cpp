#include "cardformat/credential/claims.hpp"

namespace card::claims {

std::int64_t numeric_date(BusinessDay day) {
    return std::chrono::duration_cast<std::chrono::seconds>(day.starts_at().time_since_epoch())
        .count();
}

std::optional<BusinessDay> day_of(std::int64_t seconds) {
    constexpr std::int64_t year_9999 = 253402300800;
    if (seconds < 0 || seconds > year_9999) {
        return std::nullopt;
    }
    const BusinessDay day = BusinessDay::of(Timestamp{std::chrono::seconds{seconds}});
    return numeric_date(day) == seconds ? std::optional(day) : std::nullopt;
}

}  // namespace card::claims
