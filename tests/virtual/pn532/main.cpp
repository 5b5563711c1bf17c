// vpn532: a PN532 reader on a pseudo-terminal, with a virtual DESFire card before its antenna.

#include <cerrno>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <boost/program_options.hpp>
#include <poll.h>

#include "tests/virtual/pn532/emulated_reader.hpp"
#include "tests/virtual/vcard/card_commands.hpp"
#include "tests/virtual/vcard/control.hpp"

namespace virtual_card {
namespace {

namespace po = boost::program_options;

constexpr int usage_error = 2;
constexpr int no_timeout = -1;

constexpr std::string_view usage =
    R"(vpn532: a PN532 reader on a pseudo-terminal, with a virtual DESFire card

  vpn532 --memory FILE --port LINK --control SOCKET [--trace FILE] [--air-time-us US]

libnfc finds the reader as pn532_uart:LINK. FILE is made by vcard create.

)";

constexpr std::string_view control_help = R"(
Lines understood on SOCKET, each answered with one line that starts with "ok" or "error":
  insert          put the card on the reader
  remove          take it off
  state           present or absent, whether the card is active, APDU count, UID, and
                  whether the reader is plugged, its chip hung, its radio on
  apdus           how many APDUs the card has seen
  load FILE       another card; only while absent
  hang, release   the chip stops answering, and answers again
  unplug, plug    the reader is pulled out of its port, and comes back
  FAULT [N]       at the N-th exchange with the card from now (without N the next) the answer is
                  wrong: rf-timeout, bad-checksum, bad-length, cut-short, garbage, wrong-command,
                  mute, status-80, more-information or oversized; at the N-th activation: ats-empty
  quit            end the program
For the card:
)";

constexpr std::string_view memory_help = R"(
The card's memory is saved to FILE before an APDU that changed it is answered.
)";

void serve(const po::variables_map& values) {
    const auto required = [&](const char* name) {
        if (values.count(name) == 0) {
            throw std::invalid_argument(std::string("--") + name + " is missing; see --help");
        }
        return values[name].as<std::string>();
    };
    Timing timing;
    timing.per_apdu = std::chrono::microseconds(values["air-time-us"].as<std::uint32_t>());
    EmulatedReader reader(required("memory"), required("port"), timing);
    if (values.count("trace") != 0) {
        reader.trace_to(values["trace"].as<std::string>());
    }
    ControlServer control(required("control"), [&](std::string_view line) -> std::string {
        return reader.obey(std::string(line));
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
        ("control", po::value<std::string>(), "path of the UNIX socket for commands")  //
        ("air-time-us", po::value<std::uint32_t>()->default_value(0),                  //
         "time that every APDU takes, in microseconds")                                //
        ("trace", po::value<std::string>(),                                            //
         "file to append every APDU and its answer to, a line each");
    po::variables_map values;
    po::store(po::parse_command_line(count, arguments, options), values);
    if (values.count("help") != 0) {
        std::cout << usage << options << control_help << card_help << memory_help;
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
