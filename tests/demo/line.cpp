// The first working line, played on real parts: a company applies for exchanges of the manual's
// sample passes, the central approves, the station writes the cards and hands them over. Run by
// tests/demo/run inside a namespace of its own.

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <thread>

#include <sys/wait.h>

#include "tests/live/workplace.hpp"

namespace {

using namespace live;
using namespace std::chrono_literals;

struct Exchange {
    std::string pass_no;
    std::string old_pass_no;
    std::string made_at;
    std::string issued_at;
    std::string card_uid;
    std::string card_file;
    std::int64_t apdus = 0;
};

void say(const std::string& what) {
    std::cout << "\n== " << what << std::endl;
}
void step(const std::string& what) {
    std::cout << "   " << what << std::endl;
}

[[noreturn]] void give_up(const Workplace& place, const std::string& what) {
    std::cout << "\nStopped: " << what << "\nLogs are in " << place.path("logs")
              << " and beside it.\n";
    std::exit(1);  // NOLINT(concurrency-mt-unsafe)
}

std::vector<Exchange> apply_and_approve(Workplace& place, const std::string& passes_file) {
    say("A company applies for every pass of the manual's list (centralctl apply --port KH …)");
    std::vector<std::string> words{"apply", "--port", "KH"};
    std::istringstream lines(read_file(passes_file));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        words.push_back(line.substr(0, line.find(',')));
    }
    const json::object answer = place.central_command(words);
    std::vector<Exchange> exchanges;
    for (const json::value& entry : answer.at("accepted").as_array()) {
        const json::object& accepted = entry.as_object();
        step("✔ " + text(accepted, "old_pass_number") + " → " + text(accepted, "pass_number") +
             "  " + text(accepted, "fee"));
        Exchange exchange;
        exchange.pass_no = text(accepted, "pass_number");
        exchange.old_pass_no = text(accepted, "old_pass_number");
        exchanges.push_back(std::move(exchange));
    }
    for (const json::value& entry : answer.at("refused").as_array()) {
        step("✘ " + text(entry.as_object(), "detail"));
    }
    say("The central approves (centralctl approve --all --payment-confirmed)");
    if (place.central_run({"approve", "--all", "--payment-confirmed"}).exit_code == 2) {
        give_up(place, "centralctl approve");
    }
    return exchanges;
}

void produce(Workplace& place, std::vector<Exchange>& exchanges) {
    say("The station pulls them and writes the cards: a blank on the production reader each time");
    constexpr std::size_t published_signatures = 2;
    for (std::size_t i = 0; i < exchanges.size(); ++i) {
        const std::string file = place.blank_card(
            "card-" + std::to_string(i), i < published_signatures ? static_cast<int>(i) : -1);
        Slot& slot = place.slot(production_reader);
        slot.reset_apdus();
        slot.place(file);
        json::object view;
        if (!eventually([&] {
                view = place.reader(production_reader);
                return text(view, "notice") == "card_finished";
            })) {
            give_up(place, "no card was finished; the reader says: " + text(view, "words_zh"));
        }
        const std::string pass_no = text(view, "pass_no");
        const auto exchange = std::find_if(exchanges.begin(), exchanges.end(),
                                           [&](const Exchange& e) { return e.pass_no == pass_no; });
        if (exchange == exchanges.end()) {
            give_up(place, "a card was made for a pass that nobody applied for");
        }
        exchange->card_file = file;
        exchange->apdus = slot.apdus();
        exchange->card_uid = text(place.renewal(pass_no), "card_uid");
        step("✔ " + pass_no + "  " + text(view, "words_zh") + "  (" +
             std::to_string(exchange->apdus) + " APDUs, card " + exchange->card_uid + ")");
        place.take_off(production_reader);
    }
}

void hand_over(Workplace& place, std::vector<Exchange>& exchanges) {
    say("Holders come with their old QR passes (stationctl hand-over --old-qr …)");
    Slot& slot = place.slot(counter_reader);
    for (Exchange& exchange : exchanges) {
        const std::string log = place.path("logs/hand-over-" + exchange.pass_no + ".log");
        Process sitting = place.begin_hand_over(exchange.old_pass_no, log);
        if (!eventually([&] {
                return read_file(log).find("tap_new_card") != std::string::npos ||
                       !sitting.running();
            })) {
            give_up(place, "the hand-over of " + exchange.pass_no + " does not begin");
        }
        slot.place(exchange.card_file);
        const int status = sitting.wait();
        place.take_off(counter_reader);
        std::istringstream steps(read_file(log));
        std::string last;
        for (std::string line; std::getline(steps, line);) {
            last = text(json::parse(line).as_object(), "words_zh");
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            give_up(place, "the hand-over of " + exchange.pass_no + " ended with: " + last);
        }
        step("✔ " + exchange.old_pass_no + " → " + exchange.pass_no + "  " + last);
    }
}

