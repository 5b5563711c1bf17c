#include "station/doctor/collect.hpp"

#include <chrono>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <unistd.h>

#include "reader/host/reader_list.hpp"
#include "reader/usb/usb_devices.hpp"

namespace card::doctor {
namespace {

constexpr std::chrono::seconds list_patience{5};
constexpr std::string_view unix_scheme = "unix:";

/// Somebody listens at the control socket.
bool station_runs(const config::Config& config) {
    const std::string control = config.control.text();
    if (!control.starts_with(unix_scheme)) {
        return false;
    }
    boost::asio::io_context context;
    boost::asio::local::stream_protocol::socket socket(context);
    boost::system::error_code error;
    socket.connect(control.substr(unix_scheme.size()), error);
    return !error;
}

}  // namespace

Facts collect(const config::Config& config) {
    Facts facts{{},
                {},
                reader::list_readers(config.reader_worker, list_patience),
                reader::usb_devices(),
                {},
                station_runs(config)};
    for (const config::ReaderSetting& setting : config.readers) {
        if (const auto* pcsc = std::get_if<reader::PcscAddress>(&setting.address)) {
            facts.bindings.push_back({setting.name, pcsc->binding});
        } else {
            facts.nfc_readers.emplace(setting.name,
                                      std::get<reader::NfcConnection>(setting.address));
        }
    }
    for (const reader::UsbDevice& device : facts.devices) {
        for (const std::string& node : {device.node, device.port}) {
            if (!node.empty() && access(node.c_str(), R_OK | W_OK) != 0) {
                facts.closed_nodes.push_back(node);
            }
        }
    }
    return facts;
}

}  // namespace card::doctor
