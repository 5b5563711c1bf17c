#include "tests/live/port_office.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <signal.h>

namespace live {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// The virtual reader's driver is polled every 400 ms; no hand swaps two cards faster than that.
constexpr auto polling_interval = 450ms;

/// Where a reader of libnfc is plugged in.
std::string serial_port(const std::string& folder, std::size_t reader) {
    return folder + "/port-" + std::to_string(reader);
}

std::string usb_path(std::size_t reader) {
    return "1-" + std::to_string(reader + 1);
}

}  // namespace

Slot::Slot(const std::string& programs, const std::string& folder, int number,
           const std::vector<std::string>& card)
    : socket_(folder + "/slot-" + std::to_string(number) + ".sock") {
    const std::string parked = folder + "/parked-" + std::to_string(number) + ".json";
    run({programs + "/vcard", "create", "--memory", parked});
    const std::string program = programs + "/" + card.front();
    std::vector<std::string> words{program, "--memory", parked};
    words.insert(words.end(), card.begin() + 1, card.end());
    words.insert(words.end(), {"--control", socket_});
    process_.emplace(words, folder + "/slot-" + std::to_string(number) + ".log");
    if (!eventually([&] { return command("state").starts_with("ok"); })) {
        throw std::runtime_error(program + " does not answer");
    }
}

std::string Slot::command(const std::string& line) {
    return exchange_line(socket_, line);
}

void Slot::load(const std::string& memory_file) {
    take_off();
    if (const auto loaded = command("load " + memory_file); !loaded.starts_with("ok")) {
        throw std::runtime_error("load: " + loaded);
    }
}

void Slot::place(const std::string& memory_file) {
    load(memory_file);
    put_back();
}

void Slot::put_back() {
    command("insert");
}
void Slot::take_off() {
    command("remove");
}

void Slot::tear(std::uint32_t at, const std::string& when) {
    command("tear " + std::to_string(at) + " " + when);
}

std::int64_t Slot::apdus() {
    const std::string answer = command("apdus");
    return std::stoll(answer.substr(answer.find_last_of(" =") + 1));
}

void Slot::reset_apdus() {
    command("reset-apdus");
}

bool Slot::present() {
    return command("state").find(" present") != std::string::npos;
}

PortOffice::PortOffice(WorkplaceOptions options, Site site, UsbBus* bus)
    : options_(std::move(options)), site_(std::move(site)), bus_(bus) {
    fs::create_directories(path("logs"));
    for (std::size_t reader = 0; reader < options_.readers.size(); ++reader) {
        slots_.emplace_back(options_.programs, site_.folder, static_cast<int>(reader),
                            card_at(reader));
        if (options_.readers.at(reader) == Stack::usb) {
            plug(reader);
        }
    }
    use_certificate_of(site_.station);
    write_configuration();
}

void PortOffice::plug(std::size_t reader) {
    if (options_.readers.at(reader) == Stack::usb) {
        bus_->plug(usb_path(reader), "-", options_.usb_model);
    } else {
        slot(reader).command("plug");
    }
}

void PortOffice::unplug(std::size_t reader) {
    if (options_.readers.at(reader) == Stack::usb) {
        bus_->unplug(usb_path(reader));
        slot(reader).command("hang-up");
    } else {
        slot(reader).command("unplug");
    }
}

std::vector<pid_t> PortOffice::workers() const {
    const std::string pid = std::to_string(station_->pid());
    std::istringstream children(read_file("/proc/" + pid + "/task/" + pid + "/children"));
    return {std::istream_iterator<pid_t>(children), std::istream_iterator<pid_t>()};
}

void PortOffice::use_certificate_of(const std::string& station, const std::string& ca) {
    const std::string authority = options_.folder + "/" + ca;
    if (!fs::exists(authority)) {
        make_certificate(options_, ca, {"create"});
    }
    const std::string made = authority + "/station-" + station;
    if (!fs::exists(made + ".pem")) {
        make_certificate(options_, ca, {"station", station});
    }
    for (const char* suffix : {".pem", ".key"}) {
        fs::copy_file(made + suffix, path(std::string("station") + suffix),
                      fs::copy_options::overwrite_existing);
    }
}

std::vector<std::string> PortOffice::card_at(std::size_t reader) const {
    if (options_.readers.at(reader) == Stack::libnfc) {
        return {"vpn532", "--port", serial_port(site_.folder, reader)};
    }
    if (options_.readers.at(reader) == Stack::usb) {
        return {"vcard", "--reader", bus_->socket(usb_path(reader))};
    }
    return {"vcard", "--port", std::to_string(base_port + 2 * pcsc_number(reader))};
}

int PortOffice::pcsc_number(std::size_t reader) const {
    return site_.first_reader + pcsc_readers(options_.readers, reader);
}

std::string PortOffice::reader_settings(std::size_t reader) const {
    if (options_.readers.at(reader) == Stack::libnfc) {
        return "name = \"Board " + std::to_string(reader) +
               "\"\nnfc = \"pn532_uart:" + serial_port(site_.folder, reader) + "\"\n";
    }
    if (options_.readers.at(reader) == Stack::usb) {
        const std::string path = usb_path(reader);
        return "name = \"USB " + path + "\"\nusb_path = \"" + path + "\"\n";
    }
    return "name = \"" + virtual_reader(reader) + "\"\n";
}

std::string PortOffice::virtual_reader(std::size_t reader) const {
    return "Virtual Reader " + std::to_string(pcsc_number(reader)) + " 00 00";
}

