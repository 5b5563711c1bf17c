// reader-worker: the process between the station and one card reader.

#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "reader/hotplug/binding.hpp"
#include "reader/pcsc/service.hpp"
#include "reader/worker/lockdown.hpp"
#include "reader/worker/pcsc_backend.hpp"
#include "reader/worker/session.hpp"

namespace {

constexpr int station_socket = 3;
constexpr int exit_usage = 64;
constexpr int exit_not_locked_down = 1;

constexpr std::string_view usage =
    "reader-worker {--pcsc NAME | --usb-path PATH | --usb-serial SERIAL} [--slot PART]\n"
    "reader-worker --list\n"
    "\n"
    "Carries commands between stationd and one card reader. stationd starts one for each\n"
    "configured reader and hands it a socket as descriptor 3; it is of no use by hand.\n"
    "\n"
    "  --pcsc NAME          the reader, exactly as the PC/SC service names it\n"
    "  --usb-path PATH      the reader that is plugged in there, such as 1-4.2\n"
    "  --usb-serial SERIAL  the reader with this serial number\n"
    "  --slot PART          of a reader with several slots, the one whose name has this part\n"
    "  --list               tell what readers there are, and end (stationctl doctor shows them)\n"
    "  --help               this text\n"
    "\n"
    "The service is found at /run/pcscd/pcscd.comm, or at $PCSCLITE_CSOCK_NAME.\n"
    "Exit status: 0 stationd closed the socket or the list is told, 1 the process could not be "
    "locked down,\n"
    "2 stationd sent something malformed, 64 wrong use.\n";

int refuse(std::string_view why) {
    std::cerr << "reader-worker: " << why << "\nTry reader-worker --help.\n";
    return exit_usage;
}

using namespace card;
using namespace card::reader;

/// The option of a slot, if there are arguments for one and nothing else.
std::optional<std::string> slot_in(std::span<char*> arguments) {
    if (arguments.empty()) {
        return "";
    }
    const bool good = arguments.size() == 2 && std::string_view(arguments[0]) == "--slot";
    return good ? std::optional<std::string>(arguments[1]) : std::nullopt;
}

/// The binding that the arguments name, or nothing.
std::optional<PcscBinding> binding_in(std::span<char*> arguments) {
    if (arguments.size() < 2 || *arguments[1] == '\0') {
        return std::nullopt;
    }
    const std::string_view option = arguments[0];
    const std::string_view value = arguments[1];
    const std::optional<std::string> slot = slot_in(arguments.subspan(2));
    const std::optional<UsbPath> path = UsbPath::parse(value);
    const std::optional<UsbSerial> serial = UsbSerial::parse(value);
    if (slot && option == "--pcsc") {
        return PcscBinding{ReaderName{std::string(value)}, *slot};
    }
    if (slot && option == "--usb-path" && path) {
        return PcscBinding{*path, *slot};
    }
    if (slot && option == "--usb-serial" && serial) {
        return PcscBinding{*serial, *slot};
    }
    return std::nullopt;
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
    const bool list = arguments.size() == 2 && std::string_view(arguments[1]) == "--list";
    const std::optional<PcscBinding> binding = binding_in(arguments.subspan(1));
    if (!list && !binding) {
        return refuse("needs to know which reader, or --list.");
    }
    if (!is_socket(station_socket)) {
        return refuse("is started by stationd, which hands it a socket as descriptor 3.");
    }
    if (!lock_down_process()) {
        std::cerr << "reader-worker: the process could not be locked down.\n";
        return exit_not_locked_down;
    }
    if (list) {
        tell_readers(list_readers(), station_socket);
        return 0;
    }
    PcscBackend backend(*binding);
    serve(backend, station_socket);
}
