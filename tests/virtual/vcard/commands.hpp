#pragma once

#include <string>
#include <string_view>

#include "tests/virtual/vcard/slot.hpp"

namespace virtual_card {

/// What the control socket understands, as `vcard --help` shows it.
extern const std::string_view control_help;

/// Obeys one line and gives the answer's line, without its end; `running` becomes false at "quit".
std::string obey(Slot& slot, bool& running, std::string_view line);

}  // namespace virtual_card
