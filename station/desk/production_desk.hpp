#pragma once
// A production reader at work: blanks in, finished cards out.

#include "reader/host/reader_host.hpp"
#include "station/desk/reader_view.hpp"
#include "station/desk/station.hpp"

namespace card::desk {

/// Serves the reader until the context stops. Whatever lies on it is identified; an open card is
/// resumed, a blank becomes the next claimed renewal's, anything else is refused untouched.
asio::awaitable<void> produce_cards(Station& station, reader::ReaderHost& reader, ReaderView& view);

}  // namespace card::desk
