#pragma once
// The one place where an error code of libnfc becomes a fault.

#include <string_view>

#include "cardformat/base/result.hpp"

namespace card::reader {

/// What has to be done about a card after `function` of libnfc, which was to reach it, returned
/// `code`, which is negative. What the reader needs then is seen when it is looked at next. The
/// detail names the function and the code.
[[nodiscard]] Failure nfc_failure(std::string_view function, int code);

}  // namespace card::reader
