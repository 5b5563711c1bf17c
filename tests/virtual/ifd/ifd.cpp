// A driver for pcscd (IFD handler 3.0) whose readers are USB devices and whose cards are programs:
// for tests of plugging in and out. It tells of cards at once, where vsmartcard's driver is asked
// every 400 ms and cannot be plugged in at all.
//
// The reader of the USB device 001/004 listens at $IFD_CARD_DIR/001-004.sock; whoever connects is
// its card, until the connection ends. Messages are those of vsmartcard: length (u16, big endian)
// and octets; a single octet 0, 1, 2 or 4 to the card is power off, power on, reset, or asks for
// the ATR.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

extern "C" {  // the header has no linkage of its own
#include <ifdhandler.h>
}
#include <reader.h>

#include "tests/virtual/vcard/descriptor.hpp"

namespace {

using virtual_card::Descriptor;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t power_off = 0;
constexpr std::uint8_t power_on = 1;
constexpr std::uint8_t warm_reset = 2;
constexpr std::uint8_t send_atr = 4;
constexpr std::uint32_t usb_channel = 0x00200000;  // PC/SC part 3: bus and number below

/// "usb:072f/2200:libudev:0:/dev/bus/usb/001/004", as pcscd names a device.
struct UsbName {
    int bus = 0;
    int number = 0;

    static std::optional<UsbName> parse(std::string_view device) {
        constexpr std::string_view folder = "/dev/bus/usb/";
        const std::size_t at = device.find(folder);
        UsbName name;
        if (at == std::string_view::npos ||
            std::sscanf(std::string(device.substr(at + folder.size())).c_str(), "%3d/%3d",
                        &name.bus, &name.number) != 2) {
            return std::nullopt;
        }
        return name;
    }
    [[nodiscard]] std::string socket() const {
        // Set by the test before pcscd starts.
        const char* folder = std::getenv("IFD_CARD_DIR");  // NOLINT(concurrency-mt-unsafe)
        std::array<char, 16> file{};
        (void)std::snprintf(file.data(), file.size(), "%03d-%03d.sock", bus, number);
        return std::string(folder == nullptr ? "/run" : folder) + "/" + file.data();
    }
    [[nodiscard]] std::uint32_t channel() const {
        return usb_channel | static_cast<std::uint32_t>(bus << 8 | number);
    }
};

/// One reader with one slot. pcscd calls all but `wait` and `wake` one at a time.
class Reader {
  public:
    explicit Reader(const UsbName& name) : name_(name), wake_(eventfd(0, EFD_CLOEXEC)) {}
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { ::unlink(name_.socket().c_str()); }

