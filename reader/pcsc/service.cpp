#include "reader/pcsc/service.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <type_traits>

#include <reader.h>
#include <unistd.h>
#include <winscard.h>

#include "reader/pcsc/fault.hpp"

namespace card::reader {
namespace {

static_assert(std::is_same_v<SCARDCONTEXT, long> && std::is_same_v<SCARDHANDLE, long> &&
              std::is_same_v<DWORD, unsigned long>);

// PC/SC part 3, 3.1.1: type in the upper half, 0x0020 for USB; libccid puts bus and number below.
constexpr std::uint32_t usb_channel = 0x0020;

std::string service_socket() {
    // Nothing here changes the environment.
    const char* configured = std::getenv("PCSCLITE_CSOCK_NAME");  // NOLINT(concurrency-mt-unsafe)
    return configured != nullptr ? configured : "/run/pcscd/pcscd.comm";
}

// The library says "no service" for a socket that is there and may not be opened, too.
bool access_is_denied() {
    return access(service_socket().c_str(), R_OK | W_OK) != 0 && errno == EACCES;
}

}  // namespace

std::vector<std::string> reader_names(long context) {
    std::array<char, PCSCLITE_MAX_READERS_CONTEXTS * MAX_READERNAME> names{};
    DWORD size = names.size();
    std::vector<std::string> list;
    if (SCardListReaders(context, nullptr, names.data(), &size) != SCARD_S_SUCCESS) {
        return list;
    }
    for (const char* name = names.data(); *name != '\0'; name += list.back().size() + 1) {
        list.emplace_back(name);
    }
    return list;
}

std::optional<UsbAddress> address_of(long connection) {
    std::array<std::uint8_t, sizeof(DWORD)> octets{};
    DWORD size = octets.size();
    std::uint32_t channel = 0;
    if (SCardGetAttrib(connection, SCARD_ATTR_CHANNEL_ID, octets.data(), &size) !=
            SCARD_S_SUCCESS ||
        size < sizeof channel) {
        return std::nullopt;
    }
    std::memcpy(&channel, octets.data(), sizeof channel);
    if (channel >> 16U != usb_channel) {
        return std::nullopt;
    }
    return UsbAddress{static_cast<std::uint8_t>(channel >> 8U & 0xFFU),
                      static_cast<std::uint8_t>(channel & 0xFFU)};
}

std::vector<ListedReader> listed_readers(long context) {
    std::vector<ListedReader> readers;
    for (const std::string& name : reader_names(context)) {
        ListedReader reader{name, std::nullopt, false};
        SCARDHANDLE connection{};
        DWORD protocol{};
        const LONG code =
            SCardConnect(context, name.c_str(), SCARD_SHARE_DIRECT, 0, &connection, &protocol);
        if (code == SCARD_S_SUCCESS) {
            reader.address = address_of(connection);
            SCardDisconnect(connection, SCARD_LEAVE_CARD);
        }
        reader.held = code == SCARD_E_SHARING_VIOLATION;
        readers.push_back(std::move(reader));
    }
    return readers;
}

Result<long> establish_context() {
    SCARDCONTEXT context{};
    const LONG code = SCardEstablishContext(SCARD_SCOPE_SYSTEM, nullptr, nullptr, &context);
    if (code != SCARD_S_SUCCESS) {
        Failure failure = failure_of("SCardEstablishContext", code);
        failure.fault = access_is_denied() ? Fault::grant_reader_access : failure.fault;
        return tl::make_unexpected(std::move(failure));
    }
    return context;
}

Result<std::vector<ListedReader>> list_readers() {
    const Result<long> context = establish_context();
    if (!context) {
        return tl::make_unexpected(context.error());
    }
    std::vector<ListedReader> readers = listed_readers(*context);
    SCardReleaseContext(*context);
    return readers;
}

}  // namespace card::reader
