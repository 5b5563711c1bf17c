#include "reader/pcsc/pcsc_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <type_traits>
#include <utility>

#include <unistd.h>
#include <winscard.h>

#include "reader/pcsc/fault.hpp"

namespace card::reader {
namespace {

static_assert(std::is_same_v<SCARDCONTEXT, long> && std::is_same_v<SCARDHANDLE, long> &&
              std::is_same_v<DWORD, unsigned long>);

// The service's name for "readers came or went". It compares counts from the beginning of the call,
// so a reader that appears just before would be missed for ever: hence a wait that ends.
constexpr const char* reader_list_name = R"(\\?PnP?\Notification)";
constexpr DWORD reader_list_wait_ms = 10'000;

constexpr std::chrono::milliseconds min_pause{250};
constexpr std::chrono::milliseconds max_pause{2'000};
constexpr std::chrono::milliseconds cancel_interval{2};

// Long enough to notice an answer that is too long for a short APDU, short enough for a frame.
constexpr std::size_t receive_size = max_frame_size - 1;

std::string service_socket() {
    // Nothing here changes the environment.
    const char* configured = std::getenv("PCSCLITE_CSOCK_NAME");  // NOLINT(concurrency-mt-unsafe)
    return configured != nullptr ? configured : "/run/pcscd/pcscd.comm";
}

// The library says "no service" for a socket that is there and may not be opened, too.
bool access_is_denied() {
    return access(service_socket().c_str(), R_OK | W_OK) != 0 && errno == EACCES;
}

std::string present_readers(SCARDCONTEXT context) {
    std::array<char, PCSCLITE_MAX_READERS_CONTEXTS * MAX_READERNAME> names{};
    DWORD size = names.size();
    if (SCardListReaders(context, nullptr, names.data(), &size) != SCARD_S_SUCCESS) {
        return "none";
    }
    std::string list;
    for (const char* name = names.data(); *name != '\0';
         name += std::string_view(name).size() + 1) {
        list.append(list.empty() ? "" : ", ").append(name);
    }
    return list;
}

std::uint16_t event_count_of(DWORD state) {
    return static_cast<std::uint16_t>(state >> 16U);
}

ReaderStatus status_of(const SCARD_READERSTATE& state) {
    ReaderStatus status;
    status.card_present = (state.dwEventState & SCARD_STATE_PRESENT) != 0;
    status.event_count = event_count_of(state.dwEventState);
    status.held = (state.dwEventState & (SCARD_STATE_EXCLUSIVE | SCARD_STATE_INUSE)) != 0;
    if (status.card_present) {
        const std::size_t size = std::min<std::size_t>(state.cbAtr, MAX_ATR_SIZE);
        status.atr.assign(state.rgbAtr, state.rgbAtr + size);
    }
    return status;
}

}  // namespace

struct PcscReader::Look {
    SCARD_READERSTATE state{};

