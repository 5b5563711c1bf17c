#include "tests/bench/dialogue.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace figures {
namespace {

constexpr std::uint8_t next_frame = 0xAF;
/// GetVersion, authenticate, ChangeKey, SelectApplication, CreateFile, authenticate for the next
/// key, authenticate anew.
constexpr std::array<std::uint8_t, stage_names.size()> first_commands{0x60, 0x1A, 0xC4, 0x5A,
                                                                      0xCD, 0x77, 0x71};

Moment moment_at(std::int64_t since_boot) {
    return Moment(microseconds(since_boot));
}

}  // namespace

std::vector<std::size_t> stages_of(const Dialogue& dialogue) {
    std::vector<std::size_t> stages;
    std::size_t stage = 0;
    for (const Exchange& exchange : dialogue) {
        const std::uint8_t instruction = exchange.command.at(1);
        if (instruction != next_frame && stage + 1 < first_commands.size() &&
            instruction == first_commands.at(stage + 1)) {
            ++stage;
        }
        stages.push_back(stage);
    }
    return stages;
}

StageCounts count_by_stage(const Dialogue& dialogue) {
    StageCounts counts{};
    for (const std::size_t stage : stages_of(dialogue)) {
        ++counts.at(stage);
    }
    return counts;
}

Octets octets_of(const Dialogue& dialogue) {
    Octets sum;
    for (const Exchange& exchange : dialogue) {
        sum.out += exchange.command.size();
        sum.in += exchange.answer.size();
    }
    return sum;
}

microseconds duration_of(const Dialogue& dialogue) {
    return std::chrono::duration_cast<microseconds>(dialogue.back().answered -
                                                    dialogue.front().arrived);
}

microseconds card_time_of(const Dialogue& dialogue) {
    Moment::duration sum{};
    for (const Exchange& exchange : dialogue) {
        sum += exchange.answered - exchange.arrived;
    }
    return std::chrono::duration_cast<microseconds>(sum);
}

microseconds wait_for_intent(const Dialogue& dialogue) {
    const std::vector<std::size_t> stages = stages_of(dialogue);
    for (std::size_t i = 1; i < dialogue.size(); ++i) {
        if (stages[i] == stage_of_first_write && stages[i - 1] != stage_of_first_write) {
            return std::chrono::duration_cast<microseconds>(dialogue[i].arrived -
                                                            dialogue[i - 1].answered);
        }
    }
    return microseconds(0);
}

Dialogue read_trace(const std::string& path) {
    Dialogue dialogue;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string command;
        std::string answer;
        std::int64_t arrived = 0;
        std::int64_t answered = 0;
        if (!(words >> command >> answer >> arrived >> answered) || answer == "-") {
            throw std::runtime_error("an APDU without an answer in " + path);
        }
        dialogue.push_back({virtual_card::from_hex(command), virtual_card::from_hex(answer),
                            moment_at(arrived), moment_at(answered)});
    }
    return dialogue;
}

}  // namespace figures
