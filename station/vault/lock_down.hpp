#pragma once

namespace card {

/// For programs that keys pass through: no core dump, no debugger of another process of this user.
void lock_down();

}  // namespace card
