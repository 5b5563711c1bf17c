#pragma once
// One renewal from application to hand-over, carried through whatever befalls the station.

#include <functional>
#include <string>

#include "tests/live/workplace.hpp"

namespace live {

/// Synthetic passes, marked as such; they all qualify at the business date 2021-12-01.
std::string write_synthetic_passes(const std::string& file, int count);
std::string synthetic_pass(int number);

/// The folder, programs and passes of a test of this name.
WorkplaceOptions options_for(const std::string& name);

class Journey {
  public:
    /// Applies for the exchange of this old pass and has it approved.
    Journey(Workplace& place, std::string old_pass);

    /// Writes the card; the station is started again where it dies. False where it does not end.
    bool produce();
    /// Hands the card over, in as many sittings as it takes.
    bool hand_over();
    /// The central says 已換證 and knows everything that happened.
    bool issued();

    /// Called after the card was put on the reader, before anything is waited for.
    std::function<void(Slot&)> on_production;
    std::function<void(Slot&)> on_counter;

    [[nodiscard]] const std::string& pass_no() const { return pass_no_; }
    [[nodiscard]] const std::string& old_pass() const { return old_pass_; }
    [[nodiscard]] const std::string& card_file() const { return card_file_; }
    [[nodiscard]] int deaths() const { return deaths_; }

  private:
    /// Starts the station again where it has died, and puts a torn card back.
    void mend(std::size_t reader);
    bool sit(const std::string& log);

    Workplace& place_;
    std::string old_pass_;
    std::string pass_no_;
    std::string card_file_;
    int deaths_ = 0;
};

}  // namespace live
