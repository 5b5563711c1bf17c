// reader-worker: the process between the station and one card reader.

#include <charconv>
#include <cstdint>
#include <iostream>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <variant>

#include <sys/stat.h>

#include "reader/hotplug/reader_address.hpp"
#include "reader/nfc/nfc_reader.hpp"
#include "reader/pcsc/pcsc_reader.hpp"
#include "reader/pcsc/service.hpp"
#include "reader/usb/plug_watch.hpp"
#include "reader/worker/lockdown.hpp"
#include "reader/worker/session.hpp"
#include "reader/worker/stack_backend.hpp"

namespace {

using namespace card::reader;

constexpr int station_socket = 3;
constexpr int exit_usage = 64;
constexpr int exit_not_locked_down = 1;

constexpr std::string_view usage =
    "reader-worker {--pcsc NAME | --usb-path PATH | --usb-serial SERIAL} [--slot PART]\n"
    "              [--frame OCTETS]\n"
    "reader-worker --nfc CONNECTION\n"
    "reader-worker --list\n"
    "\n"
    "Carries commands between stationd and one card reader. stationd starts one for each\n"
    "configured reader and hands it a socket as descriptor 3; it is of no use by hand.\n"
    "\n"
    "  --pcsc NAME          the reader, exactly as the PC/SC service names it\n"
    "  --usb-path PATH      the reader that is plugged in there, such as 1-4.2\n"
    "  --usb-serial SERIAL  the reader with this serial number\n"
    "  --slot PART          of a reader with several slots, the one whose name has this part\n"
    "  --frame OCTETS       the largest frame that this reader carries, 16 to 256; default 64\n"
    "  --nfc CONNECTION     the reader as libnfc opens it, such as pn532_uart:/dev/ttyUSB0\n"
    "                       (nfc-scan-device lists connections)\n"
    "  --list               tell what readers there are, and end (stationctl doctor shows them)\n"
    "  --help               this text\n"
    "\n"
    "The PC/SC service is found at /run/pcscd/pcscd.comm, or at $PCSCLITE_CSOCK_NAME.\n"
    "Exit status: 0 stationd closed the socket or the list is told, 1 the process could not be\n"
    "locked down,\n"
    "2 stationd sent something malformed, 64 wrong use.\n";

int refuse(std::string_view why) {
    std::cerr << "reader-worker: " << why << "\nTry reader-worker --help.\n";
    return exit_usage;
}

using Options = std::map<std::string_view, std::string>;

/// The arguments as options with a value each, or nothing.
std::optional<Options> options_in(std::span<char*> arguments) {
    if (arguments.empty() || arguments.size() % 2 != 0) {
        return std::nullopt;
    }
    Options options;
    for (std::size_t i = 0; i < arguments.size(); i += 2) {
        const bool fresh = options.emplace(arguments[i], arguments[i + 1]).second;
        if (!fresh || *arguments[i + 1] == '\0') {
            return std::nullopt;
        }
    }
    return options;
}

/// Takes an option out, if it is there.
std::optional<std::string> take(Options& options, std::string_view name) {
    const auto found = options.find(name);
    if (found == options.end()) {
        return std::nullopt;
    }
    std::string value = std::move(found->second);
    options.erase(found);
    return value;
}

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

/// Where a PC/SC reader is, by the one option that says so.
std::optional<PcscBinding> place_in(Options& options) {
    if (const auto name = take(options, "--pcsc")) {
        return PcscBinding{ReaderName{*name}, ""};
    }
    if (const auto path = take(options, "--usb-path")) {
        const auto parsed = UsbPath::parse(*path);
        return parsed ? std::optional(PcscBinding{*parsed, ""}) : std::nullopt;
    }
    if (const auto serial = take(options, "--usb-serial")) {
        const auto parsed = UsbSerial::parse(*serial);
        return parsed ? std::optional(PcscBinding{*parsed, ""}) : std::nullopt;
    }
    return std::nullopt;
}

/// The reader that the arguments name, or nothing.
std::optional<ReaderAddress> reader_named(std::span<char*> arguments) {
    std::optional<Options> options = options_in(arguments);
    if (!options) {
        return std::nullopt;
    }
    if (const auto connection = take(*options, "--nfc")) {
        return options->empty() ? std::optional<ReaderAddress>(NfcConnection{*connection})
                                : std::nullopt;
    }
    std::optional<PcscBinding> binding = place_in(*options);
    if (!binding) {
        return std::nullopt;
    }
    binding->slot = take(*options, "--slot").value_or("");
    PcscAddress reader{std::move(*binding)};
    if (const auto frame = take(*options, "--frame")) {
        const std::optional<FrameSize> size = frame_size(*frame);
        if (!size) {
            return std::nullopt;
        }
        reader.largest_frame = *size;
    }
    return options->empty() ? std::optional<ReaderAddress>(reader) : std::nullopt;
}

[[noreturn]] void serve_reader(const PcscAddress& reader) {
    StackBackend<PcscReader> backend(reader.binding, describe(reader.binding),
                                     reader.largest_frame);
    serve(backend, station_socket);
}

/// For as long as the process lives, and so must `backend`.
void look_when_plugged(StackBackend<NfcReader>& backend) {
    std::thread([&backend] {
        PlugWatch plugged;
        while (plugged.wait()) {
            backend.look_now();
        }
    }).detach();
}

[[noreturn]] void serve_reader(const NfcConnection& reader) {
    StackBackend<NfcReader> backend(reader.text, reader.text, NfcReader::largest_frame);
    look_when_plugged(backend);
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
    const bool list = arguments.size() == 2 && std::string_view(arguments[1]) == "--list";
    const std::optional<ReaderAddress> reader = reader_named(arguments.subspan(1));
    if (!list && !reader) {
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
    std::visit([](const auto& address) { serve_reader(address); }, *reader);
}
