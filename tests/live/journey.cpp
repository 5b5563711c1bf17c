#include "tests/live/journey.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <sys/wait.h>

namespace live {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int sittings_enough = 5;
constexpr int applications_enough = 3;

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
    // A path without "..", which mock devices do not stand.
    const fs::path live = fs::path(PROGRAMS_DIR).parent_path() / "live";
    fs::create_directories(live);
    options.folder = live / name;
    options.passes = live / (name + ".csv");
    write_synthetic_passes(options.passes, 400);
    return options;
}

bool every_point() {
    const char* given = std::getenv("LIVE_SWEEP");  // NOLINT(concurrency-mt-unsafe)
    return given != nullptr && std::string_view(given) == "full";
}

Journey::Journey(Workplace& place, std::string old_pass)
    : place_(place), old_pass_(std::move(old_pass)), pass_no_(apply()) {
    card_file_ = place.blank_card(pass_no_);
    for (int i = 0; i < applications_enough; ++i) {
        if (place.central_run({"approve", pass_no_}).exit_code == 0) {
            return;
        }
        revive();
        if (central_status() == "approved") {
            return;
        }
    }
    throw std::runtime_error("the central does not approve " + pass_no_);
}

std::string Journey::apply() {
    for (int i = 0; i < applications_enough; ++i) {
        const Finished applied = place_.central_run({"apply", "--port", "KH", old_pass_, "--json"});
        boost::system::error_code error;
        const json::value answer = json::parse(applied.out, error);
        if (!error && answer.is_object() && !answer.at("accepted").as_array().empty()) {
            return text(answer.at("accepted").as_array().front().as_object(), "pass_number");
        }
        revive();
        const json::object list = place_.central_command({"list"});
        for (const json::value& entry : list.at("renewals").as_array()) {
            if (text(entry.as_object(), "old_pass_number") == old_pass_) {
                return text(entry.as_object(), "pass_number");
            }
        }
    }
    throw std::runtime_error("the central accepts no application for " + old_pass_);
}

std::string Journey::central_status() {
    boost::system::error_code error;
    const json::value row =
        json::parse(place_.central_run({"show", pass_no_, "--json"}).out, error);
    return error || !row.is_object() ? "" : text(row.as_object(), "status");
}

void Journey::revive() {
    if (!place_.central().running()) {
        ++central_deaths_;
        place_.start_central();
    }
    if (!place_.station().running()) {
        ++deaths_;
        place_.start_station();
    }
}

void Journey::mend(std::size_t reader) {
    if (meanwhile) {
        meanwhile();
    }
    revive();
    if (!place_.slot(reader).present()) {
        ++tears_;
        // Torn. A hand takes a moment, and the reader has to have seen it go.
        std::this_thread::sleep_for(500ms);
        place_.slot(reader).put_back();
    }
}

bool Journey::produce() {
    Slot& slot = place_.slot(production_reader);
    slot.load(card_file_);
    if (on_production) {
        on_production(slot);
    }
    slot.put_back();
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
                slot.load(card_file_);
                if (on_counter) {
                    on_counter(slot);
                    on_counter = nullptr;
                }
                slot.put_back();
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
        revive();
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
            revive();
            const json::object status = place_.status();
            return !status.empty() && status.at("unacknowledged_facts") == 0 &&
                   central_status() == "issued";
        },
        3s);
}

}  // namespace live
