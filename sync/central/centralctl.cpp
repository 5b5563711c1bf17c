// centralctl: the administrators' command line to centrald.

#include <algorithm>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "sync/central/table.hpp"
#include "sync/http/http.hpp"

namespace {

namespace json = boost::json;
namespace asio = boost::asio;
using namespace card;
using Words = std::vector<std::string>;
using Rows = std::vector<Words>;

constexpr int exit_refused = 1;
constexpr int exit_usage = 2;
constexpr int exit_unreachable = 3;
constexpr std::chrono::seconds patience{30};

constexpr std::string_view help =
    R"(centralctl - applications for new cards, from the command line

  centralctl --admin unix:PATH COMMAND [--json]

Commands
  passes                             passes that can be chosen for an exchange
  apply --port KH PASS...            submit an application for each pass; cannot be undone by the
                                     applicant. Says which were accepted, and why others were not
  approve NUMBER... [--payment-confirmed]
  approve --all [--payment-confirmed]
                                     give applications to the stations; refused while a fee is unpaid
  payment NUMBER...                  the fee was paid
  hold NUMBER --reason TEXT          stop it for now: nothing is started, nothing handed over
  release NUMBER                     end a hold
  withdraw NUMBER --reason TEXT      take it back for good, unless the card was handed over
  fence NUMBER --reason TEXT         take the claim from a station that cannot answer for it any more,
                                     so that another may make the card; refused while a card may
                                     be live
  remake NUMBER --reason TEXT        make a card anew that was made before stations were in use
  suspend PASS --until DATE --reason TEXT
  revoke PASS --reason TEXT
  seize PASS --reason TEXT           a pass opens nothing: no exchange of it, no hand-over for it
  reinstate PASS --reason TEXT       ends that
  letters                            pick-up letters: made, sent, superseded
  letter NUMBER                      the code on the pick-up letter that holds, to print it again
  list                               all applications
  show NUMBER                        one of them

PASS is the number of the old pass, NUMBER that of the new one.
Options: --admin unix:PATH where centrald listens; --json the answer as JSON; --help this text.
Exit status: 0 done, 1 refused in part or in whole, 2 wrong usage, 3 centrald cannot be reached.
)";

struct Arguments {
    std::string admin;
    std::string command;
    Words numbers;
    std::string port;
    std::string reason;
    std::string until;
    bool all = false;
    bool payment_confirmed = false;
    bool json_output = false;
    bool help = false;
};

/// Nothing where an option is unknown or lacks its value.
std::optional<Arguments> parse_arguments(const Words& words) {
    Arguments arguments;
    const std::vector<std::pair<std::string_view, std::string*>> valued{
        {"--admin", &arguments.admin},
        {"--port", &arguments.port},
        {"--reason", &arguments.reason},
        {"--until", &arguments.until}};
    const std::vector<std::pair<std::string_view, bool*>> flags{
        {"--all", &arguments.all},
        {"--payment-confirmed", &arguments.payment_confirmed},
        {"--json", &arguments.json_output},
        {"--help", &arguments.help}};
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        const auto names_it = [&word](const auto& option) { return option.first == word; };
        const auto value = std::find_if(valued.begin(), valued.end(), names_it);
        const auto flag = std::find_if(flags.begin(), flags.end(), names_it);
        if (value != valued.end() && i + 1 < words.size()) {
            *value->second = words[++i];
        } else if (flag != flags.end()) {
            *flag->second = true;
        } else if (word.starts_with("-")) {
            return std::nullopt;
        } else if (arguments.command.empty()) {
            arguments.command = word;
        } else {
            arguments.numbers.push_back(word);
        }
    }
    return arguments;
}

std::string text(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains({name.data(), name.size()});
    if (value == nullptr) {
        return {};
    }
    const json::string* string = value->if_string();
    return string != nullptr ? std::string(string->data(), string->size())
                             : json::serialize(*value);
}

bool flag(const json::object& object, std::string_view name) {
    return text(object, name) == "true";
}

const json::array& entries(const json::value& answer, std::string_view name) {
    static const json::array none;
    const json::object* object = answer.if_object();
    const json::value* value =
        object == nullptr ? nullptr : object->if_contains({name.data(), name.size()});
    const json::array* array = value == nullptr ? nullptr : value->if_array();
    return array == nullptr ? none : *array;
}

