#include <cerrno>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <poll.h>

#include "tests/virtual/desfire/memory.hpp"
#include "tests/virtual/vcard/arguments.hpp"
#include "tests/virtual/vcard/commands.hpp"
#include "tests/virtual/vcard/control.hpp"
#include "tests/virtual/vcard/slot.hpp"

namespace virtual_card {
namespace {

constexpr int reconnect_interval_ms = 20;
constexpr int no_timeout = -1;
constexpr int usage_error = 2;

void serve(const ServeArguments& arguments) {
    bool running = true;
    Slot slot(arguments.memory, arguments.port, arguments.timing);
    slot.use_socket(arguments.reader);
    if (!arguments.trace.empty()) {
        slot.trace_to(arguments.trace);
    }
    ControlServer control(arguments.control,
                          [&](std::string_view line) { return obey(slot, running, line); });
    std::vector<pollfd> watched;
    while (running) {
        if (slot.wants_connection()) {
            slot.connect();
        }
        watched.assign(1, {slot.descriptor(), POLLIN, 0});  // poll passes over -1
        control.watch(watched);
        const int timeout = slot.wants_connection() ? reconnect_interval_ms : no_timeout;
        if (::poll(watched.data(), watched.size(), timeout) < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "poll");
        }
        if (watched.front().revents != 0) {
            slot.serve();
        }
        control.serve(watched);
    }
}

void create(const CreateArguments& arguments) {
    if (std::filesystem::exists(arguments.memory)) {
        throw std::invalid_argument(arguments.memory.string() + " exists already");
    }
    const ChipProfile profile = profile_named(arguments.chip);
    CardMemory memory = factory_card(arguments.uid, profile);
    if (arguments.used_bytes > profile.memory_bytes) {
        throw std::invalid_argument("an " + profile.name + " has " +
                                    std::to_string(profile.memory_bytes) + " bytes in all");
    }
    memory.used_bytes = arguments.used_bytes;
    save_memory(memory, arguments.memory);
    std::cout << to_hex(arguments.uid) << '\n';
}

int run(int count, char** values) {
    const auto arguments = parse_arguments(count, values);
    if (const auto* const help = std::get_if<HelpWanted>(&arguments)) {
        std::cout << help->text;
    } else if (const auto* const creating = std::get_if<CreateArguments>(&arguments)) {
        create(*creating);
    } else {
        serve(std::get<ServeArguments>(arguments));
    }
    return 0;
}

}  // namespace
}  // namespace virtual_card

int main(int argc, char** argv) {
    try {
        return virtual_card::run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "vcard: " << error.what() << '\n';
        return virtual_card::usage_error;
    }
}
