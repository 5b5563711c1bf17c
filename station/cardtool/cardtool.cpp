#include "station/cardtool/cardtool.hpp"

#include <array>

#include <boost/program_options/parsers.hpp>

#include "station/cardtool/keys_commands.hpp"

namespace card::cardtool {
namespace {

namespace options = boost::program_options;

std::vector<Command> all_commands() {
    std::vector<Command> all;
    for (const std::span<const Command> group : {keys_commands()}) {
        all.insert(all.end(), group.begin(), group.end());
    }
    return all;
}

void help(std::ostream& out) {
    out << "cardtool works on cards and keys without a station.\n\n"
           "  cardtool COMMAND [--keys STORE] [--json]\n\nCommands\n";
    for (const Command& command : all_commands()) {
        out << "  " << command.name << " " << command.arguments << "\n      " << command.meaning
            << "\n";
    }
    out << "\nSTORE, here or in --keys, is the folder of a development store, or a token:\n"
           "  \"pkcs11:token=LABEL?module-path=/path/module.so&pin-source=file:/path/of/pin\"\n"
           "pin-source is file:PATH or env:NAME. A PIN is never given on the command line.\n\n"
           "Options\n"
           "  --keys STORE   the key store\n"
           "  --json         one JSON object on standard output, errors too\n"
           "  --help         this text\n\n"
           "Exit status: 0 done; 1 tried and failed (a token is missing or does not answer);\n"
           "2 wrong usage; 3 refused (the key store, its PIN or a file cannot be used).\n";
}

/// Two words name a command, or one.
const Command* find_command(const std::vector<Command>& commands,
                            const std::vector<std::string>& words, std::size_t length) {
    if (words.size() < length) {
        return nullptr;
    }
    const std::string name = length == 2 ? words[0] + " " + words[1] : words[0];
    for (const Command& command : commands) {
        if (command.name == name) {
            return &command;
        }
    }
    return nullptr;
}

/// Takes the options for every command out of the words; nothing, and a message, where one lacks
/// its value.
std::optional<options::variables_map> take_common(Invocation& invocation) {
    namespace style = options::command_line_style;
    options::options_description common;
    common.add_options()("keys", options::value<std::string>())("json", "")("help", "");
    options::variables_map given;
    try {
        const auto parsed = options::command_line_parser(invocation.words)
                                .options(common)
                                .style(style::unix_style & ~style::allow_guessing)
                                .allow_unregistered()
                                .run();
        options::store(parsed, given);
        invocation.words =
            options::collect_unrecognized(parsed.options, options::include_positional);
    } catch (const options::error& error) {
        wrong_usage(invocation, error.what());
        return std::nullopt;
    }
    return given;
}

}  // namespace

int run(const std::vector<std::string>& words, std::ostream& out, std::ostream& err) {
    Invocation invocation{std::nullopt, false, words, out, err};
    const auto common = take_common(invocation);
    if (!common) {
        return static_cast<int>(Exit::usage);
    }
    invocation.json = common->contains("json");
    if (common->contains("keys")) {
        invocation.keys = (*common)["keys"].as<std::string>();
    }
    if (common->contains("help")) {
        help(out);
        return static_cast<int>(Exit::done);
    }
    const auto commands = all_commands();
    for (const std::size_t length : {2U, 1U}) {
        if (const Command* command = find_command(commands, invocation.words, length)) {
            invocation.words.erase(invocation.words.begin(),
                                   invocation.words.begin() + static_cast<std::ptrdiff_t>(length));
            return static_cast<int>(command->run(invocation));
        }
    }
    return static_cast<int>(wrong_usage(invocation, "no such command"));
}

}  // namespace card::cardtool
