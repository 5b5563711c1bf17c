#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <thread>

#include "tests/bench/figures.hpp"

namespace figures {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto settling = 3s;
constexpr auto watched = 20s;
constexpr double seconds_of_hour = 3600;

/// What a process has used of the processor, and how often one of its threads has slept and woken.
struct Usage {
    double seconds = 0;
    double wakeups = 0;
    int processes = 0;

    Usage& operator+=(const Usage& other) {
        seconds += other.seconds;
        wakeups += other.wakeups;
        processes += other.processes;
        return *this;
    }
};

/// By /proc/PID/task/TID/schedstat (nanoseconds on a processor) and status.
Usage usage_of(pid_t process) {
    constexpr double nanosecond = 1e-9;
    Usage sum{0, 0, 1};
    for (const auto& task : fs::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
        double ran = 0;
        std::ifstream(task.path() / "schedstat") >> ran;
        sum.seconds += ran * nanosecond;
        std::ifstream status(task.path() / "status");
        for (std::string word; status >> word;) {
            double switches = 0;
            if (word == "voluntary_ctxt_switches:" && status >> switches) {
                sum.wakeups += switches;
            }
        }
    }
    return sum;
}

struct Station {
    Usage station;
    Usage pcsc;
    Usage libnfc;
};

Station usage_of_all(live::Workplace& place) {
    Station all{usage_of(place.station().pid()), {}, {}};
    for (const pid_t worker : place.workers()) {
        const std::string command = live::read_file("/proc/" + std::to_string(worker) + "/cmdline");
        Usage& kind = command.find("--nfc") == std::string::npos ? all.pcsc : all.libnfc;
        kind += usage_of(worker);
    }
    return all;
}

void print_row(const std::string& label, const Usage& before, const Usage& after) {
    const double seconds = std::chrono::duration<double>(watched).count();
    std::cout << "  " << std::left << std::setw(20) << label << std::right << std::setw(10)
              << after.processes << std::setprecision(2) << std::setw(12)
              << (after.seconds - before.seconds) * seconds_of_hour / seconds
              << std::setprecision(1) << std::setw(13) << (after.wakeups - before.wakeups) / seconds
              << "\n";
}

}  // namespace

void print_idle(const std::string& programs) {
    std::vector<live::Stack> readers(4, live::Stack::usb);
    readers.insert(readers.end(), 4, live::Stack::libnfc);
    Office office(programs, readers);
    std::this_thread::sleep_for(settling);
    const Station before = usage_of_all(office.place());
    std::this_thread::sleep_for(watched);
    const Station after = usage_of_all(office.place());
    std::cout << std::fixed << "9. A station with eight idle readers, over "
              << std::chrono::duration_cast<std::chrono::seconds>(watched).count()
              << " s without a card\n"
                 "                       processes  CPU s/hour  wake-ups/s\n";
    print_row("stationd", before.station, after.station);
    print_row("workers, PC/SC", before.pcsc, after.pcsc);
    print_row("workers, libnfc", before.libnfc, after.libnfc);
    Usage all_before = before.station;
    Usage all_after = after.station;
    (all_before += before.pcsc) += before.libnfc;
    (all_after += after.pcsc) += after.libnfc;
    print_row("all", all_before, all_after);
    std::cout << std::endl;
}

}  // namespace figures
