#include "tests/virtual/vcard/commands.hpp"

#include <array>
#include <exception>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace virtual_card {

const std::string_view control_help = R"(
Lines understood on SOCKET, each answered with one line that starts with "ok" or "error".
APDU numbers count from now; 1 is the next.
  insert               put the card into the reader
  remove               take it out
  tear N WHEN          lose the card at the N-th APDU; WHEN is before, after, rolled_back or
                       during its effect; N of 0 disarms
  hang N               be silent from the N-th APDU on, which is executed
  release              end the hang: the answer that was owed is given now
  status N HH          answer the N-th APDU with status HH and do not execute it
  quirk NAME [FROM [UNTIL]]
                       misbehave at these APDUs, without a number at all; NAME is no_mac,
                       wrong_mac, short_mac, random, endless, replay (until is not for it),
                       or length D, which makes answers D bytes longer or shorter
  quirk none           end quirks, hangs to come and statuses to come
  state                present or absent, whether the reader is connected, APDU count, UID,
                       and whether the card hangs
  apdus                how many APDUs the card has seen
  reset-apdus          count from 0 again; ends quirks too
  load FILE            another card into the slot; only while absent
  quit                 end the program
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

/// The number of the N-th APDU from now, N the next word.
std::uint32_t next_apdu(Words& words, const Slot& slot, const char* usage) {
    return slot.card().apdus() + next_count(words, 1, usage);
}

void arm_tear(Slot& slot, Words& words) {
    const char* const usage = "tear N before|after|rolled_back|during";
    const std::uint32_t at = next_count(words, 0, usage);
    slot.card().tear({at, when_named(next<std::string>(words, usage))});
}

void arm_hang(Slot& slot, Words& words) {
    CardQuirks quirks = slot.card().quirks();
    quirks.hangs_at = next_apdu(words, slot, "hang N, N from 1");
    slot.card().misbehave(quirks);
}

void arm_status(Slot& slot, Words& words) {
    const char* const usage = "status N HH, N from 1, HH two hex digits";
    CardQuirks quirks = slot.card().quirks();
    const std::uint32_t at = next_apdu(words, slot, usage);
    const Bytes status = from_hex(next<std::string>(words, usage));
    if (status.size() != 1) {
        throw std::invalid_argument(usage);
    }
    quirks.injected_status = CardQuirks::InjectedStatus{at, status.front()};
    slot.card().misbehave(quirks);
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

void arm_quirk(Slot& slot, Words& words) {
    const char* const usage = "quirk NAME [FROM [UNTIL]], counted from 1";
    const auto name = next<std::string>(words, usage);
    CardQuirks quirks = quirk_named(name, words);
    if (name != "none") {
        quirks.hangs_at = slot.card().quirks().hangs_at;
        quirks.injected_status = slot.card().quirks().injected_status;
    }
    if (!(words >> std::ws).eof()) {
        quirks.from = next_apdu(words, slot, usage);
        if (quirks.replays_last_answer) {
            quirks.replays_last_answer = quirks.from;
        } else if (!(words >> std::ws).eof()) {
            quirks.until = next_apdu(words, slot, usage);
        }
    }
    slot.card().misbehave(quirks);
}

void load_into(Slot& slot, Words& words) {
    std::string path;
    if (!std::getline(words >> std::ws, path)) {
        throw std::invalid_argument("load FILE");
    }
    if (slot.present()) {
        throw std::invalid_argument("a card is present; remove it first");
    }
    slot.load(path);
}

void reset_apdus(Slot& slot) {
    slot.card().reset_apdus();
    slot.card().misbehave({});
}

void release(Slot& slot) {
    if (!slot.release()) {
        throw std::invalid_argument("the card does not hang");
    }
}

using Command = void (*)(Slot&, Words&);
constexpr std::array<std::pair<std::string_view, Command>, 9> commands{{
    {"insert", [](Slot& slot, Words&) { slot.insert(); }},
    {"remove", [](Slot& slot, Words&) { slot.remove(); }},
    {"tear", arm_tear},
    {"hang", arm_hang},
    {"release", [](Slot& slot, Words&) { release(slot); }},
    {"status", arm_status},
    {"quirk", arm_quirk},
    {"reset-apdus", [](Slot& slot, Words&) { reset_apdus(slot); }},
    {"load", load_into},
}};

std::string answer_to(Slot& slot, bool& running, std::string_view line) {
    Words words{std::string(line)};
    std::string name;
    words >> name;
    if (name == "state") {
        return "ok " + slot.state();
    }
    if (name == "apdus") {
        return "ok " + std::to_string(slot.card().apdus());
    }
    if (name == "quit") {
        running = false;
        return "ok";
    }
    for (const auto& [known, command] : commands) {
        if (name == known) {
            command(slot, words);
            return "ok";
        }
    }
    throw std::invalid_argument("unknown command: " + name);
}

}  // namespace

std::string obey(Slot& slot, bool& running, std::string_view line) {
    try {
        return answer_to(slot, running, line);
    } catch (const std::exception& error) {
        return std::string("error ") + error.what();
    }
}

}  // namespace virtual_card
