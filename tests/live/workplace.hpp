#pragma once
// A machine with the offices on it.

#include "tests/live/port_office.hpp"

namespace live {

/// The machine is the first office's own, kh's; another port's may be on it too.
class Workplace : public Machine, public PortOffice {
  public:
    explicit Workplace(const WorkplaceOptions& options);

    /// The office of `second_station`.
    PortOffice& second() { return second_.value(); }
    /// The independent checker's verdict on everything, daemons stopped. `more` are further
    /// options.
    Finished check(int expect_issued, const std::vector<std::string>& more = {});

  private:
    std::optional<PortOffice> second_;
};

}  // namespace live
