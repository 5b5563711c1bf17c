#include "tests/virtual/vcard/arguments.hpp"

#include <sstream>
#include <stdexcept>
#include <string_view>

#include <boost/program_options.hpp>

#include "tests/virtual/desfire/crypto.hpp"
#include "tests/virtual/desfire/memory.hpp"

namespace virtual_card {
namespace {

namespace po = boost::program_options;

constexpr std::string_view usage =
    R"(vcard: a virtual DESFire card in a virtual PC/SC reader

  vcard --memory FILE --port N --control SOCKET [--air-time-us US] [--trace FILE]
  vcard create --memory FILE [--uid HEX | --genuine N] [--chip NAME]

The first form holds a card for the reader whose driver (vpcd) listens at 127.0.0.1:N. It starts
with no card in the reader. The second form writes a factory-fresh card.

)";

constexpr std::string_view control_help = R"(
Lines understood on SOCKET, each answered with one line that starts with "ok" or "error":
  insert          put the card into the reader
  remove          take it out
  tear N WHEN     lose the card at the N-th APDU from now (1 is the next); WHEN is
                  before, after or rolled_back its effect
  state           present or absent, whether the reader is connected, APDU count, UID
  apdus           how many APDUs the card has seen
  reset-apdus     count from 0 again
  load FILE       another card into the slot; only while absent
  quit            end the program

The card's memory is saved to FILE before an APDU that changed it is answered.
)";

po::options_description serve_options() {
    po::options_description options("Holding a card");
    options.add_options()                                                                 //
        ("help,h", "this text")                                                           //
        ("memory", po::value<std::string>(), "the card's memory, a file made by create")  //
        ("port", po::value<std::uint16_t>(), "TCP port of the reader's driver")           //
        ("reader", po::value<std::string>()->default_value(""),                           //
         "in place of --port: the UNIX socket of the reader's driver (ifd)")              //
        ("control", po::value<std::string>(), "path of the UNIX socket for commands")     //
        ("air-time-us", po::value<std::uint32_t>()->default_value(0),                     //
         "time that every APDU takes on the air, in microseconds")                        //
        ("trace", po::value<std::string>()->default_value(""),                            //
         "file to append every APDU and its answer to, a line each");
    return options;
}

po::options_description create_options() {
    po::options_description options("Making a card");
    options.add_options()                                                             //
        ("help,h", "this text")                                                       //
        ("memory", po::value<std::string>(), "file to write; it must not exist")      //
        ("uid", po::value<std::string>(), "7 bytes in hex; without it a random one")  //
        ("genuine", po::value<std::size_t>(),                                         //
         "0 or 1: an EV2 UID whose originality signature is published")               //
        ("chip", po::value<std::string>()->default_value("EV2-4K"), "EV1-4K, EV2-4K, EV3-4K");
    return options;
}

std::string help_text() {
    std::ostringstream text;
    text << usage << serve_options() << control_help << '\n' << create_options();
    return text.str();
}

template <typename T>
T required(const po::variables_map& values, const char* name) {
    if (values.count(name) == 0) {
        throw std::invalid_argument(std::string("--") + name + " is missing; see vcard --help");
    }
    return values[name].as<T>();
}

po::variables_map parsed(int count, char** values, const po::options_description& options) {
    po::variables_map map;
    po::store(po::command_line_parser(count, values)
                  .options(options)
                  .positional(po::positional_options_description())
                  .run(),
              map);
    po::notify(map);
    return map;
}

Bytes uid_wanted(const po::variables_map& values) {
    if (values.count("uid") != 0 && values.count("genuine") != 0) {
        throw std::invalid_argument("--uid and --genuine exclude each other");
    }
    if (values.count("genuine") != 0) {
        return genuine_uid(values["genuine"].as<std::size_t>());
    }
    if (values.count("uid") != 0) {
        return from_hex(values["uid"].as<std::string>());
    }
    Bytes uid(uid_bytes);
    system_randomness()(uid);
    uid.front() = 0x04;  // the maker's number
    return uid;
}

}  // namespace

std::variant<ServeArguments, CreateArguments, HelpWanted> parse_arguments(int count,
                                                                          char** values) {
    const bool create = count > 1 && std::string_view(values[1]) == "create";
    const int skipped = create ? 1 : 0;
    const po::variables_map map =
        parsed(count - skipped, values + skipped, create ? create_options() : serve_options());
    if (map.count("help") != 0) {
        return HelpWanted{help_text()};
    }
    if (create) {
        return CreateArguments{required<std::string>(map, "memory"), uid_wanted(map),
                               required<std::string>(map, "chip")};
    }
    const auto reader = required<std::string>(map, "reader");
    return ServeArguments{required<std::string>(map, "memory"),
                          reader.empty() ? required<std::uint16_t>(map, "port") : std::uint16_t{0},
                          reader,
                          required<std::string>(map, "control"),
                          std::chrono::microseconds(required<std::uint32_t>(map, "air-time-us")),
                          required<std::string>(map, "trace")};
}

}  // namespace virtual_card
