#include "tests/live/workplace.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace live {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int base_port = 35963;
constexpr int central_port = 8080;
/// The virtual reader's driver is polled every 400 ms; no hand swaps two cards faster than that.
constexpr auto polling_interval = 450ms;

}  // namespace

Environment unpacked_pcscd(const std::string& source) {
    const Finished finished = run({source + "/tests/live/unpack-pcscd", source + "/build/pcscd"});
    Environment found;
    std::istringstream lines(finished.out);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t quote = line.find("='");
        if (quote != std::string::npos && line.ends_with('\'')) {
            found[line.substr(0, quote)] = line.substr(quote + 2, line.size() - quote - 3);
        }
    }
    return found;
}

int reader_count(const WorkplaceOptions& options) {
    return 2 + options.more_production_readers;
}

/// Where a reader of libnfc is plugged in.
std::string serial_port(const std::string& folder, std::size_t reader) {
    return folder + "/port-" + std::to_string(reader);
}

/// The reader's settings but its role.
std::string reader_settings(const WorkplaceOptions& options, std::size_t reader) {
    const std::string name = "Virtual Reader " + std::to_string(reader) + " 00 00";
    return options.stack == Stack::pcsc
               ? "name = \"" + name + "\"\n"
               : "name = \"Board " + std::to_string(reader) +
                     "\"\nnfc = \"pn532_uart:" + serial_port(options.folder, reader) + "\"\n";
}

std::string exchange_line(const std::string& path, const std::string& line) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    std::string answer;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        const std::string whole = line + "\n";
        if (::send(fd, whole.data(), whole.size(), MSG_NOSIGNAL) > 0) {
            char letter = 0;
            while (::recv(fd, &letter, 1, 0) == 1 && letter != '\n') {
                answer += letter;
            }
        }
    }
    ::close(fd);
    return answer;
}

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(20ms);
    }
    return true;
}

std::string text(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
}

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

