#include "reader/nfc/fault.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <nfc/nfc.h>

namespace card::reader {
namespace {

struct Meaning {
    int code;
    Fault fault;
    std::string_view words;
};

constexpr std::array<Meaning, 12> meanings{{
    {NFC_EIO, Fault::present_same_card_again, "reader lost, or its answer malformed"},
    {NFC_EINVARG, Fault::restart_worker, "invalid argument"},
    {NFC_EDEVNOTSUPP, Fault::restart_worker, "not supported by the reader"},
    {NFC_ENOTSUCHDEV, Fault::present_same_card_again, "no such reader"},
    {NFC_EOVFLOW, Fault::set_card_aside, "longer than any answer to a short APDU"},
    {NFC_ETIMEOUT, Fault::present_same_card_again, "the reader does not answer"},
    {NFC_EOPABORTED, Fault::present_same_card_again, "aborted"},
    {NFC_ENOTIMPL, Fault::restart_worker, "not implemented"},
    {NFC_ETGRELEASED, Fault::present_same_card_again, "the card was released"},
    {NFC_ERFTRANS, Fault::present_same_card_again, "the card does not answer"},
    {NFC_ESOFT, Fault::restart_worker, "software error"},
    // Also what the library makes of statuses that it does not know.
    {NFC_ECHIP, Fault::present_same_card_again, "the reader's chip reports an error"},
}};

}  // namespace

Failure nfc_failure(std::string_view function, int code) {
    const auto* const known = std::find_if(meanings.begin(), meanings.end(),
                                           [code](const Meaning& one) { return one.code == code; });
    const bool found = known != meanings.end();
    std::string detail(function);
    detail.append(": ").append(std::to_string(code)).append(" ");
    detail.append(found ? known->words : "no code that is known");
    return {found ? known->fault : Fault::restart_worker, std::move(detail)};
}

}  // namespace card::reader
