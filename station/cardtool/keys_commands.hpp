#pragma once

#include "station/cardtool/command.hpp"

namespace card::cardtool {

/// keys create, roll, list, check.
[[nodiscard]] std::span<const Command> keys_commands();

}  // namespace card::cardtool
