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

/// Whether a sweep is to take every point, and no sample: LIVE_SWEEP=full.
bool every_point();

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

    /// Called with the card in hand, before it is put on the reader.
    std::function<void(Slot&)> on_production;
    std::function<void(Slot&)> on_counter;

    /// Called again and again while something is waited for.
    std::function<void()> meanwhile;

    [[nodiscard]] const std::string& pass_no() const { return pass_no_; }
    [[nodiscard]] const std::string& old_pass() const { return old_pass_; }
    [[nodiscard]] const std::string& card_file() const { return card_file_; }
    /// How often the station was started again.
    [[nodiscard]] int deaths() const { return deaths_; }
    /// How often the central was.
    [[nodiscard]] int central_deaths() const { return central_deaths_; }
    [[nodiscard]] int tears() const { return tears_; }  ///< after which the card was put back

  private:
    /// Starts again what has died, station or central.
    void revive();
    /// That, and puts a torn card back.
    void mend(std::size_t reader);
    /// Empty where the central does not answer.
    std::string central_status();
    /// The application's new pass number, made once however often the central dies over it.
    std::string apply();
    bool sit(const std::string& log);

    Workplace& place_;
    int deaths_ = 0;
    int central_deaths_ = 0;
    std::string old_pass_;
    std::string pass_no_;
    std::string card_file_;
    int tears_ = 0;
};

}  // namespace live
