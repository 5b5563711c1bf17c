#pragma once
// What a reader stack has to offer to a reader-worker. A stack is one class behind this interface.

#include <optional>

#include "cardformat/base/bytes.hpp"
#include "cardformat/base/result.hpp"
#include "reader/link/messages.hpp"

namespace card::reader {

/// All calls but `interrupt` come from one thread and may block.
class Backend {
  public:
    Backend() = default;
    Backend(const Backend&) = delete;
    Backend& operator=(const Backend&) = delete;
    virtual ~Backend() = default;

    /// The next of ReaderUp, ReaderDown, CardPresent and CardRemoved. Called while no connection is
    /// open. Blocks until there is one, without polling; may return nothing at any time and has to
    /// after `interrupt`. An insertion is reported once: not again after a connection to it.
    [[nodiscard]] virtual std::optional<FromWorker> next_event() = 0;

    /// From another thread: makes a running `next_event`, or else the next one, return.
    virtual void interrupt() = 0;

    /// What reader and driver carry to a card at once.
    [[nodiscard]] virtual FrameSize largest_frame() const = 0;

    /// Opens an exclusive connection to the card in the field.
    [[nodiscard]] virtual Result<void> connect() = 0;
    /// Sends one APDU. After a failure the caller ends the connection.
    [[nodiscard]] virtual Result<Bytes> transmit(BytesView apdu) = 0;
    /// The person at the reader hears and sees this, where the reader can do that; what became of
    /// it is not of interest. Called with a connection open and nothing under way to the card.
    virtual void give(Cue cue) = 0;
    /// Ends the connection; does nothing when none is open.
    virtual void disconnect(Disposition disposition) = 0;
};

}  // namespace card::reader
