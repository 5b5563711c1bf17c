#include "tests/virtual/pn532/emulated_reader.hpp"

#include <exception>
#include <sstream>
#include <stdexcept>

#include "tests/virtual/vcard/card_commands.hpp"

namespace virtual_card {
EmulatedReader::EmulatedReader(const std::filesystem::path& memory,
                               const std::filesystem::path& port, const Timing& timing)
    : field_(memory, timing), chip_(field_), port_(port) {
    port_.plug();
}

void EmulatedReader::serve() {
    stream_.feed(port_.read());
    while (const std::optional<FromHost> message = stream_.next()) {
        port_.write(chip_->receive(*message));
        field_.stored().trace_last();
    }
}

std::string EmulatedReader::obey(const std::string& line) {
    try {
        std::istringstream words(line);
        return "ok" + carry_out(words);
    } catch (const std::exception& error) {
        return std::string("error ") + error.what();
    }
}

std::string EmulatedReader::carry_out(std::istringstream& words) {
    std::string command;
    words >> command;
    if (command == "state") {
        return " " + state();
    }
    if (command == "apdus") {
        return " " + std::to_string(field_.card().apdus());
    }
    if (!obey_card(command, words) && !obey_reader(command, words)) {
        throw std::invalid_argument("unknown command: " + command);
    }
    return {};
}

std::string EmulatedReader::state() const {
    const auto word = [](bool yes) { return yes ? "yes" : "no"; };
    return field_.state() + " plugged=" + word(port_.plugged()) + " hung=" + word(chip_->hung()) +
           " radio=" + word(chip_->radio_on());
}

bool EmulatedReader::obey_card(const std::string& command, std::istringstream& words) {
    if (command == "insert") {
        insert();
    } else if (command == "remove") {
        field_.remove();
    } else if (command == "load") {
        load(words);
    } else {
        return obey_for_card(field_.card(), command, words);
    }
    return true;
}

bool EmulatedReader::obey_reader(const std::string& command, std::istringstream& words) {
    if (command == "hang") {
        chip_->hang();
    } else if (command == "release") {
        chip_->release();
    } else if (command == "unplug") {
        unplug();
    } else if (command == "plug") {
        plug();
    } else if (command == "quit") {
        running_ = false;
    } else if (const std::optional<ChipFault> fault = fault_named(command)) {
        arm_fault(*fault, words);
    } else {
        return false;
    }
    return true;
}

void EmulatedReader::insert() {
    field_.insert();
    if (port_.plugged()) {
        port_.write(chip_->card_inserted());
    }
}

void EmulatedReader::plug() {
    if (!port_.plugged()) {
        port_.plug();
    }
}

void EmulatedReader::unplug() {
    port_.unplug();
    field_.power_off();
    stream_ = HostStream();
    chip_.emplace(field_);  // it had its power from the port
}

void EmulatedReader::arm_fault(ChipFault fault, std::istringstream& words) {
    std::uint32_t at = 1;
    if (!(words >> std::ws).eof() && (!(words >> at) || at == 0)) {
        throw std::invalid_argument("FAULT N, N from 1");
    }
    chip_->arm({fault, at});
}

void EmulatedReader::load(std::istringstream& words) {
    const std::string path = path_to_load(words);
    if (field_.present()) {
        throw std::invalid_argument("a card is present; remove it first");
    }
    field_.load(path);
}

}  // namespace virtual_card
