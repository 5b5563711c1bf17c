// reader-worker: the process between the station and one card reader.

#include <iostream>
#include <span>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "reader/worker/lockdown.hpp"
#include "reader/worker/pcsc_backend.hpp"
#include "reader/worker/session.hpp"

namespace {

constexpr int station_socket = 3;
constexpr int exit_usage = 64;
constexpr int exit_not_locked_down = 1;

constexpr std::string_view usage =
    "reader-worker --pcsc \"READER NAME\"\n"
    "\n"
    "Carries commands between stationd and one card reader. stationd starts one for each\n"
    "configured reader and hands it a socket as descriptor 3; it is of no use by hand.\n"
    "\n"
    "  --pcsc NAME   the reader, exactly as the PC/SC service names it (pcsc_scan -r lists names)\n"
    "  --help        this text\n"
    "\n"
    "The service is found at /run/pcscd/pcscd.comm, or at $PCSCLITE_CSOCK_NAME.\n"
    "Exit status: 0 stationd closed the socket, 1 the process could not be locked down,\n"
    "2 stationd sent something malformed, 64 wrong use.\n";

int refuse(std::string_view why) {
    std::cerr << "reader-worker: " << why << "\nTry reader-worker --help.\n";
    return exit_usage;
}

bool is_socket(int descriptor) {
    struct stat status {};
    return fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

int main(int count, char** values) {
    const std::span<char*> arguments(values, static_cast<std::size_t>(count));
    if (arguments.size() == 2 && std::string_view(arguments[1]) == "--help") {
        std::cout << usage;
        return 0;
    }
    if (arguments.size() != 3 || std::string_view(arguments[1]) != "--pcsc" ||
        *arguments[2] == '\0') {
        return refuse("needs --pcsc and the name of a reader.");
    }
    if (!is_socket(station_socket)) {
        return refuse("is started by stationd, which hands it a socket as descriptor 3.");
    }
    if (!card::reader::lock_down_process()) {
        std::cerr << "reader-worker: the process could not be locked down.\n";
        return exit_not_locked_down;
    }
    card::reader::PcscBackend backend(arguments[2]);
    card::reader::serve(backend, station_socket);
}
