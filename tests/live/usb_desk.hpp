#pragma once
// A station whose readers are mock USB devices: the real pcscd, plugging in and out, virtual cards.
// To be used inside tests/live/in-namespace.

#include <map>
#include <optional>
#include <string>

#include "tests/live/usb_bus.hpp"
#include "tests/live/workplace.hpp"

namespace live {

class UsbDesk {
  public:
    /// `readers` are the [[reader]] tables of the station's configuration.
    UsbDesk(WorkplaceOptions options, const std::string& readers);

    /// A reader, as UsbBus::plug.
    void plug(const std::string& path, const std::string& serial);
    void unplug(const std::string& path);
    /// The card that lies, or will lie, on the reader at this path. It goes with the reader.
    Slot& slot(const std::string& path) { return slots_.at(path); }

    /// Also after it was killed.
    void start_pcscd();
    Process& pcscd() { return *pcscd_; }
    /// `more` goes into the environment of stationd.
    void start_station(Environment more = {});
    Process& station() { return *station_; }

    /// What the station shows of a reader, or an empty object.
    json::object reader(const std::string& name);
    [[nodiscard]] std::string path(const std::string& name) const {
        return options_.folder + "/" + name;
    }
    /// Runs a program that sees the mock devices.
    Finished run_there(const std::vector<std::string>& command);

  private:
    WorkplaceOptions options_;
    std::optional<UsbBus> bus_;
    std::optional<Process> pcscd_;
    std::optional<Process> station_;
    std::map<std::string, Slot> slots_;
    int plugged_ = 0;
};

}  // namespace live
