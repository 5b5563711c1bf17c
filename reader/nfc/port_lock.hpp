#pragma once
// A serial port to oneself. libnfc opens one port twice without complaint.

#include <string>

#include "cardformat/base/result.hpp"

namespace card::reader {

/// An advisory lock on the port itself, so that no two names of it are two locks. Held until
/// destroyed, and by no process that has ended.
class PortLock {
  public:
    /// `wait_for_reader` if the port is not there or another worker has it, `grant_reader_access`
    /// if it may not be opened.
    [[nodiscard]] static Result<PortLock> take(const std::string& path);

    PortLock(PortLock&& other) noexcept;
    PortLock& operator=(PortLock&& other) noexcept;
    PortLock(const PortLock&) = delete;
    PortLock& operator=(const PortLock&) = delete;
    ~PortLock();

  private:
    explicit PortLock(int descriptor) : descriptor_(descriptor) {}

    int descriptor_;
};

}  // namespace card::reader
