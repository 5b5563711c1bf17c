#include "tests/virtual/vcard/card_commands.hpp"

#include <array>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace virtual_card {

const std::string_view card_help =
    R"(  tear N WHEN          lose the card at the N-th APDU; WHEN is before, after, rolled_back or
                       during its effect; N of 0 disarms
  status N HH          answer the N-th APDU with status HH and do not execute it
  quirk NAME [FROM [UNTIL]]
                       misbehave at these APDUs, without a number at all; NAME is no_mac,
                       wrong_mac, short_mac, random, endless, replay (until is not for it),
                       or length D, which makes answers D bytes longer or shorter
  quirk none           end quirks, hangs to come and statuses to come
  reset-apdus          count from 0 again; ends quirks too
)";

namespace {

using Words = std::istringstream;

Tear::When when_named(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, Tear::When>, 4> names{
        {{"before", Tear::When::before},
         {"after", Tear::When::after},
         {"rolled_back", Tear::When::rolled_back},
         {"during", Tear::When::during}}};
    for (const auto& [known, when] : names) {
        if (name == known) {
            return when;
        }
    }
    throw std::invalid_argument("tear N before|after|rolled_back|during");
}

template <typename T>
T next(Words& words, const char* usage) {
    T value{};
    if (!(words >> value)) {
        throw std::invalid_argument(usage);
    }
    return value;
}

/// A count of APDUs from `least`, the next word.
std::uint32_t next_count(Words& words, std::int64_t least, const char* usage) {
    const auto count = next<std::int64_t>(words, usage);
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    if (count < least || count > most) {
        throw std::invalid_argument(usage);
    }
    return static_cast<std::uint32_t>(count);
}

void arm_tear(Card& card, Words& words) {
    const char* const usage = "tear N before|after|rolled_back|during";
    const std::uint32_t at = next_count(words, 0, usage);
    card.tear({at, when_named(next<std::string>(words, usage))});
}

void arm_status(Card& card, Words& words) {
    const char* const usage = "status N HH, N from 1, HH two hex digits";
    CardQuirks quirks = card.quirks();
    const std::uint32_t at = next_apdu(card, words, usage);
    const Bytes status = from_hex(next<std::string>(words, usage));
    if (status.size() != 1) {
        throw std::invalid_argument(usage);
    }
    quirks.injected_status = CardQuirks::InjectedStatus{at, status.front()};
    card.misbehave(quirks);
}

CardQuirks quirk_named(const std::string& name, Words& words) {
    CardQuirks quirks;
    if (name == "no_mac") {
        quirks.omits_response_mac = true;
    } else if (name == "wrong_mac") {
        quirks.corrupts_response_mac = true;
    } else if (name == "short_mac") {
        quirks.shortens_response_mac = true;
    } else if (name == "random") {
        quirks.answers_random_bytes = true;
    } else if (name == "endless") {
        quirks.endless_chaining = true;
    } else if (name == "length") {
        constexpr std::int32_t most = 1024;
        quirks.wrong_length_answer = next<std::int32_t>(words, "quirk length D [FROM [UNTIL]]");
        if (*quirks.wrong_length_answer < -most || *quirks.wrong_length_answer > most) {
            throw std::invalid_argument("quirk length D, D from -1024 to 1024");
        }
    } else if (name == "replay") {
        quirks.replays_last_answer = 0;
    } else if (name != "none") {
        throw std::invalid_argument("unknown quirk: " + name);
    }
    return quirks;
}

void arm_quirk(Card& card, Words& words) {
    const char* const usage = "quirk NAME [FROM [UNTIL]], counted from 1";
    const auto name = next<std::string>(words, usage);
    CardQuirks quirks = quirk_named(name, words);
    if (name != "none") {
        quirks.hangs_at = card.quirks().hangs_at;
        quirks.injected_status = card.quirks().injected_status;
    }
    if (!(words >> std::ws).eof()) {
        quirks.from = next_apdu(card, words, usage);
        if (quirks.replays_last_answer) {
            quirks.replays_last_answer = quirks.from;
        } else if (!(words >> std::ws).eof()) {
            quirks.until = next_apdu(card, words, usage);
        }
    }
    card.misbehave(quirks);
}

void reset_apdus(Card& card, Words& /*words*/) {
    card.reset_apdus();
    card.misbehave({});
}

using Command = void (*)(Card&, Words&);
constexpr std::array<std::pair<std::string_view, Command>, 4> commands{{
    {"tear", arm_tear},
    {"status", arm_status},
    {"quirk", arm_quirk},
    {"reset-apdus", reset_apdus},
}};

}  // namespace

std::uint32_t next_apdu(const Card& card, Words& words, const char* usage) {
    return card.apdus() + next_count(words, 1, usage);
}

std::string path_to_load(Words& words) {
    std::string path;
    if (!std::getline(words >> std::ws, path)) {
        throw std::invalid_argument("load FILE");
    }
    return path;
}

bool obey_for_card(Card& card, std::string_view name, Words& words) {
    for (const auto& [known, command] : commands) {
        if (name == known) {
            command(card, words);
            return true;
        }
    }
    return false;
}

}  // namespace virtual_card
