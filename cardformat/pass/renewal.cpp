#include "cardformat/pass/renewal.hpp"

#include <array>

namespace card {
namespace {

struct StatusWords {
    RenewalStatus status;
    std::string_view name;
    std::string_view shown;
};

constexpr std::array<StatusWords, 4> status_words{
    {{RenewalStatus::approved, "approved", "待製證"},
     {RenewalStatus::produced, "produced", "已製證"},
     {RenewalStatus::issued, "issued", "已換證"},
     {RenewalStatus::withdrawn, "withdrawn", "已撤回"}}};

const StatusWords& words(RenewalStatus status) {
    return status_words.at(static_cast<std::size_t>(status));
}

}  // namespace

std::string_view name(RenewalStatus status) {
    return words(status).name;
}

std::string_view shown(RenewalStatus status) {
    return words(status).shown;
}

std::optional<RenewalStatus> parse_renewal_status(std::string_view text) {
    for (const StatusWords& entry : status_words) {
        if (entry.name == text) {
            return entry.status;
        }
    }
    return std::nullopt;
}

}  // namespace card
