#include "reader/worker/card_watch.hpp"

#include <utility>

namespace card::reader {

std::vector<FromWorker> CardWatch::observe(const ReaderStatus& status) {
    if (status.held) {
        return go_down({Fault::wait_for_reader, "another program is connected to the reader"});
    }
    std::vector<FromWorker> events;
    told_fault_.reset();
    if (!std::exchange(up_, true)) {
        events.emplace_back(ReaderUp{reader_name_});
    }
    const bool same_insertion = status.card_present && told_insertion_ == status.event_count;
    if (same_insertion) {
        return events;
    }
    if (told_insertion_) {
        told_insertion_.reset();
        events.emplace_back(CardRemoved{});
    }
    if (status.card_present) {
        told_insertion_ = status.event_count;
        events.emplace_back(CardPresent{status.atr});
    }
    return events;
}

std::vector<FromWorker> CardWatch::observe_failure(const Failure& failure) {
    told_insertion_.reset();
    return go_down(failure);
}

std::vector<FromWorker> CardWatch::go_down(const Failure& why) {
    up_ = false;
    if (std::exchange(told_fault_, why.fault) == why.fault) {
        return {};
    }
    return {ReaderDown{why.fault, why.detail}};
}

}  // namespace card::reader
