#include "reader/nfc/contactless_atr.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace card::reader {
namespace {

constexpr std::size_t max_historical_size = 15;  // four bits of T0 count them

/// What follows T0 and those of TA(1), TB(1), TC(1) that it announces.
BytesView historical_octets(BytesView ats) {
    if (ats.empty()) {
        return {};
    }
    std::size_t at = 1;
    for (const unsigned interface_octet : {0x10U, 0x20U, 0x40U}) {
        at += (ats[0] & interface_octet) != 0 ? 1U : 0U;
    }
    return ats.subspan(std::min(at, ats.size()));
}

}  // namespace

Bytes contactless_atr(BytesView ats) {
    BytesView historical = historical_octets(ats);
    historical = historical.first(std::min(historical.size(), max_historical_size));
    Bytes atr{0x3B, static_cast<std::uint8_t>(0x80U | historical.size()), 0x80, 0x01};
    append(atr, historical);
    // The exclusive or of all octets from T0 to the check octet is 0 (ISO/IEC 7816-3, 8.2.5).
    atr.push_back(
        std::accumulate(atr.begin() + 1, atr.end(), std::uint8_t{0}, std::bit_xor<std::uint8_t>()));
    return atr;
}

}  // namespace card::reader
