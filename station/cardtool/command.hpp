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

enum class Exit : int {
    done = 0,
    failed = 1,   ///< it was tried: a card, reader or token is missing or failed
    usage = 2,    ///< no such command or option
    refused = 3,  ///< a key store, file or setting cannot be used; nothing was changed by it
};

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
/// Tells of a failure: `refused` where input or configuration is to be corrected, else `failed`.
Exit tell(const Invocation& invocation, const Failure& failure);
/// Tells what came of it: the text, or the object with --json.
Exit tell(const Invocation& invocation, const std::string& text, const boost::json::object& object);

}  // namespace card::cardtool
