#include "tests/live/usb_desk.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace live {
namespace {

namespace fs = std::filesystem;

}  // namespace

UsbDesk::UsbDesk(WorkplaceOptions options, const std::string& readers)
    : options_(std::move(options)) {
    fs::remove_all(options_.folder);
    fs::create_directories(path("cards"));
    bus_.emplace(options_.source, options_.programs, path("usb"));
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

void UsbDesk::plug(const std::string& usb_path, const std::string& serial) {
    bus_->plug(usb_path, serial);
    slots_.erase(usb_path);
    slots_.emplace(std::piecewise_construct, std::forward_as_tuple(usb_path),
                   std::forward_as_tuple(
                       options_.programs, options_.folder, ++plugged_,
                       std::vector<std::string>{"vcard", "--reader", bus_->socket(usb_path)}));
}

void UsbDesk::unplug(const std::string& usb_path) {
    bus_->unplug(usb_path);
    slots_.erase(usb_path);
}

void UsbDesk::start_pcscd() {
    pcscd_.emplace(bus_->start_pcscd());
}

void UsbDesk::start_station(Environment more) {
    more.merge(bus_->environment());
    station_.emplace(
        std::vector<std::string>{options_.programs + "/stationd", "--config", path("station.toml")},
        path("stationd.log"), more);
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

Finished UsbDesk::run_there(const std::vector<std::string>& command) {
    std::vector<std::string> whole{"/usr/bin/env"};
    for (const auto& [name, value] : bus_->environment()) {
        whole.push_back(name + "=" + value);
    }
    whole.insert(whole.end(), command.begin(), command.end());
    return run(whole, path("commands.log"));
}

}  // namespace live
