#include <cerrno>
#include <exception>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <poll.h>

#include "tests/virtual/desfire/memory.hpp"
#include "tests/virtual/vcard/arguments.hpp"
#include "tests/virtual/vcard/control.hpp"
#include "tests/virtual/vcard/slot.hpp"

namespace virtual_card {
namespace {

constexpr int reconnect_interval_ms = 20;
constexpr int no_timeout = -1;
constexpr int usage_error = 2;

Tear::When when_named(std::string_view name) {
    if (name == "before") {
        return Tear::When::before;
    }
    if (name == "after") {
        return Tear::When::after;
    }
    if (name == "rolled_back") {
        return Tear::When::rolled_back;
    }
    throw std::invalid_argument("tear N before|after|rolled_back");
}

void arm_tear(Slot& slot, std::istream& words) {
    std::uint32_t at = 0;
    std::string when;
    if (!(words >> at >> when) || at == 0) {
        throw std::invalid_argument("tear N before|after|rolled_back, N from 1");
    }
    slot.card().tear({at, when_named(when)});
}

void load_into(Slot& slot, std::istream& words) {
    std::string path;
    if (!std::getline(words >> std::ws, path)) {
        throw std::invalid_argument("load FILE");
    }
    if (slot.present()) {
        throw std::invalid_argument("a card is present; remove it first");
    }
    slot.load(path);
}

std::string obey(Slot& slot, bool& running, const std::string& line) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "insert") {
        slot.insert();
    } else if (command == "remove") {
        slot.remove();
    } else if (command == "tear") {
        arm_tear(slot, words);
    } else if (command == "state") {
        return "ok " + slot.state();
    } else if (command == "apdus") {
        return "ok " + std::to_string(slot.card().apdus());
    } else if (command == "reset-apdus") {
        slot.card().reset_apdus();
    } else if (command == "load") {
        load_into(slot, words);
    } else if (command == "quit") {
        running = false;
    } else {
        throw std::invalid_argument("unknown command: " + command);
    }
    return "ok";
}

void serve(const ServeArguments& arguments) {
    bool running = true;
    Slot slot(arguments.memory, arguments.port, arguments.air_time);
    slot.use_socket(arguments.reader);
    if (!arguments.trace.empty()) {
        slot.trace_to(arguments.trace);
    }
    ControlServer control(arguments.control, [&](std::string_view line) -> std::string {
        try {
            return obey(slot, running, std::string(line));
        } catch (const std::exception& error) {
            return std::string("error ") + error.what();
        }
    });
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
    save_memory(factory_card(arguments.uid, profile_named(arguments.chip)), arguments.memory);
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
