// reader-worker: the process between the station and one card reader.

#include <charconv>
#include <cstdint>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include <sys/stat.h>

#include "reader/link/reader_address.hpp"
#include "reader/nfc/nfc_reader.hpp"
#include "reader/pcsc/pcsc_reader.hpp"
#include "reader/worker/lockdown.hpp"
#include "reader/worker/session.hpp"
#include "reader/worker/stack_backend.hpp"

namespace {

using namespace card::reader;

constexpr int station_socket = 3;
constexpr int exit_usage = 64;
constexpr int exit_not_locked_down = 1;

constexpr std::string_view usage =
    "reader-worker --pcsc \"READER NAME\" [--frame OCTETS]\n"
    "reader-worker --nfc CONNECTION\n"
    "\n"
    "Carries commands between stationd and one card reader. stationd starts one for each\n"
    "configured reader and hands it a socket as descriptor 3; it is of no use by hand.\n"
    "\n"
    "  --pcsc NAME       the reader, exactly as the PC/SC service names it (pcsc_scan -r lists\n"
    "                    names)\n"
    "  --frame OCTETS    the largest frame that this reader carries, 16 to 256; default 64\n"
    "  --nfc CONNECTION  the reader as libnfc opens it, such as pn532_uart:/dev/ttyUSB0\n"
    "                    (nfc-scan-device lists connections)\n"
    "  --help            this text\n"
    "\n"
    "The PC/SC service is found at /run/pcscd/pcscd.comm, or at $PCSCLITE_CSOCK_NAME.\n"
    "Exit status: 0 stationd closed the socket, 1 the process could not be locked down,\n"
    "2 stationd sent something malformed, 64 wrong use.\n";

int refuse(std::string_view why) {
    std::cerr << "reader-worker: " << why << "\nTry reader-worker --help.\n";
    return exit_usage;
}

/// One option with its value.
struct Option {
    std::string_view name;
    std::string value;
};

std::optional<FrameSize> frame_size(std::string_view text) {
    std::uint16_t octets = 0;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), octets);
    const FrameSize size{octets};
    if (error != std::errc() || end != text.end() || size < min_frame_size_on_air ||
        size > max_frame_size_on_air) {
        return std::nullopt;
    }
    return size;
}

/// What the arguments say, or nothing.
std::optional<ReaderAddress> reader_named(std::span<char*> arguments) {
    std::vector<Option> options;
    for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
        options.push_back({arguments[i], arguments[i + 1]});
    }
    if (options.empty() || arguments.size() % 2 != 0 || options[0].value.empty()) {
        return std::nullopt;
    }
    if (options[0].name == "--nfc" && options.size() == 1) {
        return NfcConnection{options[0].value};
    }
    if (options[0].name != "--pcsc" || options.size() > 2) {
        return std::nullopt;
    }
    PcscName reader{options[0].value};
    if (options.size() == 2) {
        const std::optional<FrameSize> size = frame_size(options[1].value);
        if (options[1].name != "--frame" || !size) {
            return std::nullopt;
        }
        reader.largest_frame = *size;
    }
    return reader;
}

[[noreturn]] void serve_reader(const PcscName& reader) {
    StackBackend<PcscReader> backend(reader.name, reader.largest_frame);
    serve(backend, station_socket);
}

[[noreturn]] void serve_reader(const NfcConnection& reader) {
    StackBackend<NfcReader> backend(reader.text, NfcReader::largest_frame);
    serve(backend, station_socket);
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
    const std::optional<ReaderAddress> reader = reader_named(arguments.subspan(1));
    if (!reader) {
        return refuse("needs --pcsc and the name of a reader, or --nfc and a connection.");
    }
    if (!is_socket(station_socket)) {
        return refuse("is started by stationd, which hands it a socket as descriptor 3.");
    }
    if (!lock_down_process()) {
        std::cerr << "reader-worker: the process could not be locked down.\n";
        return exit_not_locked_down;
    }
    std::visit([](const auto& address) { serve_reader(address); }, *reader);
}