void Slot::place(const std::string& memory_file) {
    take_off();
    if (const auto loaded = command("load " + memory_file); !loaded.starts_with("ok")) {
        throw std::runtime_error("load: " + loaded);
    }
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

Workplace::Workplace(WorkplaceOptions options) : options_(std::move(options)) {
    fs::remove_all(options_.folder);
    fs::create_directories(path("cards"));
    fs::create_directories(path("logs"));
    fs::create_directories(path("letters"));
    start_pcscd();
    for (int reader = 0; reader < reader_count(options_); ++reader) {
        const auto number = static_cast<std::size_t>(reader);
        const std::vector<std::string> card =
            options_.stack == Stack::pcsc
                ? std::vector<std::string>{"vcard", "--port",
                                           std::to_string(base_port + 2 * reader)}
                : std::vector<std::string>{"vpn532", "--port",
                                           serial_port(options_.folder, number)};
        slots_.emplace_back(options_.programs, options_.folder, reader, card);
    }
    if (run({options_.programs + "/cardtool", "keys", "create", path("keys")}).exit_code != 0) {
        throw std::runtime_error("cardtool made no keys");
    }
    make_certificate("ca", {"create"});
    make_certificate("ca", {"server", "127.0.0.1"});
    use_certificate_of("kh");
    write_configuration();
}

void Workplace::make_certificate(const std::string& ca,
                                 const std::vector<std::string>& words) const {
    std::vector<std::string> command{options_.programs + "/stationca", words.front(), path(ca)};
    command.insert(command.end(), words.begin() + 1, words.end());
    if (run(command).exit_code != 0) {
        throw std::runtime_error("stationca " + words.front() + " failed");
    }
}

void Workplace::use_certificate_of(const std::string& station, const std::string& ca) {
    if (!fs::exists(path(ca))) {
        make_certificate(ca, {"create"});
    }
    if (!fs::exists(path(ca + "/station-" + station + ".pem"))) {
        make_certificate(ca, {"station", station});
    }
    for (const char* suffix : {".pem", ".key"}) {
        fs::copy_file(path(ca + "/station-" + station + suffix),
                      path(std::string("station") + suffix), fs::copy_options::overwrite_existing);
    }
}

std::string Workplace::central_endpoint() const {
    return (options_.plain_http ? "http" : "https") + std::string("://127.0.0.1:") +
           std::to_string(central_port);
}

void Workplace::start_pcscd() {
    fs::remove("/run/pcscd/pcscd.comm");  // of one that was killed
    pcscd_.emplace(
        std::vector<std::string>{options_.source + "/tests/live/pcscd", path("pcscd"),
                                 std::to_string(reader_count(options_)), std::to_string(base_port)},
        path("pcscd.log"), unpacked_pcscd(options_.source));
    if (!eventually([] { return fs::exists("/run/pcscd/pcscd.comm"); })) {
        throw std::runtime_error("pcscd does not start, see " + path("pcscd.log"));
    }
}

void Workplace::write_configuration() const {
    std::ofstream file(path("station.toml"));
    file << "station = \"kh\"\n"
         << "central = \"" << central_endpoint() << "\"\n"
         << "control = \"unix:" << path("stationd.sock") << "\"\n"
         << "ledger = \"" << ledger() << "\"\n"
         << "keys = \"" << path("keys") << "\"\n"
         << "reader_worker = \"" << options_.programs << "/reader-worker\"\n"
         << "business_date = \"" << options_.business_date << "\"\n"
         << (options_.plain_http ? "plain_http_on_loopback = true\n\n" : "\n");
    for (int reader = 0; reader < reader_count(options_); ++reader) {
        const auto number = static_cast<std::size_t>(reader);
        file << "[[reader]]\n"
             << reader_settings(options_, number) << "role = \""
             << (number == counter_reader ? "counter" : "production") << "\"\n\n";
    }
    file << "[[old_pass]]\nform = \"number\"\n\n"
         << "[[old_pass]]\nform = \"url\"\nparameter = \"no\"\n";
    if (!options_.plain_http) {
        file << "\n[tls]\nca = \"" << path("ca/ca.pem") << "\"\n"
             << "certificate = \"" << path("station.pem") << "\"\n"
             << "key = \"" << path("station.key") << "\"\n";
    }
}

void Workplace::start_central() {
    std::vector<std::string> command{options_.programs + "/centrald",
                                     "--database",
                                     path("central.db"),
                                     "--listen",
                                     central_endpoint(),
                                     "--admin",
                                     "unix:" + path("admin.sock"),
                                     "--station",
                                     "kh=KH",
                                     "--station",
                                     "kl=KL",
                                     "--business-date",
                                     options_.business_date,
                                     "--import-passes",
                                     options_.passes,
                                     "--import-renewals",
                                     options_.source + "/tests/data/renewals-list.csv",
                                     "--import-photos",
                                     options_.source + "/tests/data/photos",
                                     "--letter-spool",
                                     path("letters")};
    if (options_.plain_http) {
        command.emplace_back("--plain-http-on-loopback");
    } else {
        command.insert(command.end(), {"--tls-certificate", path("ca/server.pem"), "--tls-key",
                                       path("ca/server.key"), "--client-ca", path("ca/ca.pem")});
    }
    central_.emplace(command, path("centrald.log"));
    if (!eventually([&] { return central_run({"list", "--json"}).exit_code == 0; })) {
        throw std::runtime_error("centrald does not start, see " + path("centrald.log"));
    }
}

void Workplace::stop_central() {
    central_->signal(SIGTERM);
    central_->wait();
}

void Workplace::start_station(const Environment& more) {
    station_.emplace(
        std::vector<std::string>{options_.programs + "/stationd", "--config", path("station.toml")},
        path("logs/stationd.log"), more);
}

void Workplace::stop_station() {
    station_->signal(SIGTERM);
    station_->wait();
}

Finished Workplace::central_run(std::vector<std::string> words) {
    std::vector<std::string> command{options_.programs + "/centralctl", "--admin",
                                     "unix:" + path("admin.sock")};
    command.insert(command.end(), words.begin(), words.end());
    return run(command, path("commands.log"));
}

json::object Workplace::central_command(const std::vector<std::string>& words) {
    std::vector<std::string> command = words;
    command.emplace_back("--json");
    const Finished finished = central_run(command);
    boost::system::error_code error;
    json::value parsed = json::parse(finished.out, error);
    if (error || !parsed.is_object()) {
        throw std::runtime_error("centralctl " + words.front() + ": " + finished.out);
    }
    return parsed.as_object();
}

Finished Workplace::station_run(std::vector<std::string> words) {
    std::vector<std::string> command{options_.programs + "/stationctl", "--control",
                                     "unix:" + path("stationd.sock")};
    command.insert(command.end(), words.begin(), words.end());
    return run(command, path("commands.log"));
}

json::object Workplace::status() {
    const Finished finished = station_run({"status"});
    boost::system::error_code error;
    json::value parsed = json::parse(finished.out, error);
    return error || !parsed.is_object() ? json::object{} : parsed.as_object();
}

json::object Workplace::reader(std::size_t number) {
    const json::object whole = status();
    const json::value* readers = whole.if_contains("readers");
    return readers == nullptr ? json::object{} : readers->as_array().at(number).as_object();
}

void Workplace::take_off(std::size_t number) {
    slot(number).take_off();
    eventually([&] {
        const json::object view = reader(number);
        return view.empty() || !view.at("card_present").as_bool();
    });
    std::this_thread::sleep_for(polling_interval);
}

json::object Workplace::renewal(const std::string& pass_no) {
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

Process Workplace::begin_hand_over(const std::string& old_qr, const std::string& log) {
    return {{options_.programs + "/stationctl", "--control", "unix:" + path("stationd.sock"),
             "--json", "hand-over", "--old-qr", old_qr},
            log};
}

std::string Workplace::blank_card(const std::string& name, int genuine) {
    const std::string file = path("cards/" + name + ".json");
    std::vector<std::string> command{options_.programs + "/vcard", "create", "--memory", file};
    if (genuine >= 0) {
        command.insert(command.end(), {"--genuine", std::to_string(genuine)});
    }
    if (run(command).exit_code != 0) {
        throw std::runtime_error("vcard made no card");
    }
    return file;
}

Finished Workplace::check(int expect_issued) {
    return run({"/usr/bin/python3", options_.source + "/tests/checker/check.py", "--ledger",
                ledger(), "--central", path("central.db"), "--cards", path("cards"), "--keys",
                path("keys"), "--business-date", options_.business_date, "--expect-issued",
                std::to_string(expect_issued)});
}

std::vector<json::object> Workplace::events() const {
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
