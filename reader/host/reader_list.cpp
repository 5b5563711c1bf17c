#include "reader/host/reader_list.hpp"

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reader/host/worker_process.hpp"

namespace card::reader {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t read_size = 4096;
constexpr std::size_t max_readers = 64;  // the service has 16 at most

/// The worker's process and socket, both gone with this.
class Lister {
  public:
    explicit Lister(WorkerProcess process) : process_(process) {}
    Lister(const Lister&) = delete;
    Lister& operator=(const Lister&) = delete;
    ~Lister() {
        kill_worker(process_.pidfd);
        reap_worker(process_.pidfd);
        close(process_.socket);
        close(process_.pidfd);
    }
    [[nodiscard]] int socket() const { return process_.socket; }

  private:
    WorkerProcess process_;
};

/// Octets that have come by `end`; none at the end of the stream or of the time.
Bytes read_some(int socket, steady_clock::time_point end) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now()).count();
    pollfd readable{socket, POLLIN, 0};
    if (left <= 0 || poll(&readable, 1, static_cast<int>(left)) <= 0) {
        return {};
    }
    std::array<std::uint8_t, read_size> buffer{};
    const ssize_t size = recv(socket, buffer.data(), buffer.size(), 0);
    return {buffer.begin(), buffer.begin() + std::max<ssize_t>(size, 0)};
}

}  // namespace

Result<std::vector<ListedReader>> list_readers(const std::string& worker_program,
                                               std::chrono::milliseconds patience) {
    const auto end = steady_clock::now() + patience;
    const Result<WorkerProcess> started = start_worker(worker_program, {"--list"});
    if (!started) {
        return tl::make_unexpected(started.error());
    }
    const Lister lister(*started);
    FrameReader frames;
    std::vector<ListedReader> readers;
    while (readers.size() < max_readers) {
        const Result<std::optional<Bytes>> content = frames.next();
        if (!content) {
            return tl::make_unexpected(content.error());
        }
        if (!*content) {
            const Bytes octets = read_some(lister.socket(), end);
            if (octets.empty()) {
                break;
            }
            frames.feed(octets);
            continue;
        }
        Result<FromLister> message = decode_from_lister(**content);
        if (!message) {
            return tl::make_unexpected(message.error());
        }
        if (std::holds_alternative<ListEnd>(*message)) {
            return readers;
        }
        if (const Failed* const failed = std::get_if<Failed>(&*message)) {
            return fail(failed->fault, failed->detail);
        }
        readers.push_back(std::move(std::get<ListedReader>(*message)));
    }
    return fail(Fault::restart_worker, "reader-worker gave no whole list of readers");
}

}  // namespace card::reader
