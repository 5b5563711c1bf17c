#pragma once
// Which readers the PC/SC service has, asked through a process of its own.

#include <chrono>
#include <string>
#include <vector>

#include "cardformat/base/result.hpp"
#include "reader/link/messages.hpp"

namespace card::reader {

/// Starts `worker_program --list`, waits for its list and for its end, at most `patience`. Blocks.
/// `start_pcscd` or `grant_reader_access` as the worker says; `restart_worker` where it says
/// nothing that can be read, or not in time.
[[nodiscard]] Result<std::vector<ListedReader>> list_readers(const std::string& worker_program,
                                                             std::chrono::milliseconds patience);

}  // namespace card::reader
