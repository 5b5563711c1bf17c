#pragma once
// A reader of one stack as a worker's back end.

#include <deque>
#include <string>
#include <utility>

#include "reader/worker/backend.hpp"
#include "reader/worker/card_watch.hpp"

namespace card::reader {

/// `Stack` is PcscReader or NfcReader: one reader, whose status is waited for.
template <class Stack>
class StackBackend final : public Backend {
  public:
    /// `address` is the stack's own of the reader, `name` what failures call it.
    template <class Address>
    StackBackend(const Address& address, const std::string& name, FrameSize largest_frame)
        : reader_(address), watch_(name), largest_frame_(largest_frame) {}

    [[nodiscard]] std::optional<FromWorker> next_event() override {
        while (events_.empty()) {
            const Result<std::optional<ReaderStatus>> status = reader_.wait_for_change();
            if (status && !*status) {
                return std::nullopt;
            }
            std::vector<FromWorker> told =
                status ? watch_.observe(**status) : watch_.observe_failure(status.error());
            std::move(told.begin(), told.end(), std::back_inserter(events_));
        }
        FromWorker event = std::move(events_.front());
        events_.pop_front();
        return event;
    }

    void interrupt() override { reader_.interrupt(); }

    /// From another thread, of a stack that has no events of its own: as NfcReader::look_now.
    void look_now() { reader_.look_now(); }

    [[nodiscard]] FrameSize largest_frame() const override { return largest_frame_; }

    [[nodiscard]] Result<void> connect() override {
        Result<void> connected = reader_.connect();
        if (connected && reader_.insertion()) {
            watch_.connected_to(*reader_.insertion());
        }
        if (!connected && connected.error().fault == Fault::wait_for_reader) {
            watch_.connecting_failed();
        }
        return connected;
    }

    [[nodiscard]] Result<Bytes> transmit(BytesView apdu) override { return reader_.transmit(apdu); }
    void give(Cue cue) override {
        if constexpr (requires { reader_.give(cue); }) {  // libnfc has no call for it
            reader_.give(cue);
        }
    }
    void disconnect(Disposition disposition) override { reader_.disconnect(disposition); }

  private:
    Stack reader_;
    CardWatch watch_;
    std::deque<FromWorker> events_;
    const FrameSize largest_frame_;
};

}  // namespace card::reader
