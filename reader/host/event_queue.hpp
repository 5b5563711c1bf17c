#pragma once
// What happened at a reader and nobody has collected yet.

#include <deque>
#include <optional>

#include "reader/host/reader_host.hpp"

namespace card::reader {

/// Holds at most one event of each rank, in this order: worker lost, worker started, reader up or
/// down, card present or removed. A newer event takes the place of its own rank and of those after
/// it, which it has overtaken: what is left is short and true however long nobody looks.
class EventQueue {
  public:
    void push(ReaderEvent event);
    [[nodiscard]] bool empty() const { return events_.empty(); }
    [[nodiscard]] std::optional<ReaderEvent> pop();

  private:
    std::deque<ReaderEvent> events_;
};

}  // namespace card::reader
