#pragma once
// What a look at a reader shows: what a reader stack tells the worker that watches it.

#include <cstdint>

#include "cardformat/base/bytes.hpp"

namespace card::reader {

/// Of a reader that is there.
struct ReaderStatus {
    bool card_present = false;
    /// Different for each insertion of a card; the stack's own count, modulo 65536. It starts anew
    /// with a service, and when the reader is plugged in.
    std::uint16_t event_count = 0;
    bool held = false;  ///< another program has a connection, so there can be no exclusive one
    Bytes atr;          ///< empty for a card that does not answer to reset
};

}  // namespace card::reader
