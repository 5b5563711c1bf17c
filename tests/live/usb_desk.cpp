#include "tests/live/usb_desk.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace live {
namespace {

namespace fs = std::filesystem;

constexpr const char* preload = "libumockdev-preload.so.0";

}  // namespace

UsbDesk::UsbDesk(WorkplaceOptions options, const std::string& readers)
    : options_(std::move(options)) {
    fs::remove_all(options_.folder);
    fs::create_directories(path("cards"));
    bus_.emplace(
        std::vector<std::string>{options_.source + "/tests/live/mock-usb", path("bus.sock")},
        path("bus.log"), Environment{{"TMPDIR", options_.folder}});
    if (!eventually([&] { return exchange_line(path("bus.sock"), "environment") != ""; })) {
        throw std::runtime_error("no mock USB bus, see " + path("bus.log"));
    }
    bus_folder_ = tell_bus("environment");
    start_pcscd();
    if (run({options_.programs + "/cardtool", "keys", "create", path("keys")}).exit_code != 0) {
        throw std::runtime_error("cardtool made no keys");
    }
    std::ofstream(path("station.toml"))
        << "station = \"kh\"\ncentral = \"http://127.0.0.1:8080\"\nplain_http_on_loopback = true\n"
        << "control = \"unix:" << path("stationd.sock") << "\"\n"
        << "ledger = \"" << path("ledger.db") << "\"\nkeys = \"" << path("keys") << "\"\n"
        << "reader_worker = \"" << options_.programs << "/reader-worker\"\n\n"
        << readers << "\n[[old_pass]]\nform = \"number\"\n";
}

Environment UsbDesk::mock_devices() const {
    return {{"LD_PRELOAD", preload}, {"UMOCKDEV_DIR", bus_folder_}};
}

std::string UsbDesk::tell_bus(const std::string& line) {
    const std::string answer = exchange_line(path("bus.sock"), line);
    if (!answer.starts_with("ok")) {
        throw std::runtime_error("mock-usb, " + line + ": " + answer);
    }
    return answer.size() > 3 ? answer.substr(3) : "";
}

void UsbDesk::plug(const std::string& usb_path, const std::string& serial) {
    const std::string address = tell_bus("plug " + usb_path + " 072f 2200 " + serial);
    slots_.erase(usb_path);
    const std::string socket = path("cards/" + address + ".sock");
    slots_.emplace(std::piecewise_construct, std::forward_as_tuple(usb_path),
                   std::forward_as_tuple(options_.programs, options_.folder, ++plugged_,
                                         std::vector<std::string>{"vcard", "--reader", socket}));
}

void UsbDesk::unplug(const std::string& usb_path) {
    tell_bus("unplug " + usb_path);
    slots_.erase(usb_path);
}

void UsbDesk::start_pcscd() {
    fs::remove("/run/pcscd/pcscd.comm");  // of one that was killed
    Environment environment = unpacked_pcscd(options_.source);
    environment.merge(Environment{{"PRELOAD", preload}, {"UMOCKDEV_DIR", bus_folder_}});
    pcscd_.emplace(
        std::vector<std::string>{options_.source + "/tests/live/usb-pcscd",
                                 fs::path(options_.programs).parent_path().string() + "/ifd",
                                 path("cards")},
        path("pcscd.log"), environment);
    if (!eventually([] { return fs::exists("/run/pcscd/pcscd.comm"); })) {
        throw std::runtime_error("pcscd does not start, see " + path("pcscd.log"));
    }
}

void UsbDesk::start_station() {
    station_.emplace(
        std::vector<std::string>{options_.programs + "/stationd", "--config", path("station.toml")},
        path("stationd.log"), mock_devices());
}

json::object UsbDesk::reader(const std::string& name) {
    const Finished finished = run({options_.programs + "/stationctl", "--control",
                                   "unix:" + path("stationd.sock"), "status"});
    boost::system::error_code error;
    const json::value status = json::parse(finished.out, error);
    if (!error && status.is_object()) {
        for (const json::value& view : status.at("readers").as_array()) {
            if (text(view.as_object(), "name") == name) {
                return view.as_object();
            }
        }
    }
    return {};
}

Finished UsbDesk::run_there(std::vector<std::string> command) {
    command.insert(command.begin(), {"/usr/bin/env", std::string("LD_PRELOAD=") + preload,
                                     "UMOCKDEV_DIR=" + bus_folder_});
    return run(command, path("commands.log"));
}

}  // namespace live
