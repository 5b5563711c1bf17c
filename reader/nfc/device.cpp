#include "reader/nfc/device.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <nfc/nfc.h>

#include "reader/nfc/connection.hpp"
#include "reader/nfc/fault.hpp"

namespace card::reader {
namespace {

// Of a short APDU: 256 octets and the status.
constexpr std::size_t max_answer_size = 258;
constexpr std::uint8_t sak_iso_14443_4 = 0x20;  // ISO/IEC 14443-3, table 9

constexpr nfc_modulation type_a_106{NMT_ISO14443A, NBR_106};

// The library takes 0 for "wait for ever".
int for_library(std::chrono::milliseconds timeout) {
    return std::max(static_cast<int>(timeout.count()), 1);
}

Bytes copy(const std::uint8_t* octets, std::size_t size) {
    return {octets, octets + size};
}

/// The connection string that the library understands, with what the path of a name that udev gives
/// leads to now; and for a serial port its lock.
Result<std::string> prepare(const std::string& connection, std::optional<PortLock>& lock) {
    if (connection.size() > max_connection_size) {
        return fail(Fault::wait_for_reader, "a connection string longer than 1023 octets");
    }
    std::optional<PathConnection> named = PathConnection::parse(connection);
    if (!named) {
        return connection;
    }
    std::error_code error;  // a path without colons, which the library would cut at
    const std::filesystem::path path = std::filesystem::canonical(named->path, error);
    named->path = error ? named->path : path.string();
    if (std::optional<std::string> usb = named->usb_text()) {
        return std::move(*usb);  // no lock: the kernel gives a USB interface to one process only
    }
    Result<PortLock> taken = PortLock::take(named->path);
    if (!taken) {
        return tl::make_unexpected(std::move(taken.error()));
    }
    lock = std::move(*taken);
    return named->text();
}

}  // namespace

void NfcDevice::FreeContext::operator()(nfc_context* context) const {
    nfc_exit(context);
}

void NfcDevice::CloseDevice::operator()(nfc_device* device) const {
    nfc_close(device);
}

NfcDevice::NfcDevice(NfcTimeouts timeouts) : timeouts_(timeouts) {
    // The library complains on standard error of everything that is told of here as a failure.
    setenv("LIBNFC_LOG_LEVEL", "0", 0);  // NOLINT(concurrency-mt-unsafe): no thread reads it yet
    nfc_context* context = nullptr;
    nfc_init(&context);
    context_.reset(context);
}

NfcDevice::~NfcDevice() = default;

Result<void> NfcDevice::open(const std::string& connection) {
    if (!context_) {
        return fail(Fault::wait_for_reader, "nfc_init: no memory");
    }
    const Result<std::string> prepared = prepare(connection, lock_);
    if (!prepared) {
        return tl::make_unexpected(prepared.error());
    }
    nfc_connstring text{};
    std::copy(prepared->begin(), prepared->end(), std::begin(text));
    device_.reset(nfc_open(context_.get(), text));
    if (!device_) {
        close();
        return fail(Fault::wait_for_reader, "nfc_open: no reader answers at " + *prepared);
    }
    int code = nfc_initiator_init(device_.get());
    if (code >= 0) {
        // Or a search for a card would have no end.
        code = nfc_device_set_property_bool(device_.get(), NP_INFINITE_SELECT, false);
    }
    if (code >= 0) {
        code = nfc_device_set_property_int(device_.get(), NP_TIMEOUT_COMMAND,
                                           for_library(timeouts_.command));
    }
    if (code >= 0) {
        code = nfc_device_set_property_bool(device_.get(), NP_ACTIVATE_FIELD, false);
    }
    if (code < 0) {
        close();
        return fail(Fault::wait_for_reader, nfc_failure("nfc_initiator_init", code).detail);
    }
    return {};
}

void NfcDevice::close() {
    device_.reset();
    lock_.reset();
}

Result<std::optional<NfcTarget>> NfcDevice::select() {
    nfc_target found{};
    const int code =
        nfc_initiator_select_passive_target(device_.get(), type_a_106, nullptr, 0, &found);
    if (code < 0) {
        return fail(Fault::wait_for_reader,
                    nfc_failure("nfc_initiator_select_passive_target", code).detail);
    }
    if (code == 0) {
        return std::nullopt;
    }
    const nfc_iso14443a_info& info = found.nti.nai;
    return NfcTarget{copy(info.abtUid, std::min(info.szUidLen, sizeof info.abtUid)),
                     copy(info.abtAts, std::min(info.szAtsLen, sizeof info.abtAts)),
                     (info.btSak & sak_iso_14443_4) != 0};
}

bool NfcDevice::is_present() {
    return nfc_initiator_target_is_present(device_.get(), nullptr) == NFC_SUCCESS;
}

Result<Bytes> NfcDevice::exchange(BytesView apdu) {
    if (apdu.size() > max_command_size) {
        return fail(Fault::restart_worker, "a command of " + std::to_string(apdu.size()) +
                                               " octets is longer than this reader carries");
    }
    std::array<std::uint8_t, max_answer_size> answer{};
    const int size =
        nfc_initiator_transceive_bytes(device_.get(), apdu.data(), apdu.size(), answer.data(),
                                       answer.size(), for_library(timeouts_.exchange));
    if (size < 0) {
        return tl::make_unexpected(nfc_failure("nfc_initiator_transceive_bytes", size));
    }
    if (size < 2) {
        return fail(Fault::present_same_card_again,
                    "nfc_initiator_transceive_bytes: an answer of " + std::to_string(size) +
                        " octets, so the card has left");
    }
    return copy(answer.data(), std::min(static_cast<std::size_t>(size), answer.size()));
}

Result<void> NfcDevice::switch_field_off() {
    const int code = nfc_device_set_property_bool(device_.get(), NP_ACTIVATE_FIELD, false);
    if (code < 0) {
        return fail(Fault::wait_for_reader,
                    nfc_failure("nfc_device_set_property_bool", code).detail);
    }
    return {};
}

}  // namespace card::reader
