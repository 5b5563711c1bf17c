#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>

#include "tests/virtual/desfire/bytes.hpp"
#include "tests/virtual/desfire/timing.hpp"

namespace virtual_card {

struct ServeArguments {
    std::filesystem::path memory;
    std::uint16_t port = 0;
    std::filesystem::path reader;  ///< the driver's UNIX socket; empty: it is at the port
    std::filesystem::path control;
    Timing timing;
    std::filesystem::path trace;  ///< empty: none
};

struct CreateArguments {
    std::filesystem::path memory;
    Bytes uid;
    std::string chip;
    std::uint32_t used_bytes = 0;
};

struct HelpWanted {
    std::string text;
};

/// Throws std::exception with a sentence for the user when the arguments do not make sense.
std::variant<ServeArguments, CreateArguments, HelpWanted> parse_arguments(int count, char** values);

}  // namespace virtual_card
