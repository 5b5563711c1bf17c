#pragma once
// A card's part of a recorded dialogue, said again: each answer after the time that the recorded
// card took for it.

#include <string>

#include "tests/bench/dialogue.hpp"

namespace figures {

class Recital {
  public:
    explicit Recital(Dialogue recorded);

    /// The recorded answer, in its time; 6F00 to a command that was not recorded.
    virtual_card::Bytes answer(virtual_card::ByteView command);
    /// The dialogue as it went this time. Throws where it went otherwise.
    Dialogue take();

  private:
    Dialogue recorded_;
    Dialogue heard_;
    bool strayed_ = false;
};

}  // namespace figures
