#include "tests/live/journey.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <sys/wait.h>

namespace live {
namespace {

using namespace std::chrono_literals;

constexpr int sittings_enough = 5;

bool is_made(const json::object& renewal) {
    const std::string stage = text(renewal, "card_stage");
    return stage == "verified" || stage == "authorised" || stage == "handed_over";
}

}  // namespace

std::string synthetic_pass(int number) {
    std::string digits = std::to_string(number);
    digits.insert(0, 6 - digits.size(), '0');
    return "KHPS109-" + digits;
}

std::string write_synthetic_passes(const std::string& file, int count) {
    std::ofstream out(file);
    out << "pass_no,id_no,name,valid_from,valid_to,pass_kind,fee,photo\n";
    for (int i = 1; i <= count; ++i) {
        out << synthetic_pass(i) << ",TEST" << i << ",測試" << i
            << ",2020/12/02,2023/11/27,QRcode二維,免費,有\n";
    }
    return file;
}

WorkplaceOptions options_for(const std::string& name) {
    WorkplaceOptions options;
    options.programs = PROGRAMS_DIR;
    options.source = SOURCE_DIR;
    options.folder = std::string(PROGRAMS_DIR) + "/../live/" + name;
    options.passes = std::string(PROGRAMS_DIR) + "/../live/" + name + ".csv";
    std::filesystem::create_directories(std::string(PROGRAMS_DIR) + "/../live");
    write_synthetic_passes(options.passes, 400);
    return options;
}

Journey::Journey(Workplace& place, std::string old_pass)
    : place_(place), old_pass_(std::move(old_pass)) {
    const json::object answer = place.central_command({"apply", "--port", "KH", old_pass_});
    const json::array& accepted = answer.at("accepted").as_array();
    if (accepted.empty()) {
        throw std::runtime_error("the central accepts no application for " + old_pass_);
    }
    pass_no_ = text(accepted.front().as_object(), "pass_number");
    card_file_ = place.blank_card(pass_no_);
    place.central_run({"approve", pass_no_});
}

void Journey::mend(std::size_t reader) {
    if (!place_.station().running()) {
        ++deaths_;
        place_.start_station();
    }
    if (!place_.slot(reader).present()) {
        // Torn. A hand takes a moment, and the reader has to have seen it go.
        std::this_thread::sleep_for(500ms);
        place_.slot(reader).put_back();
    }
}

bool Journey::produce() {
    Slot& slot = place_.slot(production_reader);
    if (on_production) {
        on_production(slot);
    }
    slot.place(card_file_);
    const bool made = eventually(
        [&] {
            mend(production_reader);
            return is_made(place_.renewal(pass_no_));
        },
        40s);
    place_.take_off(production_reader);
    return made;
}

bool Journey::sit(const std::string& log) {
    Slot& slot = place_.slot(counter_reader);
    Process sitting = place_.begin_hand_over(old_pass_, log);
    bool placed = false;
    eventually(
        [&] {
            if (!placed && read_file(log).find("tap_new_card") != std::string::npos) {
                placed = true;
                if (on_counter) {
                    on_counter(slot);
                    on_counter = nullptr;
                }
                slot.place(card_file_);
            }
            if (placed) {
                mend(counter_reader);
            }
            return !sitting.running();
        },
        40s);
    place_.take_off(counter_reader);
    return !sitting.running() && WIFEXITED(sitting.wait()) && WEXITSTATUS(sitting.wait()) == 0;
}

bool Journey::hand_over() {
    for (int i = 0; i < sittings_enough; ++i) {
        if (!place_.station().running()) {
            ++deaths_;
            place_.start_station();
        }
        if (!eventually([&] { return !place_.status().empty(); })) {
            return false;
        }
        const std::string log = place_.path("logs/hand-over-" + pass_no_ + "-" + std::to_string(i));
        if (sit(log) || issued()) {
            return true;
        }
    }
    return false;
}

bool Journey::issued() {
    return eventually(
        [&] {
            if (!place_.station().running()) {
                ++deaths_;
                place_.start_station();
            }
            const json::object status = place_.status();
            return !status.empty() && status.at("unacknowledged_facts") == 0 &&
                   text(place_.central_command({"show", pass_no_}), "status") == "issued";
        },
        3s);
}

}  // namespace live
