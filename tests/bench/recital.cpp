#include "tests/bench/recital.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <utility>

namespace figures {
namespace {

using virtual_card::Bytes;

const Bytes no_diagnosis{0x6F, 0x00};

/// A sleep ends late, by as much as all that is measured here; the end of the wait is spent awake.
constexpr microseconds spent_awake{150};

void wait_until(Moment moment) {
    std::this_thread::sleep_until(moment - spent_awake);
    while (std::chrono::steady_clock::now() < moment) {
    }
}

}  // namespace

Recital::Recital(Dialogue recorded) : recorded_(std::move(recorded)) {
    heard_.reserve(recorded_.size());
}

Bytes Recital::answer(virtual_card::ByteView command) {
    const Moment arrived = std::chrono::steady_clock::now();
    if (heard_.size() == recorded_.size() ||
        !std::equal(command.begin(), command.end(), recorded_[heard_.size()].command.begin(),
                    recorded_[heard_.size()].command.end())) {
        strayed_ = true;
        return no_diagnosis;
    }
    const Exchange& known = recorded_[heard_.size()];
    wait_until(arrived + (known.answered - known.arrived));
    heard_.push_back({{command.begin(), command.end()},
                      known.answer,
                      arrived,
                      std::chrono::steady_clock::now()});
    return known.answer;
}

Dialogue Recital::take() {
    if (strayed_) {
        throw std::runtime_error("the parrot heard an APDU that was not recorded");
    }
    if (heard_.size() != recorded_.size()) {
        throw std::runtime_error("the parrot heard " + std::to_string(heard_.size()) +
                                 " APDUs of " + std::to_string(recorded_.size()));
    }
    return std::move(heard_);
}

}  // namespace figures
