#include "station/doctor/diagnosis.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace card::doctor {
namespace {

using reader::KnownReader;
using reader::ListedReader;
using reader::NamedBinding;
using reader::Stack;
using reader::UsbDevice;

using Findings = std::vector<Finding>;

void look_at_service(const Facts& facts, Findings& found) {
    if (facts.listed) {
        return;
    }
    const Failure& why = facts.listed.error();
    switch (why.fault) {
        case Fault::start_pcscd:
            found.push_back(
                {Trouble::pcscd_not_running, why.detail, "systemctl enable --now pcscd.socket"});
            break;
        case Fault::grant_reader_access:
            found.push_back(
                {Trouble::no_access_to_pcscd, why.detail,
                 "run this as user card-station; if it is, SocketGroup=card-station must stand in "
                 "pcscd.socket.d/card-station.conf: systemctl daemon-reload && systemctl restart "
                 "pcscd.socket"});
            break;
        default:
            found.push_back({Trouble::worker_unusable, why.detail,
                             "set reader_worker to the installed reader-worker"});
    }
}

std::string plugged_in(const std::vector<UsbDevice>& devices) {
    std::string text;
    for (const UsbDevice& device : devices) {
        if (reader::find_known_reader(device.id) != nullptr) {
            text.append(text.empty() ? "" : "; ").append(describe(device));
        }
    }
    return text.empty() ? "no reader of the table" : text;
}

void look_at_bindings(const Facts& facts, Findings& found) {
    if (!facts.listed) {
        return;
    }
    if (const auto checked = reader::check(facts.bindings, *facts.listed, facts.devices);
        !checked) {
        found.push_back({Trouble::binding_wrong, "station.toml", checked.error().detail});
    }
    for (const auto& [name, connection] : facts.nfc_readers) {
        const auto checked = reader::check_nfc(name, connection.text, *facts.listed, facts.devices);
        if (!checked) {
            found.push_back({Trouble::binding_wrong, "station.toml", checked.error().detail});
        }
    }
    for (const NamedBinding& named : facts.bindings) {
        const auto chosen = reader::choose(named.binding, *facts.listed, facts.devices);
        if (!chosen && chosen.error().fault == Fault::wait_for_reader) {
            found.push_back(
                {Trouble::reader_missing, named.name + ": " + chosen.error().detail,
                 "plug it in, or correct its binding; plugged in: " + plugged_in(facts.devices)});
        }
    }
}

bool is_nfc_driver(const std::string& driver) {
    return driver.starts_with("pn533") || driver == "port100";
}

std::string shown_firmware(std::uint16_t number) {
    std::array<char, 8> text{};
    (void)std::snprintf(text.data(), text.size(), "%x.%02x", number >> 8U, number & 0xFFU);
    return text.data();
}

bool is_closed(const Facts& facts, const std::string& node) {
    return std::find(facts.closed_nodes.begin(), facts.closed_nodes.end(), node) !=
           facts.closed_nodes.end();
}

void look_at_nfc_device(const Facts& facts, const UsbDevice& device, const KnownReader& known,
                        Findings& found) {
    const std::string& node = known.node == reader::Node::tty ? device.port : device.node;
    if (node.empty()) {
        found.push_back({Trouble::claimed_by_another_program,
                         describe(device) + " has no serial port",
                         "apt-get remove brltty, and plug the reader in again"});
    } else if (is_closed(facts, node)) {
        found.push_back({Trouble::no_access_to_reader, describe(device) + ", " + node,
                         "run this as user card-station; if it is: udevadm control --reload && "
                         "udevadm trigger " +
                             node});
    }
}

void look_at_device(const Facts& facts, const UsbDevice& device, Findings& found) {
    const KnownReader* const known = reader::find_known_reader(device.id);
    if (known == nullptr) {
        return;
    }
    if (std::any_of(device.drivers.begin(), device.drivers.end(), is_nfc_driver)) {
        found.push_back({Trouble::kernel_driver_in_the_way,
                         describe(device) + " is taken by " + device.drivers.front(),
                         "rmmod pn533_usb pn533 nfc, and install card-station.conf in modprobe.d "
                         "so that they stay away"});
    } else if (known->stack == Stack::nfc) {
        look_at_nfc_device(facts, device, *known, found);
    }
    if (known->faulty_below && device.firmware != 0 && device.firmware < *known->faulty_below) {
        found.push_back({Trouble::faulty_firmware,
                         describe(device) + ", firmware " + shown_firmware(device.firmware),
                         "replace the reader, or its firmware with the maker's tool: " +
                             shown_firmware(*known->faulty_below) + " or newer"});
    }
}

void look_at_holders(const Facts& facts, Findings& found) {
    if (!facts.listed || facts.station_runs) {
        return;  // a station at work holds its readers by right
    }
    for (const ListedReader& listed : *facts.listed) {
        if (listed.held) {
            found.push_back({Trouble::claimed_by_another_program, listed.name,
                             "end the program that uses it: lsof -U | grep pcscd"});
        }
    }
}

}  // namespace

const TroubleWords& words(Trouble trouble) {
    static constexpr std::array<TroubleWords, 9> table{{
        {"pcscd_not_running", "讀卡機服務未啟動", "The PC/SC service is not running"},
        {"no_access_to_pcscd", "沒有使用讀卡機服務的權限", "The PC/SC service denies access"},
        {"worker_unusable", "讀卡機程式無法執行", "The program reader-worker does not work"},
        {"reader_missing", "找不到讀卡機", "A configured reader is not there"},
        {"binding_wrong", "讀卡機設定有誤", "The configuration binds readers wrongly"},
        {"kernel_driver_in_the_way", "系統核心驅動程式占用讀卡機",
         "A driver of the kernel has the reader"},
        {"claimed_by_another_program", "讀卡機被其他程式占用", "Another program has the reader"},
        {"no_access_to_reader", "沒有使用讀卡機的權限", "The reader may not be opened"},
        {"faulty_firmware", "讀卡機韌體版本有已知問題",
         "The reader's firmware is known to be faulty"},
    }};
    return table.at(static_cast<std::size_t>(trouble));
}

std::vector<Finding> diagnose(const Facts& facts) {
    Findings found;
    look_at_service(facts, found);
    look_at_bindings(facts, found);
    for (const UsbDevice& device : facts.devices) {
        look_at_device(facts, device, found);
    }
    look_at_holders(facts, found);
    return found;
}

}  // namespace card::doctor
