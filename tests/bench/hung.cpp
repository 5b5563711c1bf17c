#include <iomanip>
#include <iostream>
#include <stdexcept>

#include "tests/bench/figures.hpp"

namespace figures {
namespace {

constexpr int cards_each = 3;
constexpr int rounds = 2;
/// In the middle of its keys' session.
constexpr const char* hang = "hang 25";

const std::vector<live::Stack> readers{live::Stack::usb, live::Stack::usb, live::Stack::usb,
                                       live::Stack::usb, live::Stack::usb, live::Stack::libnfc};
const std::vector<std::size_t> healthy{4, 5};
const std::vector<std::size_t> all_hung{0, 2, 3};

double cards_a_minute(Office& office) {
    const auto time = office.produce_on(healthy, cards_each);
    return static_cast<double>(healthy.size() * cards_each) * 60'000.0 /
           static_cast<double>(time.count());
}

void require(bool holds, const char* what) {
    if (!holds) {
        throw std::runtime_error(what);
    }
}

/// Cards a minute of the healthy readers while this many others have a card that hangs.
double beside_hung(Office& office, std::size_t count) {
    live::Workplace& place = office.place();
    const std::vector<std::size_t> hung(all_hung.begin(),
                                        all_hung.begin() + static_cast<std::ptrdiff_t>(count));
    for (const std::size_t reader : hung) {
        live::Slot& slot = place.slot(reader);
        slot.load(office.next_blank());
        require(slot.command(hang) == "ok", "a card does not take the order to hang");
        slot.put_back();
        require(live::eventually([&] { return slot.command("state").ends_with(" hanging"); }),
                "a card does not hang");
    }
    const double speed = cards_a_minute(office);
    for (const std::size_t reader : hung) {
        require(place.slot(reader).command("release") == "ok", "a card did not hang to the end");
        require(live::eventually(
                    [&] { return live::text(place.reader(reader), "notice") == "card_finished"; }),
                "a card that hung was not finished");
        place.take_off(reader);
    }
    return speed;
}

}  // namespace

void print_hung(const std::string& programs) {
    Office office(programs, readers);
    std::cout << "8. Cards a minute on two readers, one of each stack, beside readers whose card "
                 "hangs\n  round   no hung  one hung    ratio  three hung    ratio\n"
              << std::fixed;
    for (int round = 1; round <= rounds; ++round) {
        const double alone = beside_hung(office, 0);
        const double one = beside_hung(office, 1);
        const double three = beside_hung(office, all_hung.size());
        std::cout << "  " << std::setw(5) << round << std::setprecision(1) << std::setw(10) << alone
                  << std::setw(10) << one << std::setprecision(2) << std::setw(9) << one / alone
                  << std::setprecision(1) << std::setw(12) << three << std::setprecision(2)
                  << std::setw(9) << three / alone << std::endl;
    }
    std::cout << std::endl;
}

}  // namespace figures