const json::object& members(const json::value& value) {
    static const json::object none;
    const json::object* object = value.if_object();
    return object == nullptr ? none : *object;
}

struct Answer {
    int status = 0;
    json::value body;
    [[nodiscard]] bool good() const { return status >= 200 && status < 300; }
};

class Central {
  public:
    explicit Central(http::Endpoint endpoint) : client_(context_, std::move(endpoint), limits()) {}

    /// Nothing where centrald cannot be reached; says so.
    std::optional<Answer> ask(const std::string& method, const std::string& target,
                              const std::string& body = {}) {
        http::Request request{method, target, {}, body};
        std::optional<Result<http::Response>> response;
        asio::co_spawn(context_, client_.call(std::move(request), patience),
                       [&response](const std::exception_ptr&, Result<http::Response> got) {
                           response = std::move(got);
                       });
        context_.restart();
        context_.run();
        if (!response || !*response) {
            std::cerr << "centralctl: centrald cannot be reached: "
                      << (response ? response->error().detail : "") << "\n";
            return std::nullopt;
        }
        boost::system::error_code error;
        return Answer{(*response)->status, json::parse((*response)->body, error)};
    }

  private:
    static http::Limits limits() {
        http::Limits limits;
        limits.max_body_size = std::size_t{64} * 1024 * 1024;  // lists are not paged
        return limits;
    }

    asio::io_context context_;
    http::Client client_;
};

std::string state_words(const json::object& renewal) {
    std::string words = text(renewal, "status_shown");
    if (text(renewal, "status") == "approved" && !flag(renewal, "approved")) {
        words += "(未核准)";
    }
    return flag(renewal, "held") ? words + "(暫停)" : words;
}

std::string payment_words(const json::object& renewal) {
    const std::string payment = text(renewal, "payment");
    const std::string_view shown = payment == "pending"     ? "待繳費"
                                   : payment == "confirmed" ? "已繳費"
                                                            : "免繳費";
    return text(renewal, "fee") + "/" + std::string(shown);
}

/// The numbers of the exchanges up to this one.
std::string chain_words(const json::object& renewal) {
    std::string words;
    for (const json::value& number : entries(renewal, "chain")) {
        const json::string* one = number.if_string();
        words += (words.empty() ? "" : " → ") + std::string(one == nullptr ? "" : one->c_str());
    }
    return words;
}

void print_letter(const json::value& body) {
    std::cout << text(members(body), "qr") << "\n";
}

void print_letters(const json::value& body) {
    Rows rows{{"通行證號", "製發", "寄出", "作廢", "編號"}};
    for (const json::value& entry : entries(body, "letters")) {
        const json::object& letter = members(entry);
        rows.push_back({text(letter, "pass_number"), text(letter, "made_at"),
                        text(letter, "sent_at"), text(letter, "superseded_at"),
                        text(letter, "id")});
    }
    std::cout << central::table(rows);
}

void print_sanction(const json::value& body) {
    const json::object& pass = members(body);
    const std::string sanction = text(pass, "sanction");
    const std::string_view shown = sanction == "suspended" ? "停權"
                                   : sanction == "revoked" ? "註銷"
                                   : sanction == "seized"  ? "查扣"
                                                           : "有效";
    std::cout << text(pass, "pass_number") << "  " << shown << "\n";
}

void print_passes(const json::value& body) {
    Rows rows{{"通行證號", "姓名", "身分證號", "期限起日", "期限迄日", "種類", "照片", "換證次數"}};
    for (const json::value& entry : entries(body, "passes")) {
        const json::object& pass = members(entry);
        rows.push_back({text(pass, "pass_number"), text(pass, "holder_name"),
                        text(pass, "masked_id"), text(pass, "valid_from"), text(pass, "valid_to"),
                        text(pass, "pass_kind"), flag(pass, "photo") ? "有" : "無",
                        text(pass, "times_exchanged")});
    }
    std::cout << central::table(rows);
}

