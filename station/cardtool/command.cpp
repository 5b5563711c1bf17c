#include "station/cardtool/command.hpp"

#include <array>

#include <boost/json/serialize.hpp>
#include <boost/program_options/parsers.hpp>

namespace card::cardtool {
namespace {

namespace options = boost::program_options;
using boost::json::object;

struct NamedExit {
    Exit exit;
    std::string_view name;
};

constexpr std::array named_exits{NamedExit{Exit::done, "done"},
                                 NamedExit{Exit::failed, "failed"},
                                 NamedExit{Exit::usage, "usage"},
                                 NamedExit{Exit::refused, "refused"},
                                 NamedExit{Exit::wrong_pin, "wrong_pin"},
                                 NamedExit{Exit::pin_locked, "pin_locked"},
                                 NamedExit{Exit::opens_no_gate, "opens_no_gate"},
                                 NamedExit{Exit::not_genuine, "not_genuine"},
                                 NamedExit{Exit::not_ours, "not_ours"},
                                 NamedExit{Exit::bad_pass_file, "bad_pass_file"},
                                 NamedExit{Exit::bad_record, "bad_record"},
                                 NamedExit{Exit::other_card, "other_card"},
                                 NamedExit{Exit::no_reader, "no_reader"},
                                 NamedExit{Exit::unknown_reader, "unknown_reader"},
                                 NamedExit{Exit::several_readers, "several_readers"},
                                 NamedExit{Exit::no_service, "no_service"},
                                 NamedExit{Exit::no_access, "no_access"},
                                 NamedExit{Exit::reader_failed, "reader_failed"},
                                 NamedExit{Exit::card_removed, "card_removed"},
                                 NamedExit{Exit::card_too_small, "card_too_small"},
                                 NamedExit{Exit::foreign_card, "foreign_card"},
                                 NamedExit{Exit::not_original, "not_original"},
                                 NamedExit{Exit::wrong_state, "wrong_state"},
                                 NamedExit{Exit::card_at_fault, "card_at_fault"}};

Exit exit_of(Fault fault) {
    switch (fault) {
        case Fault::present_same_card_again:
            return Exit::card_removed;
        case Fault::use_another_card:
            return Exit::foreign_card;
        case Fault::set_card_aside:
        case Fault::scrap_card:
            return Exit::card_at_fault;
        case Fault::wait_for_reader:
        case Fault::restart_worker:
            return Exit::reader_failed;
        case Fault::start_pcscd:
            return Exit::no_service;
        case Fault::grant_reader_access:
            return Exit::no_access;
        case Fault::correct_token_pin:
            return Exit::wrong_pin;
        case Fault::unlock_key_token:
            return Exit::pin_locked;
        case Fault::correct_input:
        case Fault::correct_configuration:
            return Exit::refused;
        default:
            return Exit::failed;
    }
}

void complain(const Invocation& invocation, std::string_view code, const std::string& text) {
    if (invocation.json) {
        invocation.out << boost::json::serialize(
                              object{{"error", object{{"code", code}, {"detail", text}}}})
                       << "\n";
    } else {
        invocation.err << "cardtool: " << text << "\n";
    }
}

}  // namespace

std::string_view name(Exit exit) {
    for (const NamedExit& one : named_exits) {
        if (one.exit == exit) {
            return one.name;
        }
    }
    return "unknown";
}

tl::unexpected<Stop> stop(Exit exit, std::string detail) {
    return tl::make_unexpected(Stop{exit, name(exit), std::move(detail)});
}

tl::unexpected<Stop> stop(const Failure& failure) {
    return tl::make_unexpected(Stop{exit_of(failure.fault), name(failure.fault), failure.detail});
}

std::optional<options::variables_map> own_options(
    const Invocation& invocation, const options::options_description& described,
    const options::positional_options_description& positional) {
    namespace style = options::command_line_style;
    constexpr int exact = style::unix_style & ~style::allow_guessing;
    options::variables_map given;
    try {
        options::store(options::command_line_parser(invocation.words)
                           .options(described)
                           .positional(positional)
                           .style(exact)
                           .run(),
                       given);
        options::notify(given);
    } catch (const options::error& error) {
        wrong_usage(invocation, error.what());
        return std::nullopt;
    }
    return given;
}

Exit wrong_usage(const Invocation& invocation, const std::string& what) {
    complain(invocation, "usage", what + ". Try cardtool --help.");
    return Exit::usage;
}

Exit tell(const Invocation& invocation, const Failure& failure) {
    return tell(invocation, stop(failure).value());
}

Exit tell(const Invocation& invocation, const Stop& stop) {
    complain(invocation, stop.code, stop.detail);
    return stop.exit;
}

Exit tell(const Invocation& invocation, const std::string& text, const object& object) {
    invocation.out << (invocation.json ? boost::json::serialize(object) + "\n" : text);
    return Exit::done;
}

}  // namespace card::cardtool
