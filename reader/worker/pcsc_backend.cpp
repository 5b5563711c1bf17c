#include "reader/worker/pcsc_backend.hpp"

#include <utility>

namespace card::reader {

std::optional<FromWorker> PcscBackend::next_event() {
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

Result<void> PcscBackend::connect() {
    Result<void> connected = reader_.connect();
    if (connected && reader_.insertion()) {
        watch_.connected_to(*reader_.insertion());
    }
    if (!connected && connected.error().fault == Fault::wait_for_reader) {
        watch_.connecting_failed();
    }
    return connected;
}

}  // namespace card::reader