void print_renewals(const json::value& body) {
    Rows rows{{"通行證號", "原通行證號", "期限起日", "期限迄日", "身分證號", "姓名", "通行證狀態",
               "領證港區", "費用", "公司名稱"}};
    for (const json::value& entry : entries(body, "renewals")) {
        const json::object& renewal = members(entry);
        rows.push_back({text(renewal, "pass_number"), text(renewal, "old_pass_number"),
                        text(renewal, "valid_from"), text(renewal, "valid_to"),
                        text(renewal, "masked_id"), text(renewal, "holder_name"),
                        state_words(renewal), text(renewal, "pickup_port"), payment_words(renewal),
                        text(renewal, "company")});
    }
    std::cout << central::table(rows);
}

void print_renewal(const json::value& body) {
    const json::object& renewal = members(body);
    const Rows rows{{"通行證號", text(renewal, "pass_number")},
                    {"原通行證號", text(renewal, "old_pass_number")},
                    {"通行證狀態", state_words(renewal)},
                    {"期限", text(renewal, "valid_from") + " – " + text(renewal, "valid_to")},
                    {"姓名", text(renewal, "holder_name")},
                    {"身分證號", text(renewal, "masked_id")},
                    {"公司名稱", text(renewal, "company")},
                    {"領證港區", text(renewal, "pickup_port")},
                    {"費用", payment_words(renewal)},
                    {"換證次數", text(renewal, "times_exchanged")},
                    {"換證歷程", chain_words(renewal)},
                    {"製證站", text(renewal, "station")},
                    {"卡片", text(renewal, "card")},
                    {"暫停原因", text(renewal, "hold_reason")},
                    {"撤回原因", text(renewal, "withdrawal_reason")},
                    {"換證時間", text(renewal, "issued_at")}};
    std::cout << central::table(rows);
}

int print_answer(const std::optional<Answer>& answer, const Arguments& arguments,
                 const std::function<void(const json::value&)>& print) {
    if (!answer) {
        return exit_unreachable;
    }
    if (arguments.json_output) {
        std::cout << json::serialize(answer->body) << "\n";
    } else if (answer->good()) {
        print(answer->body);
    } else {
        std::cerr << text(members(answer->body), "detail") << "\n";
    }
    return answer->good() ? 0 : exit_refused;
}

void print_submission(const json::value& body) {
    Rows rows;
    for (const json::value& entry : entries(body, "accepted")) {
        const json::object& accepted = members(entry);
        rows.push_back({text(accepted, "old_pass_number"), "→", text(accepted, "pass_number"),
                        text(accepted, "fee"), "換證次數 " + text(accepted, "times_exchanged")});
    }
    std::cout << central::table(rows);
    for (const json::value& entry : entries(body, "refused")) {
        std::cout << text(members(entry), "detail") << "\n";
    }
}

int apply(Central& central, const Arguments& arguments) {
    json::array passes;
    for (const std::string& number : arguments.numbers) {
        passes.emplace_back(number);
    }
    const auto answer = central.ask(
        "POST", "/v1/admin/applications",
        json::serialize(json::object{{"pickup_port", arguments.port}, {"passes", passes}}));
    const int status = print_answer(answer, arguments, print_submission);
    const bool refused = status == 0 && !entries(answer->body, "refused").empty();
    return refused ? exit_refused : status;
}

void print_decision(const json::value& body) {
    const json::object& renewal = members(body);
    std::cout << text(renewal, "pass_number") << "  " << state_words(renewal) << "\n";
}

int decide(Central& central, const Arguments& arguments, const std::string& number) {
    json::object body;
    if (!arguments.reason.empty()) {
        body["reason"] = arguments.reason;
    }
    if (arguments.payment_confirmed) {
        body["payment_confirmed"] = true;
    }
    const auto answer = central.ask(
        "POST", "/v1/admin/renewals/" + number + "/" + arguments.command, json::serialize(body));
    if (answer && !answer->good() && !arguments.json_output) {
        std::cerr << number << "  ";
    }
    return print_answer(answer, arguments, print_decision);
}

