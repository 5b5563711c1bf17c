#pragma once
// One reader of libnfc: each call blocks for a bounded time. Belongs to one thread.

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "cardformat/base/bytes.hpp"
#include "cardformat/base/result.hpp"
#include "reader/nfc/port_lock.hpp"

struct nfc_context;
struct nfc_device;

namespace card::reader {

/// A type A card as it was found and selected (ISO/IEC 14443-3 and -4).
struct NfcTarget {
    Bytes uid;
    Bytes ats;                  ///< without its length octet
    bool speaks_apdus = false;  ///< its SAK says ISO/IEC 14443-4
};

/// How long the chip is waited for.
struct NfcTimeouts {
    std::chrono::milliseconds command{1'000};
    /// Of one APDU. Less than the station's patience, so that a dead chip is told of before the
    /// worker is killed. A card that asks for more time (S(WTX)) is waited for by the chip:
    /// FormatPICC takes seconds.
    std::chrono::milliseconds exchange{8'000};
};

class NfcDevice {
  public:
    /// The longest command that a PN53x is trusted with. More would have to be chained over the
    /// air, which fails, and from 263 octets on the library overruns its buffer.
    static constexpr std::size_t max_command_size = 55;

    explicit NfcDevice(NfcTimeouts timeouts);
    NfcDevice(const NfcDevice&) = delete;
    NfcDevice& operator=(const NfcDevice&) = delete;
    ~NfcDevice();

    /// Takes the reader, and leaves its field off. `wait_for_reader` or `grant_reader_access`.
    [[nodiscard]] Result<void> open(const std::string& connection);
    [[nodiscard]] bool is_open() const { return device_ != nullptr; }
    void close();

    // These need an open device. After a failure it should be closed and opened afresh.

    /// Switches the field on and looks for a card, about 50 ms where there is none. Nothing: none.
    [[nodiscard]] Result<std::optional<NfcTarget>> select();
    /// Whether the card that was selected last, if it speaks APDUs, is there and has not left the
    /// field since.
    [[nodiscard]] bool is_present();
    /// Sends one APDU of at most `max_command_size` octets.
    [[nodiscard]] Result<Bytes> exchange(BytesView apdu);
    [[nodiscard]] Result<void> switch_field_off();

  private:
    struct FreeContext {
        void operator()(nfc_context* context) const;
    };
    struct CloseDevice {
        void operator()(nfc_device* device) const;
    };

    const NfcTimeouts timeouts_;
    std::unique_ptr<nfc_context, FreeContext> context_;
    std::optional<PortLock> lock_;
    std::unique_ptr<nfc_device, CloseDevice> device_;
};

}  // namespace card::reader
