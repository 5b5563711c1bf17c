#pragma once
// Proof that the record of an irreversible act is durable. Functions that write to a card for good
// ask for one; only a journal can make it, after its commit. So "journal first" is a matter of
// types, not of discipline.

#include "cardformat/base/strong.hpp"

namespace card {

class WriteAhead {
  public:
    /// The one card that the durable record allows to be changed.
    [[nodiscard]] const CardUid& uid() const { return uid_; }
    /// The journal's sequence number of that record.
    [[nodiscard]] std::int64_t record() const { return record_; }

  private:
    friend struct WriteAheadIssuer;  // defined by each journal in its own source file
    WriteAhead(CardUid uid, std::int64_t record) : uid_(uid), record_(record) {}

    CardUid uid_;
    std::int64_t record_;
};

}  // namespace card
