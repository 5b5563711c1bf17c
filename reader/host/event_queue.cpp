#include "reader/host/event_queue.hpp"

#include <utility>

namespace card::reader {
namespace {

struct Rank {
    int operator()(const WorkerLost& /*unused*/) const { return 0; }
    int operator()(const WorkerStarted& /*unused*/) const { return 1; }
    int operator()(const ReaderUp& /*unused*/) const { return 2; }
    int operator()(const ReaderDown& /*unused*/) const { return 2; }
    int operator()(const CardPresent& /*unused*/) const { return 3; }
    int operator()(const CardRemoved& /*unused*/) const { return 3; }
};

int rank_of(const ReaderEvent& event) {
    return std::visit(Rank{}, event);
}

}  // namespace

void EventQueue::push(ReaderEvent event) {
    while (!events_.empty() && rank_of(events_.back()) >= rank_of(event)) {
        events_.pop_back();
    }
    events_.push_back(std::move(event));
}

std::optional<ReaderEvent> EventQueue::pop() {
    if (events_.empty()) {
        return std::nullopt;
    }
    ReaderEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

}  // namespace card::reader
