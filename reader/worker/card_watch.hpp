#pragma once
// From looks at a reader to what the station is told. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cardformat/base/result.hpp"
#include "reader/link/messages.hpp"
#include "reader/link/reader_status.hpp"

namespace card::reader {

class CardWatch {
  public:
    explicit CardWatch(std::string reader_name) : reader_name_(std::move(reader_name)) {}

    /// The reader is there and shows this. While another program holds it, it counts as down. An
    /// insertion is known by its event count, so a card that was taken away and put back between
    /// two looks is removed and present again.
    [[nodiscard]] std::vector<FromWorker> observe(const ReaderStatus& status);

    /// The reader cannot be watched. Told once until something else is the matter.
    [[nodiscard]] std::vector<FromWorker> observe_failure(const Failure& failure);

    /// A connection to the card of this insertion was opened: it needs no telling any more.
    void connected_to(std::uint16_t insertion) { told_insertion_ = insertion; }

    /// The card that was told of could not be connected to for the reader's sake: it will have to
    /// be told of again.
    void connecting_failed() { told_insertion_.reset(); }

  private:
    [[nodiscard]] std::vector<FromWorker> go_down(const Failure& why);

    std::string reader_name_;
    bool up_ = false;
    std::optional<Fault> told_fault_;
    std::optional<std::uint16_t> told_insertion_;
};

}  // namespace card::reader
