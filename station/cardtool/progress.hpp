#pragma once
// How far a card has been written, for a person who watches a terminal.

#include <ostream>
#include <string>

namespace card::cardtool {

class Progress {
  public:
    /// Shows something only where standard error is a terminal.
    Progress(std::ostream& err, std::string doing);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress();  ///< leaves an empty line

    /// One more command was answered by the card.
    void step();

  private:
    std::ostream& err_;
    std::string doing_;
    bool shows_;
    int steps_ = 0;
};

}  // namespace card::cardtool
