// The main job, played on real parts: a company applies for exchanges of the manual's sample passes
// at two ports, the central approves, each port's station writes its cards and hands them over. Run
// by tests/demo/run inside a namespace of its own.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <sstream>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/live/workplace.hpp"

namespace {

using namespace live;

struct Exchange {
    std::string pass_no;
    std::string old_pass_no;
    std::string pulled_at;
    std::string made_at;
    std::string issued_at;
    std::string card_uid;
    std::string card_file;
    std::string letter;  ///< what its QR code holds
    std::string gate;    ///< what a gate says
};

/// A port with what was applied for there.
struct Port {
    std::string code;  ///< such as KH
    std::string name;
    PortOffice& office;
    std::vector<Exchange> exchanges = {};
};

void say(const std::string& what) {
    std::cout << "\n== " << what << std::endl;
}
void step(const std::string& what) {
    std::cout << "   " << what << std::endl;
}
std::string progress(std::size_t index, std::size_t count) {
    return "[" + std::to_string(index + 1) + "/" + std::to_string(count) + "] ";
}

[[noreturn]] void give_up(const std::string& what) {
    throw std::runtime_error(what);
}

/// Columns of a terminal: Chinese characters take two, and three octets.
std::size_t columns(const std::string& text) {
    constexpr unsigned char first_of_three = 0xE0;
    constexpr unsigned char continuation = 0x80;
    constexpr unsigned char continuation_mask = 0xC0;
    std::size_t count = 0;
    for (const char letter : text) {
        const auto octet = static_cast<unsigned char>(letter);
        if ((octet & continuation_mask) != continuation) {
            count += octet >= first_of_three ? 2 : 1;
        }
    }
    return count;
}

std::string padded(const std::string& text, std::size_t width) {
    const std::size_t taken = columns(text);
    return text + std::string(taken < width ? width - taken : 1, ' ');
}

std::vector<std::string> first_fields(const std::string& csv_file) {
    std::vector<std::string> fields;
    std::istringstream lines(read_file(csv_file));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        fields.push_back(line.substr(0, line.find(',')));
    }
    return fields;
}

void apply(Workplace& place, Port& port, const std::vector<std::string>& passes) {
    say("A company applies for exchanges, to be picked up at " + port.name +
        " (centralctl apply --port " + port.code + " …)");
    std::vector<std::string> words{"apply", "--port", port.code};
    words.insert(words.end(), passes.begin(), passes.end());
    const json::object answer = place.central_command(words);
    for (const json::value& entry : answer.at("accepted").as_array()) {
        const json::object& accepted = entry.as_object();
        Exchange exchange;
        exchange.pass_no = text(accepted, "pass_number");
        exchange.old_pass_no = text(accepted, "old_pass_number");
        step("✔ " + exchange.old_pass_no + " → " + exchange.pass_no + "  " + text(accepted, "fee") +
             "  待製證");
        port.exchanges.push_back(std::move(exchange));
    }
    for (const json::value& entry : answer.at("refused").as_array()) {
        step("✘ " + text(entry.as_object(), "detail"));
    }
}

/// The manual's own list has one that waits for Keelung already.
void approve(Workplace& place, Port& kl) {
    say("The central approves (centralctl approve --all --payment-confirmed)");
    const Finished approved = place.central_run({"approve", "--all", "--payment-confirmed"});
    constexpr int wrong_usage = 2;
    if (approved.exit_code >= wrong_usage) {
        give_up("centralctl approve: " + approved.out);
    }
    const json::object row = place.central_command({"show", "KLPS110-000008"});
    Exchange waiting;
    waiting.pass_no = text(row, "pass_number");
    waiting.old_pass_no = text(row, "old_pass_number");
    step("KLPS110-000008 of the manual's list waits for " + kl.name + " too");
    kl.exchanges.push_back(std::move(waiting));
}

void produce(Workplace& place, Port& port) {
    say(port.name +
        ": the station pulls its renewals and writes the cards, a blank on the "
        "production reader each time");
    PortOffice& office = port.office;
    constexpr std::size_t published_signatures = 2;
    for (std::size_t i = 0; i < port.exchanges.size(); ++i) {
        const bool genuine = port.code == "KH" && i < published_signatures;
        const std::string file = place.blank_card(port.code + "-" + std::to_string(i + 1),
                                                  genuine ? static_cast<int>(i) : -1);
        Slot& slot = office.slot(production_reader);
        slot.reset_apdus();
        slot.place(file);
        json::object view;
        if (!eventually([&] {
                view = office.reader(production_reader);
                return text(view, "notice") == "card_finished";
            })) {
            give_up("no card was finished; the reader says: " + text(view, "words_zh"));
        }
        const std::string pass_no = text(view, "pass_no");
        const auto exchange = std::find_if(port.exchanges.begin(), port.exchanges.end(),
                                           [&](const Exchange& e) { return e.pass_no == pass_no; });
        if (exchange == port.exchanges.end()) {
            give_up("a card was made at " + port.name + " for " + pass_no +
                    ", which is not picked up there");
        }
        exchange->card_file = file;
        exchange->card_uid = text(office.renewal(pass_no), "card_uid");
        step(progress(i, port.exchanges.size()) + "✔ " + pass_no + "  " + text(view, "words_zh") +
             "  (" + std::to_string(slot.apdus()) + " APDUs, card " + exchange->card_uid + ")");
        office.take_off(production_reader);
    }
}

