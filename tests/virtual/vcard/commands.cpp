#include "tests/virtual/vcard/commands.hpp"

#include <array>
#include <exception>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "tests/virtual/vcard/card_commands.hpp"

namespace virtual_card {

const std::string_view control_help = R"(
Lines understood on SOCKET, each answered with one line that starts with "ok" or "error".
APDU numbers count from now; 1 is the next.
  insert               put the card into the reader
  remove               take it out
  hang N               be silent from the N-th APDU on, which is executed
  release              end the hang: the answer that was owed is given now
  hang-up              leave the driver as if the reader was pulled out, and look for it again
  state                present or absent, whether the reader is connected, APDU count, UID,
                       and whether the card hangs
  apdus                how many APDUs the card has seen
  signals              the reader's commands for light and sound, while this card lay there
  load FILE            another card into the slot; only while absent
  quit                 end the program
)";

namespace {

using Words = std::istringstream;

void arm_hang(Slot& slot, Words& words) {
    CardQuirks quirks = slot.card().quirks();
    quirks.hangs_at = next_apdu(slot.card(), words, "hang N, N from 1");
    slot.card().misbehave(quirks);
}

void load_into(Slot& slot, Words& words) {
    const std::string path = path_to_load(words);
    if (slot.present()) {
        throw std::invalid_argument("a card is present; remove it first");
    }
    slot.load(path);
}

void release(Slot& slot) {
    if (!slot.release()) {
        throw std::invalid_argument("the card does not hang");
    }
}

std::string signals_of(const Card& card) {
    std::string all;
    for (const Bytes& signal : card.signals()) {
        all += " " + to_hex(signal);
    }
    return all;
}

using Command = void (*)(Slot&, Words&);
constexpr std::array<std::pair<std::string_view, Command>, 6> commands{{
    {"insert", [](Slot& slot, Words&) { slot.insert(); }},
    {"remove", [](Slot& slot, Words&) { slot.remove(); }},
    {"hang", arm_hang},
    {"hang-up", [](Slot& slot, Words&) { slot.hang_up(); }},
    {"release", [](Slot& slot, Words&) { release(slot); }},
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
    if (name == "signals") {
        return "ok" + signals_of(slot.card());
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
    if (obey_for_card(slot.card(), name, words)) {
        return "ok";
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
