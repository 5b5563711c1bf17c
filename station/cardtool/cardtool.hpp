#pragma once
// The command line of cardtool: options for every command, help, and which command it is.

#include <ostream>
#include <string>
#include <vector>

namespace card::cardtool {

/// Runs what the words after the program's name say; the result is the exit status.
[[nodiscard]] int run(const std::vector<std::string>& words, std::ostream& out, std::ostream& err);

}  // namespace card::cardtool
