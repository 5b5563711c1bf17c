// vpn532: a PN532 reader on a pseudo-terminal, with a virtual DESFire card before its antenna.

#include <cerrno>
#include <exception>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <boost/program_options.hpp>
#include <poll.h>

#include "tests/virtual/pn532/chip.hpp"
#include "tests/virtual/pn532/serial_port.hpp"
#include "tests/virtual/vcard/control.hpp"

namespace virtual_card {
namespace {

namespace po = boost::program_options;

constexpr int usage_error = 2;
constexpr int no_timeout = -1;

constexpr std::string_view usage =
    R"(vpn532: a PN532 reader on a pseudo-terminal, with a virtual DESFire card

  vpn532 --memory FILE --port LINK --control SOCKET

libnfc finds the reader as pn532_uart:LINK. FILE is made by vcard create.

)";

constexpr std::string_view control_help = R"(
Lines understood on SOCKET, each answered with one line that starts with "ok" or "error":
  insert          put the card on the reader
  remove          take it off
  tear N WHEN     lose the card at the N-th APDU from now (1 is the next); WHEN is
                  before, after or rolled_back its effect
  state           present or absent, whether the card is active, APDU count, UID, and
                  whether the reader is plugged, its chip hung, its radio on
  apdus           how many APDUs the card has seen
  reset-apdus     count from 0 again
  load FILE       another card; only while absent
  hang, release   the chip stops answering, and answers again
  unplug, plug    the reader is pulled out of its port, and comes back
  FAULT [N]       at the N-th exchange with the card from now (without N the next) the answer is
                  wrong: rf-timeout, bad-checksum, bad-length, cut-short, garbage, wrong-command,
                  mute, status-80, more-information or oversized; at the N-th activation: ats-empty
  quit            end the program

The card's memory is saved to FILE before an APDU that changed it is answered.
)";

/// The reader with everything that can be done to it.
class Reader {
  public:
    Reader(const std::string& memory, const std::string& port) : field_(memory), port_(port) {
        port_.plug();
    }

    [[nodiscard]] bool running() const { return running_; }
    [[nodiscard]] int descriptor() const { return port_.descriptor(); }

    void serve() {
        stream_.feed(port_.read());
        while (const std::optional<FromHost> message = stream_.next()) {
            port_.write(chip_->receive(*message));
        }
    }

    std::string obey(const std::string& line) {
        std::istringstream words(line);
        std::string command;
        words >> command;
        if (command == "state") {
            return "ok " + state();
        }
        if (command == "apdus") {
            return "ok " + std::to_string(field_.card().apdus());
        }
        if (!obey_card(command, words) && !obey_reader(command, words)) {
            throw std::invalid_argument("unknown command: " + command);
        }
        return "ok";
    }

  private:
    [[nodiscard]] std::string state() const {
        const auto word = [](bool yes) { return yes ? "yes" : "no"; };
        return field_.state() + " plugged=" + word(port_.plugged()) +
               " hung=" + word(chip_->hung()) + " radio=" + word(chip_->radio_on());
    }

    bool obey_card(const std::string& command, std::istringstream& words) {
        if (command == "insert") {
            field_.insert();
            if (port_.plugged()) {
                port_.write(chip_->card_inserted());
            }
        } else if (command == "remove") {
            field_.remove();
        } else if (command == "reset-apdus") {
            field_.card().reset_apdus();
        } else if (command == "tear") {
            arm_tear(words);
        } else if (command == "load") {
            load(words);
        } else {
            return false;
        }
        return true;
    }

    bool obey_reader(const std::string& command, std::istringstream& words) {
        if (command == "hang") {
            chip_->hang();
        } else if (command == "release") {
            chip_->release();
        } else if (command == "unplug") {
            unplug();
        } else if (command == "plug") {
            port_.plug();
        } else if (command == "quit") {
            running_ = false;
        } else if (const std::optional<ChipFault> fault = fault_named(command)) {
            arm_fault(*fault, words);
        } else {
            return false;
        }
        return true;
    }

    void unplug() {
        port_.unplug();
        stream_ = HostStream();
        chip_.emplace(field_);  // it had its power from the port
        field_.power_off();
    }

    void arm_fault(ChipFault fault, std::istringstream& words) {
        std::uint32_t at = 1;
        if (!(words >> std::ws).eof() && (!(words >> at) || at == 0)) {
            throw std::invalid_argument("FAULT N, N from 1");
        }
        chip_->arm({fault, at});
    }

    void arm_tear(std::istringstream& words) {
        std::uint32_t at = 0;
        std::string when;
        words >> at >> when;
        const auto named = when == "before"        ? std::optional(Tear::When::before)
                           : when == "after"       ? std::optional(Tear::When::after)
                           : when == "rolled_back" ? std::optional(Tear::When::rolled_back)
                                                   : std::nullopt;
        if (at == 0 || !named) {
            throw std::invalid_argument("tear N before|after|rolled_back, N from 1");
        }
        field_.card().tear({at, *named});
    }

    void load(std::istringstream& words) {
        std::string path;
        if (!std::getline(words >> std::ws, path)) {
            throw std::invalid_argument("load FILE");
        }
        if (field_.present()) {
            throw std::invalid_argument("a card is present; remove it first");
        }
        field_.load(path);
    }

    Field field_;
    std::optional<Pn532> chip_{field_};
    SerialPort port_;
    HostStream stream_;
    bool running_ = true;
};

void serve(const po::variables_map& values) {
    const auto required = [&](const char* name) {
        if (values.count(name) == 0) {
            throw std::invalid_argument(std::string("--") + name + " is missing; see --help");
        }
        return values[name].as<std::string>();
    };
    Reader reader(required("memory"), required("port"));
    ControlServer control(required("control"), [&](std::string_view line) -> std::string {
        try {
            return reader.obey(std::string(line));
        } catch (const std::exception& error) {
            return std::string("error ") + error.what();
        }
    });
    std::vector<pollfd> watched;
    while (reader.running()) {
        watched.assign(1, {reader.descriptor(), POLLIN, 0});  // poll passes over -1
        control.watch(watched);
        if (::poll(watched.data(), watched.size(), no_timeout) < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "poll");
        }
        if (watched.front().revents != 0) {
            reader.serve();
        }
        control.serve(watched);
    }
}

void run(int count, char** arguments) {
    po::options_description options("Options");
    options.add_options()                                                              //
        ("help,h", "this text")                                                        //
        ("memory", po::value<std::string>(), "the card's memory")                      //
        ("port", po::value<std::string>(), "path of the link to the pseudo-terminal")  //
        ("control", po::value<std::string>(), "path of the UNIX socket for commands");
    po::variables_map values;
    po::store(po::parse_command_line(count, arguments, options), values);
    if (values.count("help") != 0) {
        std::cout << usage << options << control_help;
    } else {
        serve(values);
    }
}

}  // namespace
}  // namespace virtual_card

int main(int argc, char** argv) {
    try {
        virtual_card::run(argc, argv);
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "vpn532: " << error.what() << '\n';
        return virtual_card::usage_error;
    }
}