void read_letters(Workplace& place, Port& port) {
    say(port.name +
        ": the central has made a 領證通知信 for each card, a PDF; zbarimg reads its "
        "QR code");
    for (Exchange& exchange : port.exchanges) {
        exchange.letter = place.letter_code(exchange.pass_no);
        if (exchange.letter.empty()) {
            give_up("no letter that can be read for " + exchange.pass_no);
        }
        step("✔ " + exchange.pass_no + "  " + std::to_string(exchange.letter.size()) +
             " characters, signed");
    }
}

/// The words of the last step that a sitting printed.
std::string last_words(const std::string& log) {
    std::istringstream steps(read_file(log));
    std::string last;
    for (std::string line; std::getline(steps, line);) {
        last = text(json::parse(line).as_object(), "words_zh");
    }
    return last;
}

void hand_over(Port& port) {
    say(port.name + ": holders come with letter and old QR pass (stationctl hand-over …)");
    PortOffice& office = port.office;
    Slot& slot = office.slot(counter_reader);
    for (std::size_t i = 0; i < port.exchanges.size(); ++i) {
        const Exchange& exchange = port.exchanges[i];
        const std::string log = office.path("logs/hand-over-" + exchange.pass_no + ".log");
        Process sitting =
            office.begin_hand_over(exchange.old_pass_no, log, {"--letter-qr", exchange.letter});
        if (!eventually([&] {
                return read_file(log).find("tap_new_card") != std::string::npos ||
                       !sitting.running();
            })) {
            give_up("the hand-over of " + exchange.pass_no + " does not begin");
        }
        slot.place(exchange.card_file);
        const int status = sitting.wait();
        office.take_off(counter_reader);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            give_up("the hand-over of " + exchange.pass_no + " ended with: " + last_words(log));
        }
        step(progress(i, port.exchanges.size()) + "✔ " + exchange.old_pass_no + " → " +
             exchange.pass_no + "  " + last_words(log));
    }
}

void refuse_some(Port& here, const Port& elsewhere) {
    say("What the counter of " + here.name + " refuses");
    for (const std::string& scanned :
         {std::string("KHPS109-999999"), std::string("不是通行證"),
          here.exchanges.front().old_pass_no, elsewhere.exchanges.front().old_pass_no}) {
        const Finished refused = here.office.station_run({"hand-over", "--old-qr", scanned});
        std::istringstream lines(refused.out);
        std::string last;
        for (std::string line; std::getline(lines, line);) {
            last = line;
        }
        step(scanned + "  " + last);
    }
}

/// When each event of a pass happened, from the station's own log.
void collect_times(Port& port) {
    constexpr std::size_t time_at = 11;  // of 2021-12-01T08:30:00.000Z
    constexpr std::size_t time_size = 8;
    for (const json::object& event : port.office.events()) {
        for (Exchange& exchange : port.exchanges) {
            if (text(event, "pass_no") != exchange.pass_no) {
                continue;
            }
            const std::string at = text(event, "ts").substr(time_at, time_size);
            const std::string id = text(event, "event");
            if (id == "renewal.received" && exchange.pulled_at.empty()) {
                exchange.pulled_at = at;
            } else if (id == "card.verified") {
                exchange.made_at = at;
            } else if (id == "handover.acknowledged") {
                exchange.issued_at = at;
            }
        }
    }
}

/// Nobody but pcscd and the card takes part any more, at the business date.
void ask_a_gate(Workplace& place, Port& port) {
    say(port.name + ": a gate reads each card (cardtool verify, without station and central)");
    PortOffice& office = port.office;
    for (Exchange& exchange : port.exchanges) {
        office.slot(counter_reader).place(exchange.card_file);
        Finished verified{1, ""};
        eventually([&] {
            verified = place.verify_as_gate(office.virtual_reader(counter_reader));
            return verified.exit_code == 0;
        });
        office.slot(counter_reader).take_off();
        if (verified.exit_code != 0) {
            give_up("cardtool verify of " + exchange.pass_no + ": " + verified.out);
        }
        exchange.gate = "✔";
        step("✔ " + exchange.pass_no + "  " + verified.out.substr(0, verified.out.find('\n')));
    }
}

