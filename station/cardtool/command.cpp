#include "station/cardtool/command.hpp"

#include <boost/json/serialize.hpp>
#include <boost/program_options/parsers.hpp>

namespace card::cardtool {
namespace {

namespace options = boost::program_options;
using boost::json::object;

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
    complain(invocation, name(failure.fault), failure.detail);
    return failure.fault == Fault::correct_configuration || failure.fault == Fault::correct_input
               ? Exit::refused
               : Exit::failed;
}

Exit tell(const Invocation& invocation, const std::string& text, const object& object) {
    invocation.out << (invocation.json ? boost::json::serialize(object) + "\n" : text);
    return Exit::done;
}

}  // namespace card::cardtool
