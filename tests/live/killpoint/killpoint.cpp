// Loaded with LD_PRELOAD: counts what a process syncs or writes to disk, and kills it before or
// after the N-th time, or lets the disk fail then. README.md says how it is told.

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>
#include <string_view>

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

namespace {

using Sync = int (*)(int);
using Write = ssize_t (*)(int, const void*, size_t, off64_t);

enum class Act : std::uint8_t { none, die_before, die_after, fail_sync, fail_write };

constexpr std::size_t longest_comm = 15;

[[noreturn]] void refuse(std::string_view why) {
    const std::string text = "killpoint: " + std::string(why) + "\n";
    // Nothing is left to do where even this cannot be written.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
    ::_exit(112);
}

[[noreturn]] void die() {
    ::kill(::getpid(), SIGKILL);
    for (;;) {
        ::pause();
    }
}

std::string_view variable(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): only at loading
    return value == nullptr ? std::string_view() : std::string_view(value);
}

template <class Function>
Function original(const char* name) {
    void* found = ::dlsym(RTLD_NEXT, name);
    if (found == nullptr) {
        refuse("no original to call");
    }
    return reinterpret_cast<Function>(found);
}

class Killpoint {
  public:
    Killpoint() {
        const std::string_view comm = variable("KILLPOINT_COMM");
        std::string own;
        std::getline(std::ifstream("/proc/self/comm"), own);
        if (!comm.empty() && comm.substr(0, longest_comm) != own) {
            return;
        }
        process_ = ::getpid();
        file_ = variable("KILLPOINT_FILE");
        read_point(variable("KILLPOINT"));
        if (const std::string path(variable("KILLPOINT_COUNT")); !path.empty()) {
            count_file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
            if (count_file_ < 0) {
                refuse("KILLPOINT_COUNT cannot be written");
            }
            write_count();
        }
    }

    int sync(Sync original_sync, int file) {
        if (act_ == Act::fail_write || process_ != ::getpid() || !concerns(file)) {
            return original_sync(file);
        }
        const bool here = next() == point_;
        if (here && act_ == Act::die_before) {
            die();
        }
        if (here && act_ == Act::fail_sync) {
            errno = EIO;
            return -1;
        }
        const int result = original_sync(file);
        if (here && act_ == Act::die_after) {
            die();
        }
        return result;
    }

    ssize_t write(Write original_write, int file, const void* octets, size_t size, off64_t at) {
        if (act_ == Act::fail_write && process_ == ::getpid() && concerns(file) &&
            next() == point_) {
            errno = ENOSPC;
            return -1;
        }
        return original_write(file, octets, size, at);
    }

  private:
    void read_point(std::string_view text) {
        if (text.empty()) {
            return;
        }
        const auto colon = text.find(':');
        const std::string_view when = text.substr(0, colon);
        const std::string_view number =
            colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
        const auto parsed = std::from_chars(number.data(), number.data() + number.size(), point_);
        act_ = when == "before"  ? Act::die_before
               : when == "after" ? Act::die_after
               : when == "error" ? Act::fail_sync
               : when == "full"  ? Act::fail_write
                                 : Act::none;
        if (act_ == Act::none || parsed.ec != std::errc() ||
            parsed.ptr != number.data() + number.size() || point_ == 0) {
            refuse("KILLPOINT is before:N, after:N, error:N or full:N, N from 1");
        }
    }

    [[nodiscard]] bool concerns(int file) const {
        const std::string link = "/proc/self/fd/" + std::to_string(file);
        std::array<char, PATH_MAX> path{};
        const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
        return length > 0 &&
               std::string_view(path.data(), static_cast<std::size_t>(length)).find(file_) !=
                   std::string_view::npos;
    }

    std::uint64_t next() {
        const std::scoped_lock lock(mutex_);
        ++count_;
        write_count();
        return count_;
    }

    /// The number only grows, so a new one always covers the old one.
    void write_count() const {
        if (count_file_ < 0) {
            return;
        }
        const std::string text = std::to_string(count_) + "\n";
        if (::pwrite(count_file_, text.data(), text.size(), 0) !=
            static_cast<ssize_t>(text.size())) {
            refuse("KILLPOINT_COUNT cannot be written");
        }
    }

    pid_t process_ = 0;  ///< the one to act in; a forked child has another id
    std::string file_;
    Act act_ = Act::none;
    std::uint64_t point_ = 0;  ///< 0: none
    int count_file_ = -1;
    std::uint64_t count_ = 0;
    std::mutex mutex_;
};

Killpoint& killpoint() {
    static Killpoint* const only = new Killpoint;  // never destroyed: a program may sync as it ends
    return *only;
}

/// Made at loading, so that a mistake in what it is told is seen even where nothing is ever synced.
[[maybe_unused]] const Killpoint& at_loading = killpoint();

}  // namespace

extern "C" int fdatasync(int file) {
    static const Sync next = original<Sync>("fdatasync");
    return killpoint().sync(next, file);
}

extern "C" int fsync(int file) {
    static const Sync next = original<Sync>("fsync");
    return killpoint().sync(next, file);
}

extern "C" ssize_t pwrite64(int file, const void* octets, size_t size, off64_t at) {
    static const Write next = original<Write>("pwrite64");
    return killpoint().write(next, file, octets, size, at);
}
