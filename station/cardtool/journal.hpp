#pragma once
// Record files on disk. A record that says what is about to be done is durable before this gives
// the proof that the writing of cards asks for.

#include <optional>
#include <string>

#include "cardformat/base/write_ahead.hpp"
#include "station/card_files/record.hpp"

namespace card::cardtool {

/// A whole file, no longer than `max` octets. `correct_input` with the path and why not.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t max);

/// `correct_input` where there is no such file, or it is no record.
[[nodiscard]] Result<Record> read_record(const std::string& path);
/// The same, but nothing where there is no such file.
[[nodiscard]] Result<std::optional<Record>> find_record(const std::string& path);

/// Makes the file: synced under another name, renamed, the folder synced. `correct_input` where
/// there is one already, or it cannot be made durable.
[[nodiscard]] Result<WriteAhead> record_first(const std::string& path, const Record& record);
/// The same in place of the record that is there, whose card it must be.
[[nodiscard]] Result<WriteAhead> record_next(const std::string& path, const Record& record);

}  // namespace card::cardtool
