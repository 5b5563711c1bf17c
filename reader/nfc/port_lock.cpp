#include "reader/nfc/port_lock.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace card::reader {

Result<PortLock> PortLock::take(const std::string& path) {
    PortLock lock(open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (lock.descriptor_ < 0) {
        const int code = errno;
        return fail(
            code == EACCES || code == EPERM ? Fault::grant_reader_access : Fault::wait_for_reader,
            path + ": " + std::generic_category().message(code));
    }
    if (isatty(lock.descriptor_) == 0) {
        return fail(Fault::wait_for_reader, path + ": no serial port");
    }
    if (flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
        return fail(Fault::wait_for_reader, path + ": another reader-worker has it");
    }
    return lock;
}

PortLock::PortLock(PortLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

PortLock& PortLock::operator=(PortLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

PortLock::~PortLock() {
    if (descriptor_ >= 0) {
        close(descriptor_);
    }
}

}  // namespace card::reader
