#include "tests/bench/office.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <sys/wait.h>

namespace figures {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// A card is found within 400 ms and written in less than the rest; until then nobody asks, because
/// asking would disturb what is measured.
constexpr auto undisturbed = 1500ms;
/// A station that starts asks the central for news, and the central may keep it waiting for 20 s.
constexpr auto patience_of_start = 40s;

/// The programs as they are, except that a card on a reader is told to be slow and to keep a trace
/// beside its control socket, its program's sixth argument here.
std::string instrumented(const fs::path& programs) {
    const fs::path folder = programs.parent_path() / "figures-programs";
    fs::remove_all(folder);
    fs::create_directories(folder);
    for (const auto& entry : fs::directory_iterator(programs)) {
        const std::string name = entry.path().filename();
        if (name != "vcard" && name != "vpn532") {
            fs::create_symlink(entry.path(), folder / name);
            continue;
        }
        std::ofstream(folder / name) << "#!/bin/sh\n[ \"$1\" = create ] && exec " << entry.path()
                                     << " \"$@\"\nexec " << entry.path() << " \"$@\" --air-time-us "
                                     << microseconds(air_time).count() << " --trace \"$6.trace\"\n";
        fs::permissions(folder / name, fs::perms::owner_all);
    }
    return folder.string();
}

live::WorkplaceOptions options_for(const std::string& programs, std::vector<live::Stack> readers) {
    live::WorkplaceOptions options;
    options.readers = std::move(readers);
    options.programs = instrumented(programs);
    options.source = SOURCE_DIR;
    options.folder = (fs::path(programs).parent_path() / "figures").string();
    options.passes = options.source + "/tests/bench/passes.csv";
    return options;
}

}  // namespace

Office::Office(const std::string& programs, std::vector<live::Stack> readers)
    : place_(std::make_unique<live::Workplace>(options_for(programs, std::move(readers)))) {
    place_->start_central();
    place_->start_station();
    wait_until_up();
    apply_and_approve();
}

void Office::wait_until_up() {
    const auto all_up = [&] {
        const live::json::object status = place_->status();
        const live::json::value* readers = status.if_contains("readers");
        return readers != nullptr && readers->at(0).at("up").as_bool() &&
               readers->at(1).at("up").as_bool() && status.at("central_reachable").as_bool();
    };
    const bool up = live::eventually(all_up, patience_of_start);
    if (!up) {
        throw std::runtime_error("the station does not come up, see " + place_->path("logs"));
    }
}

void Office::apply_and_approve() {
    std::vector<std::string> words{"apply", "--port", "KH"};
    std::istringstream lines(live::read_file(std::string(SOURCE_DIR) + "/tests/bench/passes.csv"));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        words.push_back(line.substr(0, line.find(',')));
    }
    const live::json::object answer = place_->central_command(words);
    for (const live::json::value& entry : answer.at("accepted").as_array()) {
        numbers_.emplace_back(live::text(entry.as_object(), "pass_number"),
                              live::text(entry.as_object(), "old_pass_number"));
    }
    if (place_->central_run({"approve", "--all", "--payment-confirmed"}).exit_code == 2) {
        throw std::runtime_error("the central does not approve");
    }
}

void Office::restart_station(const live::Environment& more) {
    place_->stop_station();
    place_->start_station(more);
    wait_until_up();
}

std::string Office::next_blank() {
    return place_->blank_card("card-" + std::to_string(cards_++));
}

Made Office::produce() {
    Made made;
    made.card_file = next_blank();
    place_->slot(live::production_reader).place(made.card_file);
    std::this_thread::sleep_for(undisturbed);
    live::json::object view;
    const bool finished = live::eventually([&] {
        view = place_->reader(live::production_reader);
        return live::text(view, "notice") == "card_finished";
    });
    if (!finished) {
        throw std::runtime_error("no card was finished: " + live::text(view, "notice"));
    }
    made.pass_no = live::text(view, "pass_no");
    const auto known = std::find_if(numbers_.begin(), numbers_.end(),
                                    [&](const auto& pair) { return pair.first == made.pass_no; });
    if (known == numbers_.end()) {
        throw std::runtime_error("a card for a pass that nobody applied for");
    }
    made.old_pass_no = known->second;
    place_->take_off(live::production_reader);
    made.dialogue = new_dialogue(live::production_reader);
    return made;
}

std::chrono::milliseconds Office::produce_on(const std::vector<std::size_t>& readers,
                                             int cards_each) {
    std::vector<std::vector<std::string>> blanks(readers.size());
    for (auto& stack : blanks) {
        for (int i = 0; i < cards_each; ++i) {
            stack.push_back(next_blank());
        }
    }
    const auto began = std::chrono::steady_clock::now();
    std::vector<bool> busy(readers.size(), false);
    const auto all_done = [&] {
        bool done = true;
        for (std::size_t i = 0; i < readers.size(); ++i) {
            const std::string notice = live::text(place_->reader(readers[i]), "notice");
            if (busy[i] && notice == "card_finished") {
                place_->slot(readers[i]).take_off();
                busy[i] = false;
            } else if (!busy[i] && !blanks[i].empty() && notice != "card_finished") {
                place_->slot(readers[i]).place(blanks[i].back());
                blanks[i].pop_back();
                busy[i] = true;
            }
            done = done && !busy[i] && blanks[i].empty();
        }
        return done;
    };
    if (!live::eventually(all_done, patience_of_start * cards_each)) {
        throw std::runtime_error("not all cards were finished");
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                 began);
}

Dialogue Office::hand_over(const Made& card) {
    const std::string log = place_->path("logs/hand-over-" + card.pass_no + ".log");
    live::Process sitting = place_->begin_hand_over(card.old_pass_no, log);
    const bool begun = live::eventually([&] {
        return live::read_file(log).find("tap_new_card") != std::string::npos || !sitting.running();
    });
    if (!begun) {
        throw std::runtime_error("a hand-over does not begin, see " + log);
    }
    place_->slot(live::counter_reader).place(card.card_file);
    const int status = sitting.wait();
    place_->take_off(live::counter_reader);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        throw std::runtime_error("a hand-over failed, see " + log);
    }
    return new_dialogue(live::counter_reader);
}

Dialogue Office::new_dialogue(std::size_t reader) {
    Dialogue whole = read_trace(place_->path("slot-" + std::to_string(reader) + ".sock.trace"));
    const std::size_t before = std::exchange(seen_.at(reader), whole.size());
    whole.erase(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(before));
    if (whole.empty()) {
        throw std::runtime_error("the card kept no trace");
    }
    return whole;
}

}  // namespace figures
