#pragma once
// The life of a reader-worker: watch the reader, do what the station asks, in one thread.

#include <vector>

#include "reader/worker/backend.hpp"

namespace card::reader {

/// Serves the station at the other end of `socket` until the process ends, which it does at once
/// when the socket closes (see `Inbox`). A failed transmission ends the connection by itself.
[[noreturn]] void serve(Backend& backend, int socket);

/// Tells the station at the other end of `socket` which readers there are, or why that is not
/// known.
void tell_readers(const Result<std::vector<ListedReader>>& readers, int socket);

}  // namespace card::reader
