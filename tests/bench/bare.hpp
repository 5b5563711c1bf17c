#pragma once
// The least that a program can do over a reader stack, with a card that only repeats.

#include <functional>
#include <string>

#include "tests/bench/dialogue.hpp"

namespace figures {

struct Bare {
    std::string call;  ///< that sends an APDU
    /// The dialogue's commands sent to such a card; the dialogue as it went this time.
    std::function<Dialogue(const Dialogue&)> replay;
};

/// Over the pcscd that runs, at a slot that the station does not use.
[[nodiscard]] Bare bare_pcsc();
/// At an emulated board of its own.
[[nodiscard]] Bare bare_libnfc(const std::string& folder);

}  // namespace figures
