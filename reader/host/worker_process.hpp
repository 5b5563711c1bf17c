#pragma once
// A reader-worker as a process: started, killed and waited for by descriptor, so that a reused
// process number can do no harm.

#include <string>
#include <vector>

#include "cardformat/base/result.hpp"
#include "reader/hotplug/reader_address.hpp"

namespace card::reader {

/// Descriptors that the caller owns; both are close-on-exec.
struct WorkerProcess {
    int socket;  ///< the station's end; the worker has the other as descriptor 3
    int pidfd;   ///< readable when the process has ended
};

/// What tells a reader-worker which reader it serves.
[[nodiscard]] std::vector<std::string> worker_options(const ReaderAddress& reader);

/// Runs `program` with these options, an empty signal mask, default dispositions, /dev/null as
/// standard input, this process's environment, standard output and error, and no other descriptor
/// than the socket. `restart_worker` with the reason if that cannot be done.
[[nodiscard]] Result<WorkerProcess> start_worker(const std::string& program,
                                                 std::vector<std::string> options);

/// SIGKILL. Does nothing to a process that has ended.
void kill_worker(int pidfd);

/// Waits for the end of the process, which is at once when `pidfd` is readable, and tells how it
/// ended: "exit status 2", "signal 11".
std::string reap_worker(int pidfd);

}  // namespace card::reader
