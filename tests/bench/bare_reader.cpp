#include "tests/bench/bare_reader.hpp"

#include <algorithm>
#include <stdexcept>

#include <winscard.h>

namespace figures {
namespace {

constexpr DWORD patience_ms = 5'000;
constexpr std::size_t room_for_answer = 512;

void require(LONG code, const char* call) {
    if (code != SCARD_S_SUCCESS) {
        throw std::runtime_error(std::string(call) + ": " + pcsc_stringify_error(code));
    }
}

}  // namespace

struct BareReader::Service {
    SCARDCONTEXT context{};
    Service() {
        require(SCardEstablishContext(SCARD_SCOPE_SYSTEM, nullptr, nullptr, &context),
                "SCardEstablishContext");
    }
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    ~Service() { SCardReleaseContext(context); }
};

BareReader::BareReader(std::string name)
    : service_(std::make_unique<Service>()), name_(std::move(name)) {}

BareReader::~BareReader() = default;

void BareReader::wait_for_card() {
    SCARD_READERSTATE look{};
    look.szReader = name_.c_str();
    look.dwCurrentState = SCARD_STATE_UNAWARE;
    do {
        require(SCardGetStatusChange(service_->context, patience_ms, &look, 1),
                "SCardGetStatusChange");
        look.dwCurrentState = look.dwEventState & ~DWORD{SCARD_STATE_CHANGED};
    } while ((look.dwEventState & SCARD_STATE_PRESENT) == 0);
}

void BareReader::replay(const Dialogue& dialogue) {
    wait_for_card();
    SCARDHANDLE card{};
    DWORD protocol = 0;
    require(SCardConnect(service_->context, name_.c_str(), SCARD_SHARE_EXCLUSIVE,
                         SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &card, &protocol),
            "SCardConnect");
    const SCARD_IO_REQUEST* const kind =
        protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
    std::array<std::uint8_t, room_for_answer> answer{};
    LONG code = SCARD_S_SUCCESS;
    bool same = true;
    for (const Exchange& exchange : dialogue) {
        DWORD size = answer.size();
        code = SCardTransmit(card, kind, exchange.command.data(), exchange.command.size(), nullptr,
                             answer.data(), &size);
        same = same && code == SCARD_S_SUCCESS &&
               std::equal(exchange.answer.begin(), exchange.answer.end(), answer.begin(),
                          answer.begin() + static_cast<std::ptrdiff_t>(size));
        if (!same) {
            break;
        }
    }
    SCardDisconnect(card, SCARD_RESET_CARD);
    require(code, "SCardTransmit");
    if (!same) {
        throw std::runtime_error("the replay's answers are not the recorded ones");
    }
}

}  // namespace figures
