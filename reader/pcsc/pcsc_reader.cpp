#include "reader/pcsc/pcsc_reader.hpp"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include <winscard.h>

#include "reader/pcsc/fault.hpp"
#include "reader/pcsc/feedback.hpp"
#include "reader/pcsc/service.hpp"
#include "reader/usb/usb_devices.hpp"

namespace card::reader {
namespace {

// The service's name for "readers came or went". It compares counts from the beginning of the call,
// so a reader that appears just before would be missed for ever: hence waits that end, short ones
// first, since a reader that a hub resets is back while its going is still being told.
constexpr const char* reader_list_name = R"(\\?PnP?\Notification)";
constexpr std::chrono::milliseconds max_reader_list_wait{10'000};

constexpr std::chrono::milliseconds min_pause{250};
constexpr std::chrono::milliseconds max_pause{2'000};
constexpr std::chrono::milliseconds cancel_interval{2};

// Whoever looks for a reader of its own connects to this one for a moment.
constexpr int max_connect_attempts = 5;
constexpr std::chrono::milliseconds connect_interval{10};

// Long enough to notice an answer that is too long for a short APDU, short enough for a frame.
constexpr std::size_t receive_size = max_frame_size - 1;

std::string joined(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) {
        list.append(list.empty() ? "" : ", ").append(name);
    }
    return list.empty() ? "none" : list;
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

/// Nothing for a reader that is no USB device, or is not plugged in any more.
std::optional<UsbDevice> device_behind(long connection) {
    const std::optional<UsbAddress> address = address_of(connection);
    if (!address) {
        return std::nullopt;
    }
    for (UsbDevice& device : usb_devices()) {
        if (device.address == *address) {
            return std::move(device);
        }
    }
    return std::nullopt;
}

}  // namespace

struct PcscReader::Look {
    SCARD_READERSTATE state{};

    Look(const char* name, DWORD known_state) {
        state.szReader = name;
        state.dwCurrentState = known_state;
    }
};

PcscReader::PcscReader(PcscBinding binding) : binding_(std::move(binding)) {}

PcscReader::~PcscReader() {
    disconnect(Disposition::reset);
    release();
}

Result<void> PcscReader::establish() {
    if (context_) {
        return {};
    }
    const Result<long> context = establish_context();
    if (!context) {
        return tl::make_unexpected(context.error());
    }
    const std::scoped_lock lock(mutex_);
    context_ = *context;
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
    name_.reset();
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

Failure PcscReader::gone(long code) const {
    Failure failure = failure_of("SCardGetStatusChange", code);
    failure.detail.append(" \"").append(*name_).append("\"; readers present: ");
    failure.detail.append(joined(reader_names(*context_)));
    return failure;
}

Failure PcscReader::missing_reader(Failure why) {
    reader_missing_ = true;
    seen_state_ = SCARD_STATE_UNAWARE;
    name_.reset();
    return why;
}

Result<void> PcscReader::locate() {
    if (name_) {
        return {};
    }
    if (const ReaderName* const name = std::get_if<ReaderName>(&binding_.where)) {
        name_ = name->text;
        return {};
    }
    const std::vector<UsbDevice> devices = usb_devices();
    Result<std::string> chosen = choose(binding_, {}, devices);
    // Only to learn where the readers are is each of them connected to: not before one can fit.
    if (std::any_of(devices.begin(), devices.end(),
                    [this](const UsbDevice& device) { return fits(binding_, device); })) {
        chosen = choose(binding_, listed_readers(*context_), devices);
    }
    if (!chosen) {
        return tl::make_unexpected(missing_reader(chosen.error()));
    }
    name_ = *chosen;
    return {};
}

bool PcscReader::is_the_bound_one(long connection) const {
    if (std::holds_alternative<ReaderName>(binding_.where)) {
        return true;
    }
    const std::optional<UsbDevice> device = device_behind(connection);
    return device && fits(binding_, *device);
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
    const std::optional<long> code =
        wait(readers, static_cast<unsigned long>(reader_list_wait_.count()));
    if (!code) {
        return false;
    }
    if (*code != SCARD_S_SUCCESS && *code != SCARD_E_TIMEOUT) {
        return tl::make_unexpected(lost_service(*code));
    }
    reader_list_wait_ = std::min(reader_list_wait_ * 2, max_reader_list_wait);
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
    if (const Result<void> located = locate(); !located) {
        pause_ = {};
        return tl::make_unexpected(located.error());
    }
    Look look(name_->c_str(), seen_state_);
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
        return tl::make_unexpected(missing_reader(gone(SCARD_E_UNKNOWN_READER)));
    }
    if ((look.state.dwEventState & SCARD_STATE_UNAVAILABLE) != 0) {
        return tl::make_unexpected(missing_reader(gone(SCARD_E_READER_UNAVAILABLE)));
    }
    reader_list_wait_ = min_reader_list_wait;
    seen_state_ = look.state.dwEventState & ~DWORD{SCARD_STATE_CHANGED};
    return status_of(look.state);
}

Result<void> PcscReader::connect() {
    insertion_.reset();
    if (Result<void> established = establish(); !established) {
        return established;
    }
    if (Result<void> located = locate(); !located) {
        return located;
    }
    Look look(name_->c_str(), SCARD_STATE_UNAWARE);
    if (SCardGetStatusChange(*context_, 0, &look.state, 1) == SCARD_S_SUCCESS &&
        (look.state.dwEventState & SCARD_STATE_PRESENT) != 0) {
        insertion_ = event_count_of(look.state.dwEventState);
    }
    SCARDHANDLE connection{};
    const LONG code = connect_exclusively(connection);
    if (code != SCARD_S_SUCCESS) {
        seen_state_ =
            SCARD_STATE_UNAWARE;  // what the last look showed may explain nothing any more
        return tl::make_unexpected(failure_of("SCardConnect", code));
    }
    if (!is_the_bound_one(connection)) {
        // Readers were plugged in anew, and the name has gone to another one.
        SCardDisconnect(connection, SCARD_LEAVE_CARD);
        name_.reset();
        seen_state_ = SCARD_STATE_UNAWARE;
        return fail(Fault::wait_for_reader,
                    "another reader has taken the place of the one with " + describe(binding_));
    }
    connection_ = connection;
    return {};
}

long PcscReader::connect_exclusively(long& connection) {
    LONG code = SCARD_S_SUCCESS;
    for (int attempt = 0; attempt < max_connect_attempts; ++attempt) {
        code = SCardConnect(*context_, name_->c_str(), SCARD_SHARE_EXCLUSIVE,
                            SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &connection, &protocol_);
        if (code != SCARD_E_SHARING_VIOLATION) {
            break;
        }
        std::this_thread::sleep_for(connect_interval);
    }
    return code;
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

void PcscReader::give(Cue cue) {
    const std::optional<UsbDevice> device =
        connection_ ? device_behind(*connection_) : std::nullopt;
    const KnownReader* const model = device ? find_known_reader(device->id) : nullptr;
    if (model != nullptr && model->feedback) {
        (void)transmit(feedback_command(*model->feedback, cue));
    }
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
