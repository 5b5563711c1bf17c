#include "sync/ledger/reserve.hpp"

#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace card::ledger {
namespace {

namespace fs = std::filesystem;

/// Less than this is full: a commit writes some pages of 4 kB.
constexpr std::uint64_t full_disk = std::uint64_t{256} * 1024;

}  // namespace

Reserve::Reserve(const std::string& ledger, Room room)
    : file_(ledger + ".reserve"), folder_(fs::absolute(ledger).parent_path()), room_(room) {}

std::uint64_t Reserve::free_octets() const {
    std::error_code error;
    const fs::space_info space = fs::space(folder_, error);
    return error ? 0 : space.available;
}

bool Reserve::is_whole() const {
    std::error_code error;
    const std::uint64_t size = fs::file_size(file_, error);
    return !error && size == room_.reserve && free_octets() >= room_.floor;
}

void Reserve::fill() const {
    std::error_code error;
    if (fs::file_size(file_, error) == room_.reserve && !error) {
        return;
    }
    if (free_octets() < room_.reserve + room_.floor) {
        return;
    }
    const int descriptor = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return;  // without it, no new card is begun, and that is told
    }
    const int failed = ::posix_fallocate(descriptor, 0, static_cast<off_t>(room_.reserve));
    (void)::close(descriptor);
    if (failed != 0) {
        fs::remove(file_, error);
    }
}

bool Reserve::release_if_full() const {
    std::error_code error;
    return free_octets() < full_disk && fs::remove(file_, error) && free_octets() >= full_disk;
}

}  // namespace card::ledger
