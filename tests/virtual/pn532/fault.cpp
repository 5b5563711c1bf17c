#include "tests/virtual/pn532/fault.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace virtual_card {
namespace {

using Named = std::pair<std::string_view, ChipFault>;

constexpr std::array<Named, 11> faults{{
    {"rf-timeout", ChipFault::rf_timeout},
    {"bad-checksum", ChipFault::bad_checksum},
    {"bad-length", ChipFault::bad_length},
    {"cut-short", ChipFault::cut_short},
    {"garbage", ChipFault::garbage},
    {"wrong-command", ChipFault::wrong_command},
    {"mute", ChipFault::mute},
    {"status-80", ChipFault::status_80},
    {"more-information", ChipFault::more_information},
    {"oversized", ChipFault::oversized},
    {"ats-empty", ChipFault::ats_empty},
}};

}  // namespace

std::optional<ChipFault> fault_named(std::string_view name) {
    const auto* const found = std::find_if(faults.begin(), faults.end(),
                                           [&](const Named& entry) { return entry.first == name; });
    return found == faults.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace virtual_card
