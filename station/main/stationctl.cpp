// The operators' and ops' command line to a running stationd.

#include <algorithm>
#include <iostream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <boost/program_options.hpp>

#include "station/config/config.hpp"
#include "station/doctor/collect.hpp"
#include "sync/http/http.hpp"

namespace card {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
namespace options = boost::program_options;
using namespace std::chrono_literals;

constexpr int exit_refused = 1;
constexpr int exit_usage = 2;
constexpr int exit_unreachable = 3;
constexpr int first_error_status = 400;

struct Call {
    asio::io_context& context;
    http::Client& client;

    /// Blocks: a command line has nothing else to do.
    Result<json::object> operator()(std::string method, std::string target, std::string body = {}) {
        Result<json::object> outcome = fail(Fault::retry_later, "no answer");
        context.restart();
        asio::co_spawn(context, run(outcome, std::move(method), std::move(target), std::move(body)),
                       asio::detached);
        context.run();
        return outcome;
    }

  private:
    asio::awaitable<void> run(Result<json::object>& outcome, std::string method, std::string target,
                              std::string body) {
        http::Request request;
        request.method = std::move(method);
        request.target = std::move(target);
        request.body = std::move(body);
        Result<http::Response> response = co_await client.call(std::move(request), 40s);
        if (!response) {
            outcome = tl::make_unexpected(std::move(response.error()));
            co_return;
        }
        boost::system::error_code error;
        json::value parsed = json::parse(response->body, error);
        if (error || !parsed.is_object()) {
            outcome = fail(Fault::retry_later, "the station's answer is no JSON object");
        } else if (response->status >= first_error_status) {
            outcome = fail(Fault::follow_refusal, json::serialize(parsed));
        } else {
            outcome = std::move(parsed.as_object());
        }
    }
};

std::string text(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

int complain(const Failure& failure) {
    if (failure.fault == Fault::follow_refusal) {
        const json::object problem = json::parse(failure.detail).as_object();
        std::cerr << "stationctl: " << text(problem, "words_zh") << " (" << text(problem, "detail")
                  << ")\n";
        return exit_refused;
    }
    std::cerr << "stationctl: the station does not answer (" << failure.detail
              << ")\nIs stationd running, and is --control the socket of its configuration?\n";
    return exit_unreachable;
}

int show(const Result<json::object>& outcome) {
    if (!outcome) {
        return complain(outcome.error());
    }
    std::cout << json::serialize(*outcome) << "\n";
    return 0;
}

json::object shown(const doctor::Finding& finding) {
    const doctor::TroubleWords& words = doctor::words(finding.trouble);
    return {{"id", words.name},
            {"words_zh", words.zh},
            {"words_en", words.en},
            {"subject", finding.subject},
            {"fix", finding.fix}};
}

/// Looks at the readers of this machine; needs no running station.
int examine(const std::string& file, bool as_json) {
    const auto config = config::read(file);
    if (!config) {
        std::cerr << "stationctl: " << config.error().detail << "\n";
        return exit_usage;
    }
    const std::vector<doctor::Finding> findings = doctor::diagnose(doctor::collect(*config));
    if (as_json) {
        json::array list;
        std::transform(findings.begin(), findings.end(), std::back_inserter(list), shown);
        std::cout << json::serialize(json::object{{"findings", std::move(list)}}) << "\n";
        return findings.empty() ? 0 : exit_refused;
    }
    for (const doctor::Finding& finding : findings) {
        const doctor::TroubleWords& words = doctor::words(finding.trouble);
        std::cout << "✘ " << words.zh << "  " << words.en << "\n  " << finding.subject << "\n  → "
                  << finding.fix << "\n";
    }
    if (findings.empty()) {
        std::cout << "✔ 讀卡機一切正常  Nothing is wrong with the readers\n";
    }
    return findings.empty() ? 0 : exit_refused;
}

constexpr std::string_view sign(std::string_view tone) {
    if (tone == "done") {
        return "✔";
    }
    if (tone == "act") {
        return "▶";
    }
    return tone == "wait" ? "…" : "✘";
}

/// The audit chain, a line a record, octet for octet as it is hashed.
int print_journal(Call& call) {
    std::int64_t after = 0;
    while (true) {
        const auto page = call("GET", "/journal?after=" + std::to_string(after));
        if (!page) {
            return complain(page.error());
        }
        const json::array& lines = page->at("lines").as_array();
        if (lines.empty()) {
            return 0;
        }
        for (const json::value& line : lines) {
            std::cout << std::string_view(line.as_string()) << "\n";
        }
        after += static_cast<std::int64_t>(lines.size());
    }
}

void print_step(const json::object& sitting, bool as_json) {
    if (as_json) {
        std::cout << json::serialize(sitting) << std::endl;
        return;
    }
    std::cout << sign(text(sitting, "tone")) << " " << text(sitting, "words_zh");
    if (const auto number = text(sitting, "pass_no"); !number.empty()) {
        std::cout << "  [" << number << "]";
    }
    if (const auto code = text(sitting, "code"); !code.empty()) {
        std::cout << "  (" << code << ")";
    }
    if (const auto port = text(sitting, "port_name"); !port.empty()) {
        std::cout << "  → " << port;
    }
    std::cout << std::endl;
}

/// An option's value; one line of standard input where it is "-".
std::string value_of(const options::variables_map& given, const char* option) {
    auto value = given[option].as<std::string>();
    if (value == "-") {
        std::getline(std::cin, value);
    }
    return value;
}

/// The options that were given, by the names that the control interface has for them.
json::object members_of(const options::variables_map& given,
                        std::initializer_list<std::pair<const char*, const char*>> names) {
    json::object members;
    for (const auto& [option, member] : names) {
        if (given.contains(option)) {
            members[member] = value_of(given, option);
        }
    }
    return members;
}

/// Begins a sitting and shows its steps to the end. 0 where it ends with this notice.
int sit(Call& call, const std::string& resource, const json::object& request,
        std::string_view wanted, bool as_json) {
    const auto begun = call("POST", resource, json::serialize(request));
    if (!begun) {
        return complain(begun.error());
    }
    std::int64_t seen = 0;
    while (true) {
        const auto sitting = call("GET", "/sittings/current?wait=20&seen=" + std::to_string(seen));
        if (!sitting) {
            return complain(sitting.error());
        }
        const std::int64_t step = sitting->at("step").to_number<std::int64_t>();
        if (step != seen) {
            print_step(*sitting, as_json);
        }
        seen = step;
        if (sitting->at("finished").as_bool()) {
            return text(*sitting, "notice") == wanted ? 0 : exit_refused;
        }
    }
}

int hand_over(Call& call, const options::variables_map& given, bool as_json) {
    const json::object papers = members_of(given, {{"letter-qr", "letter_qr"},
                                                   {"old-qr", "old_pass_qr"},
                                                   {"old-number", "old_pass_no"},
                                                   {"collector", "collector"},
                                                   {"supervisor", "supervisor"},
                                                   {"reason", "reason"}});
    return sit(call, "/hand-overs", papers, "handed_over", as_json);
}

int void_card(Call& call, const std::string& number, const options::variables_map& given) {
    json::object request = members_of(given, {{"reason", "reason"}, {"supervisor", "supervisor"}});
    request["pass_no"] = number;
    request["tap"] = given.contains("no-tap") ? "no" : "yes";
    return sit(call, "/voids", request, "card_voided", given.contains("json"));
}

/// A word of the path, whatever stands in it.
std::string in_path(const std::string& word) {
    return http::percent_encoded(word);
}

int usage(const options::options_description& described) {
    std::cout
        << "stationctl --control unix:PATH COMMAND\n\n"
           "Commands\n"
           "  status                    readers, queues and the central, as JSON\n"
           "  queue                     all renewals with their cards, as JSON\n"
           "  find PASS_NO|UID          where a pass, new or old, or a card stands, as JSON\n"
           "  history PASS_NO|UID       what happened to a pass or a card, from the journal, as "
           "JSON\n"
           "  hand-over --letter-qr TEXT --old-qr TEXT\n"
           "                            hands a finished card over, once letter, old pass and the\n"
           "                            new card's tap meet in one renewal; what is missing needs\n"
           "                            --supervisor and --reason\n"
           "  refuse photo_mismatch|not_the_holder\n"
           "                            ends a hand-over and records what the operator saw\n"
           "  work                      cards that need somebody: to void, to find, to put back\n"
           "  void PASS_NO --reason withdrawn|expired|not_collected|data_changed|dead|damaged\n"
           "                            makes the pass's card unusable, with its tap in the void\n"
           "                            box; --no-tap --supervisor ID where it cannot be read\n"
           "  adopt PASS_NO             takes over a card that was made elsewhere, by its tap; "
           "one\n"
           "                            that does not prove itself is remade (centralctl remake)\n"
           "  missing PASS_NO           nobody finds the pass's card\n"
           "  found PASS_NO             it is there again\n"
           "  write-off PASS_NO --supervisor ID\n"
           "                            gives a missing card up; the renewal can be made again\n"
           "  resume-line READER --supervisor ID\n"
           "                            a reader that was stopped goes on: somebody looked at it\n"
           "  audit                     the whole journal, a line a record; each line holds the\n"
           "                            SHA-256 of the one before (tests/checker/chain.py proves "
           "it)\n"
           "  backup FOLDER             copies the ledger into a new file of this folder of the\n"
           "                            station's machine, proven before it gets its name\n"
           "  cancel                    ends a hand-over that has not become irreversible\n"
           "  doctor --config FILE      what is wrong with the readers, and the line to fix it;\n"
           "                            needs no running station, and no --control\n\n"
        << described
        << "\nExit status: 0 done, 1 refused, not handed over or something found, 2 wrong usage,\n"
           "3 the station does not answer.\n";
    return 0;
}

int dispatch(Call& call, const options::variables_map& given) {
    const auto words = given["words"].as<std::vector<std::string>>();
    const std::string& command = words.front();
    if (command == "status" && words.size() == 1) {
        return show(call("GET", "/status"));
    }
    if (command == "queue" && words.size() == 1) {
        return show(call("GET", "/renewals"));
    }
    if (command == "find" && words.size() == 2) {
        return show(call("GET", "/passes/" + in_path(words[1])));
    }
    if (command == "history" && words.size() == 2) {
        return show(call("GET", "/passes/" + in_path(words[1]) + "/history"));
    }
    if (command == "audit" && words.size() == 1) {
        return print_journal(call);
    }
    if (command == "backup" && words.size() == 2) {
        return show(call("POST", "/backups", json::serialize(json::object{{"folder", words[1]}})));
    }
    if (command == "hand-over" && words.size() == 1) {
        return hand_over(call, given, given.contains("json"));
    }
    if (command == "cancel" && words.size() == 1) {
        return show(call("DELETE", "/sittings/current"));
    }
    if (command == "void" && words.size() == 2 && given.contains("reason")) {
        return void_card(call, words[1], given);
    }
    if (command == "adopt" && words.size() == 2) {
        return sit(call, "/adoptions", json::object{{"pass_no", words[1]}}, "card_adopted",
                   given.contains("json"));
    }
    if ((command == "missing" || command == "found" || command == "write-off") &&
        words.size() == 2) {
        const std::string report = command == "write-off" ? "written_off" : command;
        return show(call("POST", "/cards/" + in_path(words[1]) + "/" + report,
                         json::serialize(members_of(given, {{"supervisor", "supervisor"}}))));
    }
    if (command == "work" && words.size() == 1) {
        return show(call("GET", "/tasks"));
    }
    if (command == "resume-line" && words.size() == 2) {
        return show(call("POST", "/readers/" + in_path(words[1]) + "/resume",
                         json::serialize(members_of(given, {{"supervisor", "supervisor"}}))));
    }
    if (command == "refuse" && words.size() == 2) {
        return show(call("DELETE", "/sittings/current?reason=" + words[1]));
    }
    std::cerr << "stationctl: no such command, or its words are off. Try stationctl --help.\n";
    return exit_usage;
}

int main(int argc, char** argv) {
    options::options_description described("Options");
    described.add_options()("control", options::value<std::string>(),
                            "the station's control socket, unix:PATH")(
        "letter-qr", options::value<std::string>(),
        "with hand-over: the letter's code as scanned; - reads a line of standard input")(
        "old-qr", options::value<std::string>(),
        "with hand-over: the old pass's code as scanned; - as above, after the letter's")(
        "old-number", options::value<std::string>(),
        "with hand-over: the old pass's number, read by a person because its code cannot be")(
        "collector", options::value<std::string>(),
        "with hand-over: holder (where nothing is said) or representative")(
        "supervisor", options::value<std::string>(),
        "the staff id of who answers for it; with hand-over, --reason too")(
        "reason", options::value<std::string>(),
        "with hand-over: lost, stolen, damaged, not_received or left_behind; with void: see there")(
        "no-tap", "with void: the card cannot be read any more")(
        "json",
        "with hand-over, void, adopt: each step as a JSON line; with doctor: all findings as JSON")(
        "config", options::value<std::string>(), "with doctor: the station's configuration")(
        "help", "this text");
    options::options_description all;
    all.add(described).add_options()("words", options::value<std::vector<std::string>>());
    options::positional_options_description words;
    words.add("words", -1);
    options::variables_map given;
    try {
        options::store(
            options::command_line_parser(argc, argv).options(all).positional(words).run(), given);
    } catch (const options::error& error) {
        std::cerr << "stationctl: " << error.what() << "\nTry stationctl --help.\n";
        return exit_usage;
    }
    if (given.contains("help")) {
        return usage(described);
    }
    const std::vector<std::string> doctor_only{"doctor"};
    if (given.contains("words") && given["words"].as<std::vector<std::string>>() == doctor_only) {
        if (!given.contains("config")) {
            std::cerr << "stationctl: doctor needs --config FILE. Try stationctl --help.\n";
            return exit_usage;
        }
        return examine(given["config"].as<std::string>(), given.contains("json"));
    }
    if (!given.contains("control") || !given.contains("words")) {
        std::cerr << "stationctl: --control and a command are needed. Try stationctl --help.\n";
        return exit_usage;
    }
    auto endpoint = http::Endpoint::parse(given["control"].as<std::string>());
    if (!endpoint) {
        std::cerr << "stationctl: --control: " << endpoint.error().detail << "\n";
        return exit_usage;
    }
    asio::io_context context(1);
    http::Client client(context, std::move(*endpoint), http::Limits{});
    Call call{context, client};
    return dispatch(call, given);
}

}  // namespace
}  // namespace card

int main(int argc, char** argv) {
    return card::main(argc, argv);
}
