#pragma once
// Commands that read: readers, info, verify.

#include "station/cardtool/command.hpp"

namespace card::cardtool {

[[nodiscard]] std::span<const Command> card_commands();

}  // namespace card::cardtool