void refuse_some(Workplace& place, const Exchange& issued) {
    say("What the counter refuses");
    for (const std::string& scanned :
         {std::string("KHPS109-999999"), std::string("不是通行證"), issued.old_pass_no}) {
        const Finished refused = place.station_run({"hand-over", "--old-qr", scanned});
        std::istringstream lines(refused.out);
        std::string line;
        std::string last;
        while (std::getline(lines, line)) {
            last = line;
        }
        step(scanned + "  " + last);
    }
}

/// When each event of a pass happened, from the station's own log.
void collect_times(const Workplace& place, std::vector<Exchange>& exchanges) {
    for (const json::object& event : place.events()) {
        for (Exchange& exchange : exchanges) {
            if (text(event, "pass_no") != exchange.pass_no) {
                continue;
            }
            if (text(event, "event") == "card.verified") {
                exchange.made_at = text(event, "ts").substr(11, 8);
            } else if (text(event, "event") == "handover.acknowledged") {
                exchange.issued_at = text(event, "ts").substr(11, 8);
            }
        }
    }
}

void print_table(Workplace& place, const std::vector<Exchange>& exchanges) {
    say("The central's list, and the station's cards");
    std::cout << std::left << std::setw(16) << "   pass" << std::setw(16) << "old pass"
              << std::setw(11) << "已製證" << std::setw(11) << "已換證" << std::setw(16)
              << "card UID" << std::setw(20) << "verified by"
              << "central says\n";
    for (const Exchange& exchange : exchanges) {
        const json::object row = place.central_command({"show", exchange.pass_no});
        std::cout << "   " << std::setw(15) << exchange.pass_no << std::setw(15)
                  << exchange.old_pass_no << std::setw(8) << exchange.made_at << "  "
                  << std::setw(8) << exchange.issued_at << "  " << std::setw(16)
                  << exchange.card_uid << std::setw(20) << "qr_number_matched"
                  << text(row, "status_shown") << "\n";
    }
}

int play(const WorkplaceOptions& options) {
    say("Starting pcscd with two virtual readers, the central and the station (business date " +
        options.business_date + ")");
    Workplace place(options);
    place.start_central();
    place.start_station();
    if (!eventually([&] {
            const json::object status = place.status();
            const json::value* readers = status.if_contains("readers");
            return readers != nullptr && readers->at(0).at("up").as_bool() &&
                   readers->at(1).at("up").as_bool() && status.at("central_reachable").as_bool();
        })) {
        give_up(place, "the station does not come up");
    }
    std::vector<Exchange> exchanges = apply_and_approve(place, options.passes);
    produce(place, exchanges);
    hand_over(place, exchanges);
    refuse_some(place, exchanges.front());
    eventually([&] { return place.status().at("unacknowledged_facts") == 0; });
    collect_times(place, exchanges);
    print_table(place, exchanges);
    place.stop_station();
    place.stop_central();
    say("The independent checker reads cards, ledger and central");
    const Finished verdict = place.check(static_cast<int>(exchanges.size()));
    std::cout << verdict.out;
    std::cout << "\nEverything is in " << options.folder << "; nothing is left running.\n";
    return verdict.exit_code;
}

}  // namespace

int main(int argc, char** argv) {
    const std::filesystem::path program = std::filesystem::canonical(argv[0]);
    if (argc > 1) {
        std::cout << "line: plays the first working line. Run it by tests/demo/run.\n";
        return std::string_view(argv[1]) == "--help" ? 0 : 2;
    }
    WorkplaceOptions options;
    options.programs = program.parent_path().string();
    options.source = SOURCE_DIR;
    options.folder = (program.parent_path().parent_path() / "line").string();
    options.passes = options.source + "/tests/data/eligible-passes.csv";
    try {
        return play(options);
    } catch (const std::exception& error) {
        std::cout << "line: " << error.what() << "\n";
        return 1;
    }
}
