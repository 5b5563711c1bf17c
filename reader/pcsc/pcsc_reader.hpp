#pragma once
// One reader of the PC/SC service. Blocking; everything but `interrupt` belongs to one thread.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "cardformat/base/bytes.hpp"
#include "cardformat/base/result.hpp"
#include "reader/hotplug/binding.hpp"
#include "reader/link/messages.hpp"
#include "reader/link/reader_status.hpp"

namespace card::reader {

class PcscReader {
  public:
    /// Does not touch the service.
    explicit PcscReader(PcscBinding binding);
    PcscReader(const PcscReader&) = delete;
    PcscReader& operator=(const PcscReader&) = delete;
    ~PcscReader();

    /// Blocks until the status differs from the last one given, and at once the first time and
    /// after a failure that has passed. Nothing after `interrupt`. Fails with `wait_for_reader`,
    /// `start_pcscd`, `grant_reader_access`, or `correct_configuration` while more than one reader
    /// fits; the next call waits for that to pass and may report the same failure again.
    [[nodiscard]] Result<std::optional<ReaderStatus>> wait_for_change();

    /// From any thread: makes a running `wait_for_change`, or else the next one, return nothing.
    void interrupt();

    /// Opens an exclusive connection to the card, T=0 or T=1, and makes sure that the reader is the
    /// bound one and not another that has its name now. Takes note of the insertion it connects to:
    /// `insertion` gives its event count.
    [[nodiscard]] Result<void> connect();
    /// The event count when `connect` was last called, nothing if no card was seen then.
    [[nodiscard]] std::optional<std::uint16_t> insertion() const { return insertion_; }

    /// Sends one APDU and gives the answer, 2 octets at least. There is no timeout: a card or
    /// driver that hangs is survived by killing this process.
    [[nodiscard]] Result<Bytes> transmit(BytesView apdu);

    /// The person at the reader hears and sees this, where the model can. Whether that worked is
    /// nobody's concern: neither the card nor the connection depends on it.
    void give(Cue cue);

    /// Ends the connection, if one is open. What the card does about it is not of interest.
    void disconnect(Disposition disposition);

  private:
    struct Look;

    static constexpr std::chrono::milliseconds min_reader_list_wait{50};

    [[nodiscard]] Result<void> establish();
    void release();
    [[nodiscard]] bool pause_after_failure();
    /// What the service calls the bound reader now, into `name_`.
    [[nodiscard]] Result<void> locate();
    [[nodiscard]] bool is_the_bound_one(long connection) const;
    [[nodiscard]] long connect_exclusively(long& connection);
    [[nodiscard]] Failure gone(long code) const;
    [[nodiscard]] Failure missing_reader(Failure why);
    [[nodiscard]] Failure lost_service(long code);
    /// Until readers came or went, or a while has passed. False when interrupted.
    [[nodiscard]] Result<bool> wait_for_reader_list();
    /// One SCardGetStatusChange that can be interrupted. Nothing when it was.
    [[nodiscard]] std::optional<long> wait(Look& look, unsigned long timeout_ms);

    const PcscBinding binding_;
    std::optional<std::string> name_;  ///< nothing until the reader has been found
    std::optional<long> connection_;
    unsigned long protocol_ = 0;
    unsigned long seen_state_ = 0;
    bool reader_missing_ = false;
    std::chrono::milliseconds reader_list_wait_{min_reader_list_wait};  ///< the next one
    std::optional<std::uint16_t> insertion_;
    std::chrono::milliseconds pause_{0};

    std::mutex mutex_;  // over what follows, which `interrupt` uses too
    std::condition_variable changed_;
    std::optional<long> context_;
    bool interrupted_ = false;
    bool waiting_ = false;
};

}  // namespace card::reader
