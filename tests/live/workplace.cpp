#include "tests/live/workplace.hpp"

namespace live {
namespace {

WorkplaceOptions options_of_second(WorkplaceOptions options) {
    options.readers = readers_of_second(options);
    return options;
}

}  // namespace

Workplace::Workplace(const WorkplaceOptions& options)
    : Machine(options), PortOffice(options, {"kh", options.folder, 0}, usb_bus()) {
    if (const std::string& station = options.second_station; !station.empty()) {
        second_.emplace(options_of_second(options),
                        Site{station, options.folder + "/" + station,
                             pcsc_readers(options.readers, options.readers.size())},
                        usb_bus());
    }
}

Finished Workplace::check(int expect_issued, const std::vector<std::string>& more) {
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
    command.insert(command.end(), more.begin(), more.end());
    return run(command);
}

}  // namespace live
