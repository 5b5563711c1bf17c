#include "tests/live/machine.hpp"

#include <algorithm>
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

}  // namespace

std::ostream& operator<<(std::ostream& out, Stack stack) {
    return out << (stack == Stack::pcsc ? "pcsc" : stack == Stack::usb ? "usb" : "libnfc");
}

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

std::vector<Stack> readers_of_second(const WorkplaceOptions& options) {
    return {options.readers.at(0), options.readers.at(1)};
}

int pcsc_readers(const std::vector<Stack>& readers, std::size_t end) {
    return static_cast<int>(std::count(
        readers.begin(), readers.begin() + static_cast<std::ptrdiff_t>(end), Stack::pcsc));
}

std::string endpoint(const WorkplaceOptions& options, int port) {
    return (options.plain_http ? "http" : "https") + std::string("://127.0.0.1:") +
           std::to_string(port);
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

void make_certificate(const WorkplaceOptions& options, const std::string& ca,
                      const std::vector<std::string>& words) {
    std::vector<std::string> command{options.programs + "/stationca", words.front(),
                                     options.folder + "/" + ca};
    command.insert(command.end(), words.begin() + 1, words.end());
    if (run(command).exit_code != 0) {
        throw std::runtime_error("stationca " + words.front() + " failed");
    }
}

Machine::Machine(WorkplaceOptions options) : options_(std::move(options)) {
    fs::remove_all(options_.folder);
    fs::create_directories(file("cards"));
    fs::create_directories(file("letters"));
    if (std::count(options_.readers.begin(), options_.readers.end(), Stack::usb) > 0) {
        bus_.emplace(options_.source, options_.programs, file("usb"));
    }
    start_pcscd();
    if (run({options_.programs + "/cardtool", "keys", "create", file("keys")}).exit_code != 0) {
        throw std::runtime_error("cardtool made no keys");
    }
    make_certificate(options_, "ca", {"create"});
    make_certificate(options_, "ca", {"server", "127.0.0.1"});
}

void Machine::start_pcscd() {
    if (bus_) {
        pcscd_.emplace(bus_->start_pcscd());
        return;
    }
    fs::remove("/run/pcscd/pcscd.comm");  // of one that was killed
    int readers = pcsc_readers(options_.readers, options_.readers.size());
    if (!options_.second_station.empty()) {
        readers += pcsc_readers(readers_of_second(options_), 2);
    }
    pcscd_.emplace(
        std::vector<std::string>{options_.source + "/tests/live/pcscd", file("pcscd"),
                                 std::to_string(std::max(readers, 1)), std::to_string(base_port)},
        file("pcscd.log"), unpacked_pcscd(options_.source));
    if (!eventually([] { return fs::exists("/run/pcscd/pcscd.comm"); })) {
        throw std::runtime_error("pcscd does not start, see " + file("pcscd.log"));
    }
}

void Machine::start_central(const Environment& more) {
    std::vector<std::string> command{options_.programs + "/centrald",
                                     "--database",
                                     file("central.db"),
                                     "--listen",
                                     endpoint(options_, central_port),
                                     "--admin",
                                     "unix:" + file("admin.sock"),
                                     "--station",
                                     "kh=KH",
                                     "--station",
                                     "kh2=KH",
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
                                     file("letters")};
    if (options_.plain_http) {
        command.emplace_back("--plain-http-on-loopback");
    } else {
        command.insert(command.end(), {"--tls-certificate", file("ca/server.pem"), "--tls-key",
                                       file("ca/server.key"), "--client-ca", file("ca/ca.pem")});
    }
    central_.emplace(command, file("centrald.log"), more);
    const bool answers = eventually([&] {
        return !central_->running() || central_run({"list", "--json"}).exit_code == 0;
    });
    if (!answers || (more.empty() && !central_->running())) {
        throw std::runtime_error("centrald does not start, see " + file("centrald.log"));
    }
}

void Machine::stop_central() {
    central_->signal(SIGTERM);
    central_->wait();
}

Finished Machine::central_run(std::vector<std::string> words) {
    std::vector<std::string> command{options_.programs + "/centralctl", "--admin",
                                     "unix:" + file("admin.sock")};
    command.insert(command.end(), words.begin(), words.end());
    return run(command, file("commands.log"));
}

json::object Machine::central_command(const std::vector<std::string>& words) {
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

std::string Machine::blank_card(const std::string& name, int genuine) {
    const std::string memory = file("cards/" + name + ".json");
    std::vector<std::string> command{
        options_.programs + "/vcard", "create", "--chip", options_.chip, "--memory", memory};
    if (genuine >= 0) {
        command.insert(command.end(), {"--genuine", std::to_string(genuine)});
    }
    if (run(command).exit_code != 0) {
        throw std::runtime_error("vcard made no card");
    }
    return memory;
}

std::string Machine::letter_code(const std::string& pass_no) {
    std::string newest;
    eventually([&] {
        for (const auto& entry : fs::directory_iterator(file("letters"))) {
            const std::string name = entry.path().filename().string();
            if (name.starts_with(pass_no) && name.ends_with(".pdf")) {
                newest = std::max(newest, entry.path().string());
            }
        }
        return !newest.empty();
    });
    std::string code = run({options_.source + "/tests/live/letter-code", newest}).out;
    if (code.ends_with('\n')) {
        code.pop_back();
    }
    return code;
}

Finished Machine::verify_as_gate(const std::string& reader_name) {
    return run({"/usr/bin/faketime", "--exclude-monotonic", options_.business_date + " 12:00:00",
                options_.programs + "/cardtool", "verify", "--keys", file("keys"), "--reader",
                reader_name},
               file("commands.log"));
}

}  // namespace live
