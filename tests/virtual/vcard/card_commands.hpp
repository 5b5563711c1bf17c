#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

#include "tests/virtual/desfire/card.hpp"

namespace virtual_card {

/// What can be done to a card whatever reader it lies on, for --help.
extern const std::string_view card_help;

/// Obeys `tear`, `status`, `quirk` and `reset-apdus`, whose other words are next. False for what is
/// none of these; throws std::invalid_argument, with a sentence, for one that makes no sense.
bool obey_for_card(Card& card, std::string_view name, std::istringstream& words);

/// The number of the N-th APDU from now, N the next word, from 1.
std::uint32_t next_apdu(const Card& card, std::istringstream& words, const char* usage);

/// The rest of the line, a file's path.
std::string path_to_load(std::istringstream& words);

}  // namespace virtual_card
