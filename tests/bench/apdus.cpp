#include <iomanip>
#include <iostream>
#include <numeric>
#include <stdexcept>

#include "cardformat/crypto/ecdsa.hpp"
#include "tests/bench/figures.hpp"
#include "tests/cardformat/card_bench.hpp"

namespace figures {
namespace {

using card::Bytes;
using card::bench::Bench;

constexpr std::size_t block = 16;
constexpr std::size_t mac = 8;
constexpr std::size_t room_out = 55;     ///< data of a command in one frame of 64
constexpr std::size_t room_in = 59;      ///< data of an answer
constexpr std::size_t write_header = 7;  ///< file number, offset, length

constexpr std::size_t rounded_up(std::size_t size, std::size_t room) {
    return (size + room - 1) / room;
}

constexpr std::size_t enciphered(std::size_t size) {
    return (size / block + 1) * block + mac;
}

/// The fewest APDUs for this order of commands, each in as few frames as its data fit in.
StageCounts floor_of_production(std::size_t credential) {
    return {3 + 1 + 1 + 1,
            2 + 1,
            1 + 2 + 1 + 1,
            1 + 2 + 1 + 2 + 1 + 1,
            1 + 1,
            2 + rounded_up(write_header + enciphered(credential), room_out) + 1 + 1,
            2 + rounded_up(enciphered(credential), room_in) + 1};
}

constexpr std::size_t floor_of_tap(std::size_t credential) {
    return 3 + 1 + 2 + rounded_up(enciphered(credential), room_in) + 1;
}
constexpr std::size_t floor_of_activation = 2 + 1 + 1 + 1 + 2 + 1;

/// Drives a conversation and keeps what was said.
template <class T>
auto record(virtual_card::Card& card, card::desfire::Conversation<T> conversation,
            Dialogue& dialogue) {
    std::optional<card::CommandApdu> command = conversation.start();
    while (command) {
        const card::BytesView sent = command->encoded();
        const auto answer = card.transceive(sent);
        if (!answer) {
            throw std::runtime_error("the virtual card left");
        }
        dialogue.push_back({{sent.begin(), sent.end()}, *answer, {}, {}});
        command = conversation.answer(card::ResponseApdu::parse(*answer));
    }
    T outcome = conversation.take();
    if (!outcome) {
        throw std::runtime_error("the virtual card refused: " + outcome.error().detail);
    }
    return std::move(*outcome);
}

struct Recorded {
    Dialogue production;
    Dialogue tap;
    Dialogue activation;
};

Recorded record_life(Bench& bench) {
    Recorded life;
    virtual_card::Card card(bench.memory);
    card.activate();
    auto sight = record(card, identify(card::bench::limit), life.production);
    auto blank = record(card, require_blank(bench.random, sight), life.production);
    const auto proof = card::WriteAheadIssuer::issue(bench.uid);
    const auto outcome = record(
        card, personalise(bench.random, std::move(blank), proof, bench.order()), life.production);
    if (outcome != card::desfire::WriteOutcome::verified) {
        throw std::runtime_error("the virtual card was not verified");
    }
    card.activate();
    const card::desfire::PortPassProfile profile;
    auto keys = *card_keys(bench.vault, profile, card::KeyGeneration{1}, bench.uid);
    const auto presented = record(card, recognise(card::bench::limit), life.tap);
    const auto selected = record(card, select_pass(presented, profile), life.tap).value();
    record(card, read_as_gate(bench.random, selected, std::move(keys.gate_read)), life.tap);
    auto change = change_state(bench.random, selected, proof, bench.activation());
    std::optional<card::CommandApdu> command = change.start();
    while (command) {
        const card::BytesView sent = command->encoded();
        const auto answer = card.transceive(sent);
        life.activation.push_back({{sent.begin(), sent.end()}, answer.value(), {}, {}});
        command = change.answer(card::ResponseApdu::parse(*answer));
    }
    if (!change.take()) {
        throw std::runtime_error("the virtual card was not activated");
    }
    return life;
}

/// A credential as the demonstration writes them, under a fresh key.
Bytes credential_of_demonstration(const card::CardUid& uid) {
    const card::Es256Key key = card::Es256Key::generate();
    const card::PassCredential credential{"port-office:kh",
                                          card::PassNumber::parse("KHPS110-000039").value(),
                                          card::BusinessDay::parse("2020-12-02").value(),
                                          card::BusinessDay::parse("2023-11-27").value(),
                                          card::AttemptId{},
                                          uid,
                                          card::PassNumber::parse("KHPS109-010323").value(),
                                          {"KH"}};
    return sign_credential(
               credential, card::key_id_of(key.public_point()),
               [&](card::BytesView message) { return card::Result<Bytes>(key.sign(message)); })
        .value();
}

std::size_t total(const StageCounts& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
}

void print_row(const std::string& label, const StageCounts& counts) {
    std::cout << "  " << std::left << std::setw(24) << label << std::right;
    for (const std::size_t count : counts) {
        std::cout << std::setw(9) << count;
    }
    std::cout << std::setw(7) << total(counts) << "\n";
}

std::string octets(const Dialogue& dialogue) {
    const Octets sum = octets_of(dialogue);
    return std::to_string(sum.out) + " octets out, " + std::to_string(sum.in) + " in";
}

void print_life(const std::string& label, Bench& bench) {
    const std::size_t size = bench.credential.size();
    const Recorded life = record_life(bench);
    print_row(label + ", " + std::to_string(size), count_by_stage(life.production));
    print_row("  floor", floor_of_production(size));
    std::cout << "    production " << octets(life.production) << "\n    counter: tap "
              << life.tap.size() << " (floor " << floor_of_tap(size) << "), activation "
              << life.activation.size() << " (floor " << floor_of_activation << "); "
              << octets(life.tap) << " + " << octets(life.activation) << "\n";
}

}  // namespace

void print_apdus() {
    std::cout << "1. APDUs per card at frames of 64 octets (the floor: the same commands, each in "
                 "as few frames as it fits)\n  "
              << std::left << std::setw(24) << "credential, octets" << std::right;
    for (const std::string_view stage : stage_names) {
        std::cout << std::setw(9) << stage;
    }
    std::cout << std::setw(7) << "all"
              << "\n";
    Bench demonstration;
    demonstration.credential = credential_of_demonstration(demonstration.uid);
    print_life("demonstration", demonstration);
    Bench design;
    print_life("design size", design);
    std::cout << std::endl;
}

}  // namespace figures
