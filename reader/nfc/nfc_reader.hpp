#pragma once
// One reader that libnfc drives, by its connection string. Blocking; everything but `interrupt`
// belongs to one thread.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "cardformat/base/bytes.hpp"
#include "cardformat/base/result.hpp"
#include "reader/link/frame_size.hpp"
#include "reader/link/messages.hpp"
#include "reader/link/reader_status.hpp"
#include "reader/nfc/device.hpp"

namespace card::reader {

class NfcReader {
  public:
    /// Start octet and checksum take three of a frame.
    static constexpr FrameSize largest_frame{NfcDevice::max_command_size + 3};

    /// How often a reader is looked at: for a card where there is none, and whether it has left
    /// where there is one.
    static constexpr std::chrono::milliseconds look_interval{200};

    /// `connection` is libnfc's connection string. Does not touch the reader.
    explicit NfcReader(std::string connection, NfcTimeouts timeouts = {})
        : connection_(std::move(connection)), device_(timeouts) {}
    NfcReader(const NfcReader&) = delete;
    NfcReader& operator=(const NfcReader&) = delete;

    /// Looks at the reader until its status differs from the last one given, and gives it at once
    /// the first time and after a failure that has passed. Nothing after `interrupt`. Fails with
    /// `wait_for_reader` or `grant_reader_access`; the next call tries again after a pause and may
    /// report the same failure again.
    [[nodiscard]] Result<std::optional<ReaderStatus>> wait_for_change();

    /// From any thread: makes a running `wait_for_change`, or else the next one, return nothing. A
    /// look that is under way is ended first.
    void interrupt();

    /// From any thread: makes a running `wait_for_change`, or else the next one, look at once. A
    /// reader that could not be opened may have been plugged in.
    void look_now();

    /// Opens a connection to the card. Takes note of the insertion it connects to: `insertion`
    /// gives its event count. `set_card_aside` for a card that speaks no APDUs.
    [[nodiscard]] Result<void> connect();
    /// The event count when `connect` was last called, nothing if no card was seen then.
    [[nodiscard]] std::optional<std::uint16_t> insertion() const { return insertion_; }

    /// Sends one APDU and gives the answer, 2 octets at least.
    [[nodiscard]] Result<Bytes> transmit(BytesView apdu);

    /// Ends the connection, if one is open. `reset` switches the field off, and so does any end
    /// after a failed transmission: the reader is opened afresh.
    void disconnect(Disposition disposition);

  private:
    /// False when interrupted.
    [[nodiscard]] bool pause();
    [[nodiscard]] Result<void> look();
    [[nodiscard]] Result<void> look_for_card();
    [[nodiscard]] Result<void> switch_field_off();
    void lose_device();
    [[nodiscard]] ReaderStatus status() const;

    const std::string connection_;
    NfcDevice device_;
    std::optional<NfcTarget> card_;  ///< that was there at the last look
    bool activated_ = false;         ///< and has kept its place and its power since
    bool field_off_ = false;         ///< surely
    std::uint16_t insertions_ = 0;
    bool connected_ = false;
    bool exchange_failed_ = false;  ///< the last of this connection did
    std::optional<std::uint16_t> insertion_;
    bool given_ = false;  ///< a status was, since the reader was opened
    std::optional<std::uint16_t> given_insertion_;
    std::chrono::milliseconds pause_{0};

    std::mutex mutex_;  // over what follows, which `interrupt` uses too
    std::condition_variable changed_;
    bool interrupted_ = false;
    bool look_now_ = false;
};

}  // namespace card::reader
