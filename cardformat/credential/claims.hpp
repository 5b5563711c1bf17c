#pragma once
// What both signed forms need of CWT claims (RFC 8392).

#include <optional>

#include "cardformat/base/time.hpp"
#include "cardformat/credential/cbor.hpp"

namespace card::claims {

inline constexpr std::int64_t issuer = 1;
inline constexpr std::int64_t subject = 2;
inline constexpr std::int64_t expiry = 4;
inline constexpr std::int64_t not_before = 5;
inline constexpr std::int64_t token_id = 7;

/// 00:00 +08:00 of the day, in seconds since 1970.
[[nodiscard]] std::int64_t numeric_date(BusinessDay day);
/// The day that begins at this second in Taipei; nothing for any other second.
[[nodiscard]] std::optional<BusinessDay> day_of(std::int64_t seconds);

/// The claim where it is there and has this type.
template <class T>
const T* find(const cbor::Map& claims, std::int64_t key) {
    const auto found = claims.find(key);
    return found == claims.end() ? nullptr : found->second.as<T>();
}

}  // namespace card::claims
