#include "tests/virtual/pn532/serial_port.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace virtual_card {
namespace {

constexpr std::size_t max_path = 64;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// No echo, no line editing, no translation.
void make_raw(int terminal) {
    termios settings{};
    if (::tcgetattr(terminal, &settings) != 0) {
        fail("tcgetattr");
    }
    ::cfmakeraw(&settings);
    if (::tcsetattr(terminal, TCSANOW, &settings) != 0) {
        fail("tcsetattr");
    }
}

}  // namespace

void SerialPort::plug() {
    Descriptor emulator(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
    std::array<char, max_path> path{};
    if (!emulator || ::grantpt(emulator.get()) != 0 || ::unlockpt(emulator.get()) != 0 ||
        ::ptsname_r(emulator.get(), path.data(), path.size()) != 0) {
        fail("pseudo-terminal");
    }
    Descriptor host(::open(path.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!host) {
        fail(path.data());
    }
    make_raw(host.get());
    emulator_ = std::move(emulator);
    host_ = std::move(host);
    std::filesystem::remove(link_);
    std::filesystem::create_symlink(path.data(), link_);
}

void SerialPort::unplug() {
    std::error_code ignored;
    std::filesystem::remove(link_, ignored);
    host_ = Descriptor();
    emulator_ = Descriptor();
}

Bytes SerialPort::read() {
    std::array<std::uint8_t, 1024> buffer{};
    const ssize_t count = ::read(emulator_.get(), buffer.data(), buffer.size());
    return count <= 0 ? Bytes{} : Bytes(buffer.begin(), buffer.begin() + count);
}

void SerialPort::write(ByteView octets) {
    while (!octets.empty()) {
        const ssize_t count = ::write(emulator_.get(), octets.data(), octets.size());
        if (count <= 0) {
            return;  // nobody reads; a serial line loses what nobody takes
        }
        octets = octets.subspan(static_cast<std::size_t>(count));
    }
}

}  // namespace virtual_card
