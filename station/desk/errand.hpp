#pragma once
// What a counter is asked to do beside handing cards over. One at a time, on
// the counter's reader.

#include <functional>

#include "reader/host/reader_host.hpp"
#include "station/desk/station.hpp"

namespace card::desk {

/// What a counter shows next.
struct ErrandStep {
    issuance::Notice notice;
    std::optional<PassNumber> pass_number;  ///< where one is known
    bool last = false;                      ///< it ends the sitting
    std::string code{};                     ///< the central's reason, where it refused
};

/// What an errand needs of its counter.
struct ErrandPlace {
    Station& station;
    reader::ReaderHost& reader;
    std::string reader_name;
    std::function<void(ErrandStep)> show;
};

class Errand {
  public:
    Errand() = default;
    Errand(const Errand&) = delete;
    Errand& operator=(const Errand&) = delete;
    virtual ~Errand() = default;

    // Each goes on until it is a person's turn, or the errand is over. A failure is the ledger's,
    // the vault's or a defect.
    virtual asio::awaitable<Result<void>> begin() = 0;
    /// A card lies on the reader; the counter disconnects afterwards.
    virtual asio::awaitable<Result<void>> tapped() = 0;
    virtual asio::awaitable<Result<void>> cancelled() = 0;
};

}  // namespace card::desk
