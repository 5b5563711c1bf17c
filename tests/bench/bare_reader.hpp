#pragma once
// The least that a program can do with a reader: connect, and one SCardTransmit after the other.

#include <memory>
#include <string>

#include "tests/bench/dialogue.hpp"

namespace figures {

class BareReader {
  public:
    explicit BareReader(std::string name);
    ~BareReader();

    /// Waits for a card, sends it the dialogue's commands and lets go of it. Throws where an answer
    /// differs.
    void replay(const Dialogue& dialogue);

  private:
    void wait_for_card();

    struct Service;
    std::unique_ptr<Service> service_;
    std::string name_;
};

}  // namespace figures
