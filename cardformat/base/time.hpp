#pragma once
// Points in time and business days. Nothing here reads a clock: whoever decides by time takes it as
// an argument.

#include <chrono>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace card {

/// UTC, in milliseconds.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// RFC 3339 in UTC with milliseconds: 2021-12-01T04:00:00.000Z.
[[nodiscard]] std::string to_rfc3339(Timestamp time);
[[nodiscard]] std::optional<Timestamp> parse_rfc3339(std::string_view text);

/// A day of the civil calendar in Asia/Taipei (UTC+8, no daylight saving since 1979).
class BusinessDay {
  public:
    constexpr BusinessDay() = default;
    /// YYYY-MM-DD or YYYY/MM/DD, and a day that exists.
    static std::optional<BusinessDay> parse(std::string_view text);
    static BusinessDay of(Timestamp time);
    static BusinessDay from(std::chrono::sys_days days) { return BusinessDay(days); }

    [[nodiscard]] std::string iso() const;      ///< 2021-12-01
    [[nodiscard]] std::string slashed() const;  ///< 2021/12/01, as the exchange's screens show it
    [[nodiscard]] Timestamp starts_at() const;  ///< 00:00 +08:00
    [[nodiscard]] BusinessDay plus_days(int days) const;
    /// The same day of a later month, or that month's last day where it has no such day.
    [[nodiscard]] BusinessDay plus_months(int months) const;
    [[nodiscard]] int roc_year() const;  ///< 110 for 2021
    [[nodiscard]] int days_until(BusinessDay later) const;

    auto operator<=>(const BusinessDay&) const = default;

  private:
    constexpr explicit BusinessDay(std::chrono::sys_days days) : days_(days) {}
    std::chrono::sys_days days_{};
};

}  // namespace card
