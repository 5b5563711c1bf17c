#pragma once
// Programs started and stopped by a test, with their output in files.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace live {

using Environment = std::map<std::string, std::string>;

/// A running program. Killed and reaped when destroyed.
class Process {
  public:
    /// Standard output and error are appended to `log`.
    Process(const std::vector<std::string>& command, const std::string& log,
            const Environment& more = {});
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    [[nodiscard]] bool running();
    [[nodiscard]] pid_t pid() const { return pid_; }
    void signal(int number) const;
    /// Waits for its end; the status as waitpid gives it.
    int wait();

  private:
    void end();
    pid_t pid_ = -1;
    std::optional<int> status_;
};

struct Finished {
    int exit_code;
    std::string out;
};

/// Runs a program to its end; what it complains of is appended to `complaints`.
Finished run(const std::vector<std::string>& command, const std::string& complaints = "/dev/null");

}  // namespace live
