#pragma once
// What a screen shows of one reader, and the sitting at a counter.

#include <cstdint>
#include <optional>
#include <string>

#include "reader/host/reader_host.hpp"
#include "station/desk/station.hpp"

namespace card::desk {

struct ReaderView {
    std::string name;
    config::ReaderRole role;
    bool up = false;
    bool card_present = false;
    std::optional<Fault> trouble;  ///< why the reader cannot be used
    bool stuck = false;            ///< it hung with a card, and has not come back yet
    std::optional<issuance::Notice> notice;
    std::optional<PassNumber> pass_number;  ///< what the notice is about
};

/// Notes what a reader's own events mean for its view and the log. True where a card was put on it.
bool note_reader_event(Station& station, ReaderView& view, const reader::ReaderEvent& event);

/// The newest sitting. `step` grows with every notice, so that a watcher misses none.
struct SittingView {
    std::int64_t id = 0;
    std::int64_t step = 0;
    bool finished = true;
    std::optional<issuance::Notice> notice;
    std::optional<PassNumber> pass_number;
    std::string code;          ///< the central's reason, where it refused
    std::optional<Port> port;  ///< where the holder must go instead
};

}  // namespace card::desk