/// The route of a command about a pass; empty for other commands.
std::string_view sanction_of(const std::string& command) {
    static const std::map<std::string, std::string_view> routes{{"suspend", "suspended"},
                                                                {"revoke", "revoked"},
                                                                {"seize", "seized"},
                                                                {"reinstate", "reinstate"}};
    const auto found = routes.find(command);
    return found == routes.end() ? std::string_view() : found->second;
}

int sanction(Central& central, const Arguments& arguments) {
    json::object body{{"reason", arguments.reason}};
    if (!arguments.until.empty()) {
        body["until"] = arguments.until;
    }
    return print_answer(central.ask("POST",
                                    "/v1/admin/passes/" + arguments.numbers.front() + "/" +
                                        std::string(sanction_of(arguments.command)),
                                    json::serialize(body)),
                        arguments, print_sanction);
}

int decide_each(Central& central, const Arguments& arguments) {
    Words numbers = arguments.numbers;
    if (arguments.all) {
        const auto answer = central.ask("GET", "/v1/admin/renewals");
        if (!answer) {
            return exit_unreachable;
        }
        for (const json::value& entry : entries(answer->body, "renewals")) {
            const json::object& renewal = members(entry);
            if (text(renewal, "status") == "approved" && !flag(renewal, "approved")) {
                numbers.push_back(text(renewal, "pass_number"));
            }
        }
    }
    int worst = 0;
    for (const std::string& number : numbers) {
        worst = std::max(worst, decide(central, arguments, number));
    }
    return worst;
}

/// The command has what it needs, and numbers that can stand in a path.
bool is_complete(const Arguments& arguments) {
    const bool clean = std::all_of(
        arguments.numbers.begin(), arguments.numbers.end(), [](const std::string& number) {
            return number.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") ==
                   std::string::npos;
        });
    const std::string& command = arguments.command;
    const bool some = !arguments.numbers.empty();
    if (command == "passes" || command == "list" || command == "letters") {
        return !some;
    }
    if (command == "apply") {
        return some && !arguments.port.empty();
    }
    if (command == "approve") {
        return clean && some != arguments.all;
    }
    if (command == "hold" || command == "withdraw" || command == "fence" || command == "remake") {
        return clean && some && !arguments.reason.empty();
    }
    if (!sanction_of(command).empty()) {
        return clean && arguments.numbers.size() == 1 && !arguments.reason.empty() &&
               arguments.until.empty() != (command == "suspend");
    }
    return clean &&
           (command == "release" || command == "payment"
                ? some
                : (command == "show" || command == "letter") && arguments.numbers.size() == 1);
}

int carry_out(Central& central, const Arguments& arguments) {
    if (arguments.command == "passes") {
        return print_answer(central.ask("GET", "/v1/admin/passes"), arguments, print_passes);
    }
    if (arguments.command == "list") {
        return print_answer(central.ask("GET", "/v1/admin/renewals"), arguments, print_renewals);
    }
    if (arguments.command == "show") {
        return print_answer(central.ask("GET", "/v1/admin/renewals/" + arguments.numbers.front()),
                            arguments, print_renewal);
    }
    if (arguments.command == "letters") {
        return print_answer(central.ask("GET", "/v1/admin/letters"), arguments, print_letters);
    }
    if (arguments.command == "letter") {
        return print_answer(central.ask("GET", "/v1/admin/letters/" + arguments.numbers.front()),
                            arguments, print_letter);
    }
    if (!sanction_of(arguments.command).empty()) {
        return sanction(central, arguments);
    }
    return arguments.command == "apply" ? apply(central, arguments)
                                        : decide_each(central, arguments);
}

}  // namespace

int main(int argc, char** argv) {
    const auto arguments = parse_arguments(Words(argv + 1, argv + argc));
    if (arguments && arguments->help) {
        std::cout << help;
        return 0;
    }
    if (!arguments || !is_complete(*arguments)) {
        std::cerr << "centralctl: this is not a command; centralctl --help lists them.\n";
        return exit_usage;
    }
    auto endpoint = http::Endpoint::parse(arguments->admin);
    if (!endpoint) {
        std::cerr << "centralctl: --admin: " << endpoint.error().detail << "\n";
        return exit_usage;
    }
    Central central(std::move(*endpoint));
    return carry_out(central, *arguments);
}
