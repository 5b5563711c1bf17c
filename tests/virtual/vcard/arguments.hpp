#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "tests/virtual/desfire/bytes.hpp"

namespace virtual_card {

struct ServeArguments {
    std::filesystem::path memory;
    std::uint16_t port = 0;
    std::filesystem::path reader;  ///< the driver's UNIX socket; empty: it is at the port
    std::filesystem::path control;
    std::chrono::microseconds air_time{0};
    std::filesystem::path trace;  ///< empty: none
};

struct CreateArguments {
    std::filesystem::path memory;
    Bytes uid;
    std::string chip;
};

struct HelpWanted {
    std::string text;
};

/// Throws std::exception with a sentence for the user when the arguments do not make sense.
std::variant<ServeArguments, CreateArguments, HelpWanted> parse_arguments(int count, char** values);

}  // namespace virtual_card
