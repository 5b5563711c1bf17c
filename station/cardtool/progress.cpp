#include "station/cardtool/progress.hpp"

#include <utility>

#include <unistd.h>

namespace card::cardtool {

Progress::Progress(std::ostream& err, std::string doing)
    : err_(err), doing_(std::move(doing)), shows_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
    if (shows_) {
        err_ << "\r\033[K" << std::flush;
    }
}

void Progress::step() {
    ++steps_;
    if (shows_) {
        err_ << "\r" << doing_ << ", leave the card there: " << steps_ << " commands" << std::flush;
    }
}

}  // namespace card::cardtool
