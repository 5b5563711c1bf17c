#pragma once
// What a reader-worker gives up before it touches a reader.

namespace card::reader {

/// No core file, no debugger or /proc memory access by others of the same user, no gain of
/// privileges through a program it might start. False if the kernel refuses one of them.
[[nodiscard]] bool lock_down_process();

}  // namespace card::reader
