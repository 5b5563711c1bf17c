#pragma once
// Looks at the machine for `diagnose`.

#include "station/config/config.hpp"
#include "station/doctor/diagnosis.hpp"

namespace card::doctor {

/// Blocks for some seconds at most. Changes nothing.
[[nodiscard]] Facts collect(const config::Config& config);

}  // namespace card::doctor
