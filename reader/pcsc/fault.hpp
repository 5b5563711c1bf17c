#pragma once
// The one place where a return code of PC/SC becomes a fault.

#include <string_view>

#include "cardformat/base/result.hpp"

namespace card::reader {

/// What has to be done after `function` of the PC/SC library returned `code`, which is not success.
/// The detail names the function, the code and the library's own words for it.
[[nodiscard]] Failure failure_of(std::string_view function, long code);

}  // namespace card::reader
