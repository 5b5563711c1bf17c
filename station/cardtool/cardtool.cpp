#include "station/cardtool/cardtool.hpp"

#include <array>

#include <boost/program_options/parsers.hpp>

#include "station/cardtool/card_commands.hpp"
#include "station/cardtool/keys_commands.hpp"
#include "station/cardtool/write_commands.hpp"

namespace card::cardtool {
namespace {

namespace options = boost::program_options;

std::vector<Command> all_commands() {
    std::vector<Command> all;
    for (const std::span<const Command> group :
         {card_commands(), write_commands(), keys_commands()}) {
        all.insert(all.end(), group.begin(), group.end());
    }
    return all;
}

void help(std::ostream& out) {
    out << "cardtool works on cards and keys without a station.\n\n"
           "  cardtool COMMAND [OPTION...]\n\nCommands\n";
    for (const Command& command : all_commands()) {
        out << "  " << command.name << " " << command.arguments << "\n      " << command.meaning
            << "\n";
    }
    out << "\nSTORE, here or in --keys, is the folder of a development store, or a token:\n"
           "  \"pkcs11:token=LABEL?module-path=/path/module.so&pin-source=file:/path/of/pin\"\n"
           "pin-source is file:PATH or env:NAME. A PIN is never given on the command line.\n\n"
           "Options\n"
           "  --keys STORE     the key store\n"
           "  --json           one JSON object on standard output, errors too\n"
           "  --reader NAME    the reader, as `readers` lists it; not needed for the only one\n"
           "  --frame OCTETS   the reader's largest frame, 48 to 256 (64 where it is not given)\n"
           "  --record FILE    what is kept of a card, so that nothing is lost when it leaves:\n"
           "                   personalise makes it, the others go on with it or make it\n"
           "  --pass FILE      the pass to write, as the README of cardtool describes it\n"
           "  --originality P  refuse (as without it), warn of or write (off) chips that do not\n"
           "                   prove their maker\n"
           "  --help           this text\n\n"
           "Exit status\n"
           "  0  done; for verify: genuine, active and valid today\n"
           "  1  tried and failed, a key token is missing or failed\n"
           "  2  wrong usage    3  the key store or a setting cannot be used\n"
           "  4  the key token's PIN is wrong    5  the key token is locked\n"
           "  10 genuine, but no gate opens: not active, or not valid today\n"
           "  11 not genuine    12 not our card\n"
           "  20 the pass file cannot be used    21 the record file cannot be used\n"
           "  22 the record is of another card, or of another pass\n"
           "  30 no reader      31 no reader of this name    32 several readers, none named\n"
           "  33 pcscd does not run    34 no permission to use it\n"
           "  35 the reader failed, or another program holds it\n"
           "  40 the card left or did not answer    41 too little memory for a pass\n"
           "  42 not blank, or no card for passes   43 the maker is not proven\n"
           "  44 the card's life state does not allow it    45 the card is at fault\n"
           "At 12 and 20 to 34 and 41 to 44 nothing was written to the card.\n\n"
           "A station has a ledger of its own, and its cards are made and handed over there.\n"
           "cardtool is for acceptance, support and makers of gates.\n";
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
