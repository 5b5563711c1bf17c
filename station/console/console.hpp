#pragma once
// The station's control interface: HTTP with JSON on a UNIX socket, for stationctl and for screens.
//
//   GET    /status                          readers, queues, central
//   GET    /renewals                        all renewals with their cards
//   GET    /passes/{number}                 the renewal of a pass, new or old, or of a card by its
//                                           UID, with its card
//   GET    /passes/{number}/history         the journal's lines of a pass, or of a card by its UID
//   GET    /journal?after=N                 the audit chain's lines after record N, at most 500
//   POST   /backups {"folder": …}           copies the ledger into a new file there
//   POST   /hand-overs {…}                  begins a sitting at the counter, with any of letter_qr,
//                                           old_pass_qr or old_pass_no (read by a person),
//                                           collector, and supervisor with reason
//   POST   /voids {"pass_no", "reason", …}  begins a sitting in which that pass's card is voided;
//                                           with tap "no" and a supervisor, unseen
//   POST   /adoptions {"pass_no"}           begins a sitting in which a card that was made
//                                           elsewhere is taken over for that pass
//   GET    /sittings/current?seen=N&wait=S  the sitting, once its step is not N
//   GET    /sittings/current/photo          the holder's picture while the sitting goes on, from
//                                           the central; kept nowhere
//   DELETE /sittings/current?reason=R       cancels it where that is still possible, or records
//                                           what the operator saw: photo_mismatch, not_the_holder
//   GET    /tasks                           what needs somebody: cards to void, to find …
//   POST   /cards/{number}/{report}         the pass's card is missing, found or written_off
//   POST   /readers/{name}/resume           somebody looked at a reader that was stopped

#include <vector>

#include "station/desk/counter_desk.hpp"

namespace card::console {

namespace asio = boost::asio;

struct Console {
    desk::Station& station;
    std::vector<desk::ReaderView*> readers;
    desk::CounterDesk* counter;  ///< null where the station has no counter reader
};

/// Answers one request.
asio::awaitable<http::Response> answer(Console& console, http::Request request);

}  // namespace card::console