    bool listen() {
        const std::string path = name_.socket();
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (path.size() >= sizeof address.sun_path) {
            return false;
        }
        std::copy(path.begin(), path.end(), std::begin(address.sun_path));
        ::unlink(path.c_str());
        Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        listener_ = std::move(listener);
        return ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address),
                      sizeof address) == 0 &&
               ::listen(listener_.get(), 1) == 0;
    }

    [[nodiscard]] std::uint32_t channel() const { return name_.channel(); }
    [[nodiscard]] const Bytes& atr() const { return atr_; }

    /// Until a card comes or goes, `wake` is called or the time is over.
    void wait(int timeout_ms) {
        std::array<pollfd, 2> watched{};
        {
            const std::scoped_lock lock(mutex_);
            const short events = card_ ? POLLRDHUP : POLLIN;
            watched = {
                {{wake_.get(), POLLIN, 0}, {card_ ? card_.get() : listener_.get(), events, 0}}};
        }
        ::poll(watched.data(), watched.size(), timeout_ms);
        eventfd_t count = 0;
        if (watched[0].revents != 0) {
            eventfd_read(wake_.get(), &count);
        }
    }
    void wake() { eventfd_write(wake_.get(), 1); }

    bool has_card() {
        if (card_) {
            pollfd gone{card_.get(), POLLRDHUP, 0};
            if (::poll(&gone, 1, 0) == 0) {
                return true;
            }
            drop_card();
            return false;
        }
        Descriptor card(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!card) {
            return false;
        }
        const std::scoped_lock lock(mutex_);
        card_ = std::move(card);
        return true;
    }

    bool power(std::uint8_t how) {
        atr_.clear();
        if (!tell({&how, 1})) {
            return how == power_off;
        }
        if (how == power_off) {
            return true;
        }
        const std::optional<Bytes> answer = ask({&send_atr, 1});
        if (!answer || answer->empty() || answer->size() > MAX_ATR_SIZE) {
            return false;
        }
        atr_ = *answer;
        return true;
    }

    /// Nothing when the card has left; it is dropped then.
    std::optional<Bytes> ask(std::span<const std::uint8_t> message) {
        std::array<std::uint8_t, 2> head{};
        if (tell(message) && receive(head)) {
            Bytes answer(static_cast<std::size_t>(head[0] << 8 | head[1]));
            if (receive(answer)) {
                return answer;
            }
        }
        drop_card();
        wake();
        return std::nullopt;
    }

  private:
    bool tell(std::span<const std::uint8_t> message) {
        Bytes framed{static_cast<std::uint8_t>(message.size() >> 8U),
                     static_cast<std::uint8_t>(message.size())};
        framed.insert(framed.end(), message.begin(), message.end());
        return card_ && ::send(card_.get(), framed.data(), framed.size(), MSG_NOSIGNAL) ==
                            static_cast<ssize_t>(framed.size());
    }
    bool receive(std::span<std::uint8_t> out) {
        return out.empty() || ::recv(card_.get(), out.data(), out.size(), MSG_WAITALL) ==
                                  static_cast<ssize_t>(out.size());
    }
    void drop_card() {
        const std::scoped_lock lock(mutex_);
        if (card_) {
            ::shutdown(card_.get(), SHUT_RDWR);  // ends a poll on it
        }
        card_ = Descriptor();
        atr_.clear();
    }

    const UsbName name_;
    Descriptor listener_;
    Descriptor wake_;
    std::mutex mutex_;  // over card_, which wait reads
    Descriptor card_;
    Bytes atr_;
};

std::mutex readers_mutex;
std::map<DWORD, std::shared_ptr<Reader>> readers;

std::shared_ptr<Reader> reader_of(DWORD lun) {
    const std::scoped_lock lock(readers_mutex);
    const auto found = readers.find(lun);
    return found == readers.end() ? nullptr : found->second;
}

RESPONSECODE wait_for_event(DWORD lun, int timeout_ms) {
    const std::shared_ptr<Reader> reader = reader_of(lun);
    if (!reader) {
        return IFD_NO_SUCH_DEVICE;
    }
    reader->wait(timeout_ms);
    return IFD_SUCCESS;
}

RESPONSECODE stop_waiting(DWORD lun) {
    if (const std::shared_ptr<Reader> reader = reader_of(lun)) {
        reader->wake();
    }
    return IFD_SUCCESS;
}

RESPONSECODE give(const void* value, std::size_t size, PDWORD length, PUCHAR out) {
    if (*length < size) {
        return IFD_ERROR_INSUFFICIENT_BUFFER;
    }
    std::memcpy(out, value, size);
    *length = size;
    return IFD_SUCCESS;
}

template <class Value>
RESPONSECODE give(const Value& value, PDWORD length, PUCHAR out) {
    return give(&value, sizeof value, length, out);
}

}  // namespace

