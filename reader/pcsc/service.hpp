#pragma once
// What the PC/SC service says of its readers.

#include <optional>
#include <string>
#include <vector>

#include "cardformat/base/result.hpp"
#include "reader/link/messages.hpp"

namespace card::reader {

/// What the service of this context calls its readers.
[[nodiscard]] std::vector<std::string> reader_names(long context);

/// The USB device behind an open connection, nothing for a reader that is none.
[[nodiscard]] std::optional<UsbAddress> address_of(long connection);

/// The readers that the service of this context has, and where they are. Connects to each for a
/// moment, without touching a card; a reader that another program holds does not tell where it is.
[[nodiscard]] std::vector<ListedReader> listed_readers(long context);

/// The same with a context of its own. `start_pcscd` or `grant_reader_access` where there is none.
[[nodiscard]] Result<std::vector<ListedReader>> list_readers();

/// Opens a context. As above.
[[nodiscard]] Result<long> establish_context();

}  // namespace card::reader
