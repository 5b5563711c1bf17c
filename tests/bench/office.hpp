#pragma once
// The port office that is measured: live::Workplace with cards that take their time and keep a
// trace.

#include <memory>
#include <string>
#include <vector>

#include "tests/bench/dialogue.hpp"
#include "tests/live/workplace.hpp"

namespace figures {

inline constexpr std::chrono::milliseconds air_time{2};

struct Made {
    std::string pass_no;
    std::string old_pass_no;
    std::string card_file;
    Dialogue dialogue;
};

class Office {
  public:
    /// `programs`: folder of the built programs. Everything is started and the renewals of all
    /// passes are approved and claimed.
    explicit Office(const std::string& programs,
                    std::vector<live::Stack> readers = {live::Stack::pcsc, live::Stack::pcsc});

    live::Workplace& place() { return *place_; }
    /// Stops the station and starts it anew with this in its environment.
    void restart_station(const live::Environment& more);

    /// The memory file of a blank card that was not there before.
    std::string next_blank();
    Made produce();
    /// Writes this many cards on each of these readers, all readers at once; how long it took.
    std::chrono::milliseconds produce_on(const std::vector<std::size_t>& readers, int cards_each);
    /// The dialogue at the counter.
    Dialogue hand_over(const Made& card);

  private:
    void wait_until_up();
    void apply_and_approve();
    /// What the card on this reader said since the last call.
    Dialogue new_dialogue(std::size_t reader);

    std::unique_ptr<live::Workplace> place_;
    std::vector<std::pair<std::string, std::string>> numbers_;  ///< new and old pass
    std::array<std::size_t, 2> seen_{};                         ///< APDUs of each reader's trace
    int cards_ = 0;
};

}  // namespace figures