std::string PortOffice::worker_program() const {
    const std::string program = options_.programs + "/reader-worker";
    if (bus_ == nullptr) {
        return program;
    }
    // A program that sees mock devices cannot use a real serial port.
    const std::string wrapper = path("reader-worker");
    std::ofstream(wrapper) << "#!/bin/sh\n[ \"$1\" != --nfc ] || unset LD_PRELOAD\nexec '"
                           << program << "' \"$@\"\n";
    fs::permissions(wrapper, fs::perms::owner_all);
    return wrapper;
}

void PortOffice::write_configuration() const {
    std::ofstream file(path("station.toml"));
    file << "station = \"" << site_.station << "\"\n"
         << "central = \"" << endpoint(options_, options_.central_seen_at) << "\"\n"
         << "control = \"unix:" << path("stationd.sock") << "\"\n"
         << "ledger = \"" << ledger() << "\"\n"
         << "keys = \"" << options_.folder << "/keys"
         << "\"\n"
         << "reader_worker = \"" << worker_program() << "\"\n"
         << "business_date = \"" << options_.business_date << "\"\n"
         << (options_.plain_http ? "plain_http_on_loopback = true\n\n" : "\n");
    for (std::size_t reader = 0; reader < options_.readers.size(); ++reader) {
        file << "[[reader]]\n"
             << reader_settings(reader) << "role = \""
             << (reader == counter_reader ? "counter" : "production") << "\"\n\n";
    }
    file << "[[old_pass]]\nform = \"number\"\n\n"
         << "[[old_pass]]\nform = \"url\"\nparameter = \"no\"\n";
    if (!options_.plain_http) {
        file << "\n[tls]\nca = \"" << options_.folder << "/ca/ca.pem"
             << "\"\n"
             << "certificate = \"" << path("station.pem") << "\"\n"
             << "key = \"" << path("station.key") << "\"\n";
    }
}

void PortOffice::start_station(const Environment& more) {
    Environment variables = more;
    if (bus_ != nullptr) {
        variables.merge(bus_->environment());
    }
    station_.emplace(
        std::vector<std::string>{options_.programs + "/stationd", "--config", path("station.toml")},
        path("logs/stationd.log"), variables);
}

void PortOffice::stop_station() {
    station_->signal(SIGTERM);
    station_->wait();
}

Finished PortOffice::station_run(std::vector<std::string> words) {
    std::vector<std::string> command{options_.programs + "/stationctl", "--control",
                                     "unix:" + path("stationd.sock")};
    command.insert(command.end(), words.begin(), words.end());
    return run(command, path("commands.log"));
}

json::object PortOffice::status() {
    const Finished finished = station_run({"status"});
    boost::system::error_code error;
    json::value parsed = json::parse(finished.out, error);
    return error || !parsed.is_object() ? json::object{} : parsed.as_object();
}

json::object PortOffice::reader(std::size_t number) {
    const json::object whole = status();
    const json::value* readers = whole.if_contains("readers");
    return readers == nullptr ? json::object{} : readers->as_array().at(number).as_object();
}

void PortOffice::take_off(std::size_t number) {
    slot(number).take_off();
    eventually([&] {
        const json::object view = reader(number);
        return view.empty() || !view.at("card_present").as_bool();
    });
    std::this_thread::sleep_for(polling_interval);
}

json::object PortOffice::renewal(const std::string& pass_no) {
    const Finished finished = station_run({"queue"});
    boost::system::error_code error;
    const json::value parsed = json::parse(finished.out, error);
    if (!error && parsed.is_object()) {
        for (const json::value& row : parsed.at("renewals").as_array()) {
            if (text(row.as_object(), "pass_no") == pass_no) {
                return row.as_object();
            }
        }
    }
    return {};
}

std::string PortOffice::letter_for(const std::string& old_qr) {
    std::string& letter = letters_[old_qr];
    const auto look = [&] {
        boost::system::error_code error;
        const json::value queue = json::parse(station_run({"queue"}).out, error);
        if (error || !queue.is_object()) {
            return false;
        }
        for (const json::value& row : queue.at("renewals").as_array()) {
            if (old_qr.find(text(row.as_object(), "old_pass_no")) == std::string::npos) {
                continue;
            }
            letter = run({options_.programs + "/centralctl", "--admin",
                          "unix:" + options_.folder + "/admin.sock", "letter",
                          text(row.as_object(), "pass_no")})
                         .out;
            letter = letter.substr(0, letter.find('\n'));
        }
        return letter.starts_with("PL1:");
    };
    if (letter.empty() && !eventually(look)) {
        letter.clear();
    }
    return letter;
}

Process PortOffice::begin_hand_over(const std::string& old_qr, const std::string& log,
                                    const std::vector<std::string>& more) {
    std::vector<std::string> command{options_.programs + "/stationctl",
                                     "--control",
                                     "unix:" + path("stationd.sock"),
                                     "--json",
                                     "hand-over",
                                     "--old-qr",
                                     old_qr};
    if (std::find(more.begin(), more.end(), "--letter-qr") == more.end()) {
        command.insert(command.end(), {"--letter-qr", letter_for(old_qr)});
    }
    command.insert(command.end(), more.begin(), more.end());
    return {command, log};
}

std::vector<json::object> PortOffice::events() const {
    std::vector<json::object> all;
    std::istringstream lines(read_file(path("logs/stationd.log")));
    for (std::string line; std::getline(lines, line);) {
        boost::system::error_code error;
        json::value parsed = json::parse(line, error);
        if (!error && parsed.is_object()) {
            all.push_back(std::move(parsed.as_object()));
        }
    }
    return all;
}

}  // namespace live
