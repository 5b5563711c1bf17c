#pragma once
// Where a daemon's events go: JSON lines on standard output, and the journal's own fields when
// systemd runs it.

#include <string>
#include <vector>

#include "station/observe/events.hpp"

namespace card::observe {

/// The record as journald's fields, each NAME=value.
[[nodiscard]] std::vector<std::string> to_journal_fields(const EventRecord& record);

/// Decides once where events go. A service of systemd has JOURNAL_STREAM (systemd.exec(5)): its
/// events go to the journal with all their fields, and as lines to standard output only where that
/// is not the journal itself, or where the journal did not take the event.
class Output {
  public:
    Output();
    void operator()(const EventRecord& record) const;

  private:
    bool journal_ = false;
    bool standard_output_is_journal_ = false;
};

}  // namespace card::observe