extern "C" {

RESPONSECODE IFDHCreateChannelByName(DWORD lun, LPSTR device) {
    const std::optional<UsbName> name = UsbName::parse(device);
    if (!name) {
        return IFD_NO_SUCH_DEVICE;
    }
    const auto reader = std::make_shared<Reader>(*name);
    if (!reader->listen()) {
        return IFD_COMMUNICATION_ERROR;
    }
    const std::scoped_lock lock(readers_mutex);
    readers[lun] = reader;
    return IFD_SUCCESS;
}

RESPONSECODE IFDHCreateChannel(DWORD /*lun*/, DWORD /*channel*/) {
    return IFD_NOT_SUPPORTED;
}

RESPONSECODE IFDHCloseChannel(DWORD lun) {
    const std::scoped_lock lock(readers_mutex);
    readers.erase(lun);
    return IFD_SUCCESS;
}

RESPONSECODE IFDHGetCapabilities(DWORD lun, DWORD tag, PDWORD length, PUCHAR value) {
    constexpr std::uint8_t one = 1;
    constexpr std::uint8_t many = 16;
    const std::shared_ptr<Reader> reader = reader_of(lun);
    switch (tag) {
        case TAG_IFD_SLOTS_NUMBER:
        case TAG_IFD_THREAD_SAFE:
            return give(one, length, value);
        case TAG_IFD_SIMULTANEOUS_ACCESS:
            return give(many, length, value);
        case TAG_IFD_POLLING_THREAD_WITH_TIMEOUT:
            return give(&wait_for_event, length, value);
        case TAG_IFD_STOP_POLLING_THREAD:
            return give(&stop_waiting, length, value);
        case SCARD_ATTR_CHANNEL_ID:
            return reader ? give(reader->channel(), length, value) : IFD_NO_SUCH_DEVICE;
        case TAG_IFD_ATR:
        case SCARD_ATTR_ATR_STRING:
            return reader ? give(reader->atr().data(), reader->atr().size(), length, value)
                          : IFD_NO_SUCH_DEVICE;
        default:
            *length = 0;
            return IFD_ERROR_TAG;
    }
}

RESPONSECODE IFDHSetCapabilities(DWORD /*lun*/, DWORD /*tag*/, DWORD /*length*/, PUCHAR /*value*/) {
    return IFD_NOT_SUPPORTED;
}

RESPONSECODE IFDHSetProtocolParameters(DWORD /*lun*/, DWORD /*protocol*/, UCHAR /*flags*/,
                                       UCHAR /*pts1*/, UCHAR /*pts2*/, UCHAR /*pts3*/) {
    return IFD_SUCCESS;
}

RESPONSECODE IFDHPowerICC(DWORD lun, DWORD action, PUCHAR atr, PDWORD length) {
    const std::shared_ptr<Reader> reader = reader_of(lun);
    *length = 0;
    if (!reader) {
        return IFD_NO_SUCH_DEVICE;
    }
    const bool off = action == IFD_POWER_DOWN;
    if (!reader->power(off ? power_off : action == IFD_RESET ? warm_reset : power_on)) {
        return IFD_ERROR_POWER_ACTION;
    }
    std::copy(reader->atr().begin(), reader->atr().end(), atr);
    *length = reader->atr().size();
    return IFD_SUCCESS;
}

RESPONSECODE IFDHTransmitToICC(DWORD lun, SCARD_IO_HEADER send, PUCHAR command, DWORD command_size,
                               PUCHAR answer, PDWORD answer_size, PSCARD_IO_HEADER receive) {
    const std::shared_ptr<Reader> reader = reader_of(lun);
    const std::optional<Bytes> got =
        reader ? reader->ask({command, command_size}) : std::optional<Bytes>();
    if (!got || got->size() > *answer_size) {
        *answer_size = 0;
        return IFD_COMMUNICATION_ERROR;
    }
    std::copy(got->begin(), got->end(), answer);
    *answer_size = got->size();
    if (receive != nullptr) {
        receive->Protocol = send.Protocol;
    }
    return IFD_SUCCESS;
}

RESPONSECODE IFDHControl(DWORD /*lun*/, DWORD /*code*/, PUCHAR /*in*/, DWORD /*in_size*/,
                         PUCHAR /*out*/, DWORD /*out_size*/, LPDWORD got) {
    *got = 0;
    return IFD_ERROR_NOT_SUPPORTED;
}

RESPONSECODE IFDHICCPresence(DWORD lun) {
    const std::shared_ptr<Reader> reader = reader_of(lun);
    if (!reader) {
        return IFD_NO_SUCH_DEVICE;
    }
    return reader->has_card() ? IFD_ICC_PRESENT : IFD_ICC_NOT_PRESENT;
}

}  // extern "C"
