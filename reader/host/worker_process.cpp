#include "reader/host/worker_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace card::reader {
namespace {

// glibc 2.36 declares pidfd_open and pidfd_send_signal without C linkage, hence syscall() below.

constexpr int worker_socket = 3;

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) {
            close(number_);
        }
    }
    [[nodiscard]] int get() const { return number_; }
    int release() { return std::exchange(number_, -1); }

  private:
    int number_;
};

class FileActions {
  public:
    FileActions() { posix_spawn_file_actions_init(&native_); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;
    ~FileActions() { posix_spawn_file_actions_destroy(&native_); }
    posix_spawn_file_actions_t* get() { return &native_; }

  private:
    posix_spawn_file_actions_t native_{};
};

class Attributes {
  public:
    Attributes() { posix_spawnattr_init(&native_); }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    ~Attributes() { posix_spawnattr_destroy(&native_); }
    posix_spawnattr_t* get() { return &native_; }

  private:
    posix_spawnattr_t native_{};
};

struct Place {
    std::vector<std::string> operator()(const ReaderName& name) const {
        return {"--pcsc", name.text};
    }
    std::vector<std::string> operator()(const UsbPath& path) const {
        return {"--usb-path", path.text()};
    }
    std::vector<std::string> operator()(const UsbSerial& serial) const {
        return {"--usb-serial", serial.text()};
    }
};

/// What tells a worker which reader it serves.
struct Options {
    std::vector<std::string> operator()(const PcscAddress& reader) const {
        std::vector<std::string> words = std::visit(Place{}, reader.binding.where);
        if (!reader.binding.slot.empty()) {
            words.insert(words.end(), {"--slot", reader.binding.slot});
        }
        words.insert(words.end(), {"--frame", std::to_string(reader.largest_frame.value)});
        return words;
    }
    std::vector<std::string> operator()(const NfcConnection& reader) const {
        return {"--nfc", reader.text};
    }
};

tl::unexpected<Failure> refused(std::string_view doing, int code) {
    return fail(Fault::restart_worker,
                std::string(doing).append(": ").append(std::generic_category().message(code)));
}

/// The first error of those given, or 0.
int first_error(std::initializer_list<int> codes) {
    for (const int code : codes) {
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

// Descriptors of ours are close-on-exec already; closing the rest covers those of libraries too.
int choose_descriptors(FileActions& actions, int socket) {
    return first_error(
        {posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0),
         posix_spawn_file_actions_adddup2(actions.get(), socket, worker_socket),
         posix_spawn_file_actions_addclosefrom_np(actions.get(), worker_socket + 1)});
}

// A process group of its own keeps a terminal's Ctrl-C for the station, which then ends in order.
int choose_attributes(Attributes& attributes) {
    sigset_t none{};
    sigset_t all{};
    sigemptyset(&none);
    sigfillset(&all);
    return first_error(
        {posix_spawnattr_setsigmask(attributes.get(), &none),
         posix_spawnattr_setsigdefault(attributes.get(), &all),
         posix_spawnattr_setpgroup(attributes.get(), 0),
         posix_spawnattr_setflags(attributes.get(), POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                        POSIX_SPAWN_SETPGROUP)});
}

}  // namespace

std::vector<std::string> worker_options(const ReaderAddress& reader) {
    return std::visit(Options{}, reader);
}

Result<WorkerProcess> start_worker(const std::string& program, std::vector<std::string> options) {
    std::array<int, 2> ends{-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return refused("socketpair", errno);
    }
    Descriptor ours(ends[0]);
    const Descriptor theirs(ends[1]);
    FileActions actions;
    Attributes attributes;
    if (const int code = first_error(
            {choose_descriptors(actions, theirs.get()), choose_attributes(attributes)})) {
        return refused("preparing to start a reader-worker", code);
    }
    std::string path = program;
    std::vector<char*> arguments{path.data()};
    for (std::string& option : options) {
        arguments.push_back(option.data());
    }
    arguments.push_back(nullptr);
    pid_t pid = -1;
    if (const int code = posix_spawn(&pid, program.c_str(), actions.get(), attributes.get(),
                                     arguments.data(), environ)) {
        return refused("starting " + program, code);
    }
    Descriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (pidfd.get() < 0) {
        const int code = errno;
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
        return refused("pidfd_open", code);
    }
    return WorkerProcess{ours.release(), pidfd.release()};
}

void kill_worker(int pidfd) {
    syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
}

std::string reap_worker(int pidfd) {
    siginfo_t end{};
    while (waitid(P_PIDFD, static_cast<id_t>(pidfd), &end, WEXITED) != 0) {
        if (errno != EINTR) {
            return "unknown end: " + std::generic_category().message(errno);
        }
    }
    return (end.si_code == CLD_EXITED ? "exit status " : "signal ") + std::to_string(end.si_status);
}

}  // namespace card::reader
