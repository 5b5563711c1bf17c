#pragma once
// Commands that write to a card: personalise, resume, activate, retire, void, format.

#include "station/cardtool/command.hpp"

namespace card::cardtool {

[[nodiscard]] std::span<const Command> write_commands();

}  // namespace card::cardtool
