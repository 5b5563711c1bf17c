#pragma once
// What a command of cardtool is. Each group of commands is a file of its own with a table of these;
// cardtool.cpp lists the tables.

#include <functional>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/positional_options.hpp>
#include <boost/program_options/variables_map.hpp>

#include "cardformat/base/result.hpp"

namespace card::cardtool {

/// What the exit status tells; README.md and --help explain each.
enum class Exit : int {
    done = 0,
    failed = 1,   ///< it was tried: a token is missing or failed
    usage = 2,    ///< no such command or option
    refused = 3,  ///< a key store or setting cannot be used; nothing was changed by it
    wrong_pin = 4,
    pin_locked = 5,

    opens_no_gate = 10,  ///< genuine, but not active or not valid today
    not_genuine = 11,    ///< made to look like one of ours, or spoiled
    not_ours = 12,

    bad_pass_file = 20,
    bad_record = 21,
    other_card = 22,  ///< the record names another card or another pass

    no_reader = 30,
    unknown_reader = 31,
    several_readers = 32,
    no_service = 33,
    no_access = 34,
    reader_failed = 35,

    card_removed = 40,
    card_too_small = 41,
    foreign_card = 42,
    not_original = 43,
    wrong_state = 44,    ///< of the card's life
    card_at_fault = 45,  ///< answers falsely, or is damaged
};

/// The stable name of an exit status in JSON: the enumerator itself.
[[nodiscard]] std::string_view name(Exit exit);

/// Why a command ends without having done what it was asked.
struct Stop {
    Exit exit;
    std::string_view code;  ///< in JSON
    std::string detail;     ///< what happened, and what to do
};

template <class T>
using Outcome = tl::expected<T, Stop>;

[[nodiscard]] tl::unexpected<Stop> stop(Exit exit, std::string detail);
/// The exit status is the fault's.
[[nodiscard]] tl::unexpected<Stop> stop(const Failure& failure);

/// One call: the options for every command, the command's own words, and where to write.
struct Invocation {
    std::optional<std::string> keys;  ///< --keys STORE
    bool json = false;                ///< --json: one object on `out`, whatever comes of it
    std::vector<std::string> words;   ///< after the command's name
    std::ostream& out;
    std::ostream& err;
};

struct Command {
    std::string_view name;       ///< as typed, such as "keys roll"
    std::string_view arguments;  ///< as in --help, such as "STORE [--signing-key]"
    std::string_view meaning;    ///< a sentence for --help
    Exit (*run)(const Invocation&);
};

/// The command's own options from its words; nothing, and a message, where they do not fit.
[[nodiscard]] std::optional<boost::program_options::variables_map> own_options(
    const Invocation& invocation, const boost::program_options::options_description& described,
    const boost::program_options::positional_options_description& positional);

/// Tells of wrong usage.
Exit wrong_usage(const Invocation& invocation, const std::string& what);
/// Tells of a failure, with the exit status of its fault.
Exit tell(const Invocation& invocation, const Failure& failure);
Exit tell(const Invocation& invocation, const Stop& stop);
/// Tells what came of it: the text, or the object with --json.
Exit tell(const Invocation& invocation, const std::string& text, const boost::json::object& object);

}  // namespace card::cardtool