void print_table(Workplace& place, const std::vector<Port*>& ports) {
    say("Renewals, cards, letters and acknowledgements");
    constexpr std::size_t number = 16;
    constexpr std::size_t time = 10;
    constexpr std::size_t uid = 16;
    constexpr std::size_t narrow = 8;
    std::cout << "   " << padded("new pass", number) << padded("old pass", number)
              << padded("pulled", time) << padded("已製證", time) << padded("已換證", time)
              << padded("card UID", uid) << padded("letter", narrow) << padded("gate", narrow)
              << "central\n";
    for (const Port* port : ports) {
        for (const Exchange& exchange : port->exchanges) {
            const json::object row = place.central_command({"show", exchange.pass_no});
            std::cout << "   " << padded(exchange.pass_no, number)
                      << padded(exchange.old_pass_no, number) << padded(exchange.pulled_at, time)
                      << padded(exchange.made_at, time) << padded(exchange.issued_at, time)
                      << padded(exchange.card_uid, uid)
                      << padded(exchange.letter.empty() ? "–" : "✔", narrow)
                      << padded(exchange.gate, narrow) << text(row, "status_shown") << "\n";
        }
    }
}

bool is_up(PortOffice& office) {
    const json::object status = office.status();
    const json::value* readers = status.if_contains("readers");
    return readers != nullptr && readers->at(0).at("up").as_bool() &&
           readers->at(1).at("up").as_bool() && status.at("central_reachable").as_bool();
}

void start_all(Workplace& place) {
    place.start_central();
    place.start_station();
    place.second().start_station();
    if (!eventually([&] { return is_up(place) && is_up(place.second()); })) {
        give_up("a station does not come up");
    }
}

void stop_all(Workplace& place) {
    place.stop_station();
    place.second().stop_station();
    place.stop_central();
}

/// A shell on this terminal, until it ends.
void run_shell(const WorkplaceOptions& options) {
    const std::string commands = options.source + "/tests/demo/try-out.bash";
    const pid_t child = ::fork();
    if (child == 0) {
        ::setenv("DEMO", options.folder.c_str(), 1);
        ::setenv("PROGRAMS", options.programs.c_str(), 1);
        ::setenv("SOURCE", options.source.c_str(), 1);
        ::execlp("bash", "bash", "--rcfile", commands.c_str(), "-i", nullptr);
        ::_exit(1);
    }
    ::waitpid(child, nullptr, 0);
}

int play(const WorkplaceOptions& options, bool keep_running) {
    say("Starting pcscd with four virtual readers, the central, and the stations of two ports "
        "(business date " +
        options.business_date + ")");
    Workplace place(options);
    start_all(place);
    Port kh{"KH", "高雄港", place};
    Port kl{"KL", "基隆港", place.second()};
    std::vector<std::string> passes = first_fields(options.passes);
    const auto for_kl = passes.end() - 2;
    apply(place, kh, {passes.begin(), for_kl});
    apply(place, kl, {for_kl, passes.end()});
    approve(place, kl);
    const std::vector<Port*> ports{&kh, &kl};
    for (Port* port : ports) {
        produce(place, *port);
    }
    for (Port* port : ports) {
        read_letters(place, *port);
        hand_over(*port);
    }
    refuse_some(kh, kl);
    for (Port* port : ports) {
        eventually([&] { return port->office.status().at("unacknowledged_facts") == 0; });
        collect_times(*port);
        port->office.stop_station();
    }
    for (Port* port : ports) {
        ask_a_gate(place, *port);
    }
    print_table(place, ports);
    place.stop_central();
    say("The independent checker reads cards, ledgers and central");
    const Finished verdict =
        place.check(static_cast<int>(kh.exchanges.size() + kl.exchanges.size()));
    std::cout << verdict.out << std::flush;
    if (keep_running) {
        start_all(place);
        say("Everything runs on; `exit` ends it");
        run_shell(options);
        stop_all(place);
    }
    std::cout << "\nEverything is in " << options.folder << "; nothing is left running.\n";
    return verdict.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
    const std::filesystem::path program = std::filesystem::canonical(argv[0]);
    const bool keep_running = argc == 2 && std::string_view(argv[1]) == "--keep";
    if (argc > 1 && !keep_running) {
        std::cout
            << "tests/demo/run [--keep]\n\n"
               "Plays the main job at two ports and prints what became of each renewal. With\n"
               "--keep central, stations and readers run on in the end, for a shell to try.\n";
        return std::string_view(argv[1]) == "--help" ? 0 : 2;
    }
    WorkplaceOptions options;
    options.programs = program.parent_path().string();
    options.source = SOURCE_DIR;
    options.folder = (program.parent_path().parent_path() / "demo").string();
    options.passes = options.source + "/tests/data/eligible-passes.csv";
    options.second_station = "kl";
    try {
        return play(options, keep_running);
    } catch (const std::exception& error) {
        std::cout << "\nStopped: " << error.what() << "\nDatabases and logs are in "
                  << options.folder << ".\n";
        return 1;
    }
}
