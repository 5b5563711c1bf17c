#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>

#include "tests/virtual/pn532/chip.hpp"
#include "tests/virtual/pn532/field.hpp"
#include "tests/virtual/pn532/serial_port.hpp"

namespace virtual_card {

/// A reader on a serial port with everything that can be done to it. It is plugged in, and no card
/// is on it.
class EmulatedReader {
  public:
    /// Throws std::exception where the card's memory or the port's link cannot be used.
    EmulatedReader(const std::filesystem::path& memory, const std::filesystem::path& port,
                   const Timing& timing = {});
    /// Appends every APDU to this file from now on. Throws std::exception.
    void trace_to(const std::filesystem::path& file) { field_.stored().trace_to(file); }

    /// What poll() should watch for input; -1 while unplugged.
    int descriptor() const { return port_.descriptor(); }
    /// Answers what the host has sent.
    void serve();

    /// One line of README.md, and the line that answers it.
    std::string obey(const std::string& line);
    /// Not told to quit.
    bool running() const { return running_; }

  private:
    std::string carry_out(std::istringstream& words);
    std::string state() const;
    bool obey_card(const std::string& command, std::istringstream& words);
    bool obey_reader(const std::string& command, std::istringstream& words);
    void insert();
    void plug();
    void unplug();
    void arm_fault(ChipFault fault, std::istringstream& words);
    void load(std::istringstream& words);

    Field field_;
    std::optional<Pn532> chip_;
    SerialPort port_;
    HostStream stream_;
    bool running_ = true;
};

}  // namespace virtual_card