    Look(const char* name, DWORD known_state) {
        state.szReader = name;
        state.dwCurrentState = known_state;
    }
};

PcscReader::PcscReader(std::string name) : name_(std::move(name)) {}

PcscReader::~PcscReader() {
    disconnect(Disposition::reset);
    release();
}

Result<void> PcscReader::establish() {
    if (context_) {
        return {};
    }
    SCARDCONTEXT context{};
    const LONG code = SCardEstablishContext(SCARD_SCOPE_SYSTEM, nullptr, nullptr, &context);
    if (code != SCARD_S_SUCCESS) {
        Failure failure = failure_of("SCardEstablishContext", code);
        failure.fault = access_is_denied() ? Fault::grant_reader_access : failure.fault;
        return tl::make_unexpected(std::move(failure));
    }
    const std::scoped_lock lock(mutex_);
    context_ = context;
    return {};
}

void PcscReader::release() {
    const std::scoped_lock lock(mutex_);
    if (context_) {
        SCardReleaseContext(*context_);
    }
    context_.reset();
    connection_.reset();
    seen_state_ = SCARD_STATE_UNAWARE;
    reader_missing_ = false;
}

bool PcscReader::pause_after_failure() {
    if (pause_ == std::chrono::milliseconds::zero()) {
        return true;
    }
    std::unique_lock lock(mutex_);
    const bool interrupted = changed_.wait_for(lock, pause_, [this] { return interrupted_; });
    interrupted_ = false;
    return !interrupted;
}

std::optional<long> PcscReader::wait(Look& look, unsigned long timeout_ms) {
    {
        const std::scoped_lock lock(mutex_);
        if (std::exchange(interrupted_, false)) {
            return std::nullopt;
        }
        waiting_ = true;
    }
    const LONG code = SCardGetStatusChange(*context_, timeout_ms, &look.state, 1);
    {
        const std::scoped_lock lock(mutex_);
        waiting_ = false;
        interrupted_ = false;
    }
    changed_.notify_all();
    if (code == SCARD_E_CANCELLED) {
        return std::nullopt;
    }
    return code;
}

void PcscReader::interrupt() {
    std::unique_lock lock(mutex_);
    interrupted_ = true;
    changed_.notify_all();
    // A cancel that comes before the wait has begun is lost, so it is repeated until the wait ends.
    while (waiting_ && context_) {
        SCardCancel(*context_);
        changed_.wait_for(lock, cancel_interval, [this] { return !waiting_; });
    }
}

Failure PcscReader::missing_reader(long code) {
    reader_missing_ = true;
    seen_state_ = SCARD_STATE_UNAWARE;
    Failure failure = failure_of("SCardGetStatusChange", code);
    failure.detail.append(" \"").append(name_).append("\"; readers present: ");
    failure.detail.append(present_readers(*context_));
    return failure;
}

Failure PcscReader::lost_service(long code) {
    Failure failure = failure_of("SCardGetStatusChange", code);
    if (failure.fault != Fault::grant_reader_access) {
        failure.fault = Fault::start_pcscd;  // watching asks nothing of a card, only of the service
    }
    release();
    return failure;
}

Result<bool> PcscReader::wait_for_reader_list() {
    Look readers(reader_list_name, SCARD_STATE_UNAWARE);
    const std::optional<long> code = wait(readers, reader_list_wait_ms);
    if (!code) {
        return false;
    }
    if (*code != SCARD_S_SUCCESS && *code != SCARD_E_TIMEOUT) {
        return tl::make_unexpected(lost_service(*code));
    }
    reader_missing_ = false;
    return true;
}

Result<std::optional<ReaderStatus>> PcscReader::wait_for_change() {
    if (!pause_after_failure()) {
        return std::nullopt;
    }
    pause_ = std::clamp(pause_ * 2, min_pause, max_pause);  // in case this call fails
    if (Result<void> established = establish(); !established) {
        return tl::make_unexpected(std::move(established.error()));
    }
    if (reader_missing_) {
        Result<bool> list_changed = wait_for_reader_list();
        if (!list_changed) {
            return tl::make_unexpected(std::move(list_changed.error()));
        }
        if (!*list_changed) {
            pause_ = {};
            return std::nullopt;
        }
    }
    Look look(name_.c_str(), seen_state_);
    const std::optional<long> code = wait(look, INFINITE);
    if (code && *code != SCARD_S_SUCCESS && *code != SCARD_E_UNKNOWN_READER &&
        *code != SCARD_E_TIMEOUT) {
        return tl::make_unexpected(lost_service(*code));
    }
    pause_ = {};
    if (!code || *code == SCARD_E_TIMEOUT) {
        return std::nullopt;
    }
    if (*code == SCARD_E_UNKNOWN_READER || (look.state.dwEventState & SCARD_STATE_UNKNOWN) != 0) {
        return tl::make_unexpected(missing_reader(SCARD_E_UNKNOWN_READER));
    }
    if ((look.state.dwEventState & SCARD_STATE_UNAVAILABLE) != 0) {
        return tl::make_unexpected(missing_reader(SCARD_E_READER_UNAVAILABLE));
    }
    seen_state_ = look.state.dwEventState & ~DWORD{SCARD_STATE_CHANGED};
    return status_of(look.state);
}

Result<void> PcscReader::connect() {
    insertion_.reset();
    if (Result<void> established = establish(); !established) {
        return established;
    }
    Look look(name_.c_str(), SCARD_STATE_UNAWARE);
    if (SCardGetStatusChange(*context_, 0, &look.state, 1) == SCARD_S_SUCCESS &&
        (look.state.dwEventState & SCARD_STATE_PRESENT) != 0) {
        insertion_ = event_count_of(look.state.dwEventState);
    }
    SCARDHANDLE connection{};
    const LONG code = SCardConnect(*context_, name_.c_str(), SCARD_SHARE_EXCLUSIVE,
                                   SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &connection, &protocol_);
    if (code != SCARD_S_SUCCESS) {
        seen_state_ =
            SCARD_STATE_UNAWARE;  // what the last look showed may explain nothing any more
        return tl::make_unexpected(failure_of("SCardConnect", code));
    }
    connection_ = connection;
    return {};
}

Result<Bytes> PcscReader::transmit(BytesView apdu) {
    if (!connection_) {
        return fail(Fault::present_same_card_again, "no connection to a card is open");
    }
    const SCARD_IO_REQUEST* const protocol =
        protocol_ == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
    Bytes answer(receive_size);
    DWORD size = answer.size();
    const LONG code = SCardTransmit(*connection_, protocol, apdu.data(), apdu.size(), nullptr,
                                    answer.data(), &size);
    if (code != SCARD_S_SUCCESS) {
        return tl::make_unexpected(failure_of("SCardTransmit", code));
    }
    if (size < 2) {
        return fail(Fault::present_same_card_again, "SCardTransmit: success with " +
                                                        std::to_string(size) +
                                                        " octets, so the card has left");
    }
    answer.resize(std::min<std::size_t>(size, receive_size));
    return answer;
}

void PcscReader::disconnect(Disposition disposition) {
    if (!connection_) {
        return;
    }
    SCardDisconnect(*connection_,
                    disposition == Disposition::reset ? SCARD_RESET_CARD : SCARD_LEAVE_CARD);
    connection_.reset();
}

}  // namespace card::reader
