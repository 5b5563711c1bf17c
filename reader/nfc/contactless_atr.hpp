#pragma once
// The answer to reset that a PC/SC reader makes up for a contactless card. Pure.

#include "cardformat/base/bytes.hpp"

namespace card::reader {

/// 3B 8n 80 01, the historical octets, check octet (PC/SC part 3, 3.1.3.2.3.1). `ats` is an answer
/// to select without its length octet (ISO/IEC 14443-4, 5.2); what its format octet promises and
/// is not there counts as absent.
[[nodiscard]] Bytes contactless_atr(BytesView ats);

}  // namespace card::reader
