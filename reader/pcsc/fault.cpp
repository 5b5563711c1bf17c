#include "reader/pcsc/fault.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

#include <winscard.h>

namespace card::reader {
namespace {

// Some callers of the library sign-extend codes and some do not.
constexpr std::uint32_t code_of(long code) {
    return static_cast<std::uint32_t>(code);
}

Fault fault_of(std::uint32_t code) {
    switch (code) {
        case code_of(SCARD_E_NO_SMARTCARD):
        case code_of(SCARD_E_NOT_READY):
        case code_of(SCARD_E_NOT_TRANSACTED):
        case code_of(SCARD_E_PROTO_MISMATCH):
        case code_of(SCARD_E_COMM_DATA_LOST):
        case code_of(SCARD_E_TIMEOUT):
        case code_of(SCARD_F_COMM_ERROR):
        case code_of(SCARD_W_UNSUPPORTED_CARD):
        case code_of(SCARD_W_UNRESPONSIVE_CARD):
        case code_of(SCARD_W_UNPOWERED_CARD):
        case code_of(SCARD_W_RESET_CARD):
        case code_of(SCARD_W_REMOVED_CARD):
            return Fault::present_same_card_again;
        case code_of(SCARD_E_INSUFFICIENT_BUFFER):
            return Fault::set_card_aside;  // longer than any answer to a short APDU
        case code_of(SCARD_E_UNKNOWN_READER):
        case code_of(SCARD_E_READER_UNAVAILABLE):
        case code_of(SCARD_E_NO_READERS_AVAILABLE):
        case code_of(SCARD_E_READER_UNSUPPORTED):
        case code_of(SCARD_E_SHARING_VIOLATION):
            return Fault::wait_for_reader;
        case code_of(SCARD_E_NO_SERVICE):
        case code_of(SCARD_E_SERVICE_STOPPED):
            return Fault::start_pcscd;
        case code_of(SCARD_E_NO_ACCESS):
        case code_of(SCARD_W_SECURITY_VIOLATION):
            return Fault::grant_reader_access;
        default:
            return Fault::restart_worker;
    }
}

}  // namespace

Failure failure_of(std::string_view function, long code) {
    std::array<char, 16> number{};
    (void)std::snprintf(number.data(), number.size(), "0x%08X", code_of(code));
    std::string detail(function);
    detail.append(": ")
        .append(number.data())
        .append(" ")
        .append(pcsc_stringify_error(static_cast<LONG>(code_of(code))));
    return Failure{fault_of(code_of(code)), std::move(detail)};
}

}  // namespace card::reader
