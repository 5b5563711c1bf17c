#include "tests/live/usb_bus.hpp"

#include <filesystem>
#include <stdexcept>

#include "tests/live/machine.hpp"

namespace live {
namespace {

namespace fs = std::filesystem;

constexpr const char* preload = "libumockdev-preload.so.0";

}  // namespace

UsbBus::UsbBus(std::string source, std::string programs, std::string folder)
    : source_(std::move(source)), programs_(std::move(programs)), folder_(std::move(folder)) {
    fs::create_directories(folder_);
    bus_.emplace(std::vector<std::string>{source_ + "/tests/live/mock-usb", file("bus.sock")},
                 file("bus.log"), Environment{{"TMPDIR", folder_}});
    if (!eventually([&] { return exchange_line(file("bus.sock"), "environment") != ""; })) {
        throw std::runtime_error("no mock USB bus, see " + file("bus.log"));
    }
    devices_ = tell("environment");
}

std::string UsbBus::tell(const std::string& line) const {
    const std::string answer = exchange_line(file("bus.sock"), line);
    if (!answer.starts_with("ok")) {
        throw std::runtime_error("mock-usb, " + line + ": " + answer);
    }
    return answer.size() > 3 ? answer.substr(3) : "";
}

std::string UsbBus::socket(const std::string& path) const {
    return file(path + ".sock");
}

void UsbBus::plug(const std::string& path, const std::string& serial, const std::string& model) {
    const std::string address = tell("plug " + path + " " + model + " " + serial);
    fs::remove(socket(path));
    fs::create_symlink(address + ".sock", socket(path));
}

void UsbBus::unplug(const std::string& path) {
    tell("unplug " + path);
}

Environment UsbBus::environment() const {
    return {{"LD_PRELOAD", preload}, {"UMOCKDEV_DIR", devices_}};
}

Process UsbBus::start_pcscd() const {
    fs::remove("/run/pcscd/pcscd.comm");  // of one that was killed
    Environment variables = unpacked_pcscd(source_);
    variables.merge(Environment{{"PRELOAD", preload}, {"UMOCKDEV_DIR", devices_}});
    Process pcscd({source_ + "/tests/live/usb-pcscd",
                   fs::path(programs_).parent_path().string() + "/ifd", folder_},
                  file("pcscd.log"), variables);
    if (!eventually([] { return fs::exists("/run/pcscd/pcscd.comm"); })) {
        throw std::runtime_error("pcscd does not start, see " + file("pcscd.log"));
    }
    return pcscd;
}

}  // namespace live
