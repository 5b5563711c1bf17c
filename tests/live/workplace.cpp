#include "tests/live/workplace.hpp"

namespace live {
namespace {

/// The office of another port has no more readers than it needs.
WorkplaceOptions without_more_readers(WorkplaceOptions options) {
    options.more_production_readers = 0;
    return options;
}

}  // namespace

Workplace::Workplace(const WorkplaceOptions& options)
    : Machine(options), PortOffice(options, {"kh", options.folder, 0}) {
    if (const std::string& station = options.second_station; !station.empty()) {
        second_.emplace(without_more_readers(options),
                        Site{station, options.folder + "/" + station, reader_count(options)});
    }
}

Finished Workplace::check(int expect_issued) {
    const WorkplaceOptions& machine = Machine::options();
    std::vector<std::string> command{"/usr/bin/python3", machine.source + "/tests/checker/check.py",
                                     "--ledger",         ledger(),
                                     "--central",        path("central.db"),
                                     "--cards",          path("cards"),
                                     "--keys",           path("keys"),
                                     "--business-date",  machine.business_date,
                                     "--expect-issued",  std::to_string(expect_issued)};
    if (second_) {
        command.insert(command.end(), {"--ledger", second_->ledger(), "--issuer", "port-office:kh",
                                       "--issuer", "port-office:" + machine.second_station});
    }
    return run(command);
}

}  // namespace live
