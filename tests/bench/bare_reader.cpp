#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <thread>

#include <winscard.h>

#include "tests/bench/bare.hpp"
#include "tests/bench/parrot.hpp"

namespace figures {
namespace {

using namespace std::chrono_literals;

/// The slot of the production reader's driver that stays empty: the same driver and the same
/// pcscd, and the station does not look at it.
constexpr std::uint16_t spare_port = 35964;
constexpr const char* spare_reader = "Virtual Reader 0 00 01";
/// The driver is polled every 400 ms; the next card must be a new one.
constexpr auto until_seen_gone = 900ms;
constexpr DWORD patience_ms = 5'000;
constexpr std::size_t room_for_answer = 512;

void require(LONG code, const char* call) {
    if (code != SCARD_S_SUCCESS) {
        throw std::runtime_error(std::string(call) + ": " + pcsc_stringify_error(code));
    }
}

struct Service {
    SCARDCONTEXT context{};
    Service() {
        require(SCardEstablishContext(SCARD_SCOPE_SYSTEM, nullptr, nullptr, &context),
                "SCardEstablishContext");
    }
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    ~Service() { SCardReleaseContext(context); }
};

class BareReader {
  public:
    explicit BareReader(std::string name) : name_(std::move(name)) {}

    /// Waits for a card, sends it the dialogue's commands and lets go of it. Throws where an answer
    /// differs.
    void replay(const Dialogue& dialogue);

  private:
    void wait_for_card();

    Service service_;
    std::string name_;
};

void BareReader::wait_for_card() {
    SCARD_READERSTATE look{};
    look.szReader = name_.c_str();
    look.dwCurrentState = SCARD_STATE_UNAWARE;
    do {
        require(SCardGetStatusChange(service_.context, patience_ms, &look, 1),
                "SCardGetStatusChange");
        look.dwCurrentState = look.dwEventState & ~DWORD{SCARD_STATE_CHANGED};
    } while ((look.dwEventState & SCARD_STATE_PRESENT) == 0);
}

void BareReader::replay(const Dialogue& dialogue) {
    wait_for_card();
    SCARDHANDLE card{};
    DWORD protocol = 0;
    require(SCardConnect(service_.context, name_.c_str(), SCARD_SHARE_EXCLUSIVE,
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

}  // namespace

Bare bare_pcsc() {
    const auto reader = std::make_shared<BareReader>(spare_reader);
    return {"SCardTransmit", [reader](const Dialogue& dialogue) {
                Parrot parrot(spare_port, dialogue);
                reader->replay(dialogue);
                Dialogue heard = parrot.leave();
                std::this_thread::sleep_for(until_seen_gone);
                return heard;
            }};
}

}  // namespace figures
