// The examples of the card's specification: what every octet of a gate's reading is, made by the
// same code that the tests hold against independent vectors. WRITE_EXAMPLES=1 writes them anew.

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/cardformat/card_bench.hpp"

namespace card {
namespace {

using namespace bench;
namespace json = boost::json;

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// A credential that an independent program made and signed (tests/vectors/credential.py).
struct PublishedCredential {
    CardUid uid;
    Bytes message;
    Bytes payload;
    std::string public_point;
    std::string kid;
};

PublishedCredential published_credential() {
    const json::value whole = json::parse(text_of(VECTORS_DIR "/credential.json"));
    const json::object& one = whole.at("credential").as_object();
    const auto text = [&](const char* member) { return std::string(one.at(member).as_string()); };
    return {CardUid::parse(text("uid")).value(), from_hex(text("message")).value(),
            from_hex(text("payload")).value(), text("public_point"), text("kid")};
}

/// Random numbers that a reader of the examples can follow: 10 11 12 …
class CountingRandom final : public RandomSource {
  public:
    explicit CountingRandom(std::uint8_t first) : next_(first) {}
    void fill(std::span<std::uint8_t> octets) override {
        for (std::uint8_t& octet : octets) {
            octet = next_++;
        }
    }

  private:
    std::uint8_t next_;
};

std::string hex_of(BytesView octets) {
    return to_hex(octets);
}

class Examples {
  public:
    Examples() : published_(published_credential()) {}

    std::string made() {
        line("# The card, octet by octet");
        line("");
        line(
            "Made by `examples_tests`, which fails when this page and the code disagree. Octets "
            "are");
        line("hexadecimal, as on the wire.");
        keys();
        files();
        for (const ChipCase& chip : all_chips()) {
            gate(chip);
        }
        return out_.str();
    }

  private:
    void line(const std::string& text) { out_ << text << "\n"; }
    void row(const std::string& name, const std::string& value) {
        line("| " + name + " | `" + value + "` |");
    }
    void table() {
        line("");
        line("| what | octets |");
        line("| --- | --- |");
    }

    void keys() {
        line("");
        line("## Keys of one card, generation 1");
        table();
        const PortPassProfile profile;
        row("UID", published_.uid.hex());
        row("input for the PICC master key",
            hex_of(diversification_input(published_.uid, picc_level)));
        row("input for the application's keys",
            hex_of(diversification_input(published_.uid, profile.aid)));
        MemoryVault vault;
        const KeyGeneration generation{1};
        const std::array<KeySlot, 4> slots{KeySlot::picc_master, KeySlot::application_master,
                                           KeySlot::gate_read, KeySlot::station_update};
        for (const KeySlot slot : slots) {
            const std::string label(name(slot));
            const Aid aid = slot == KeySlot::picc_master ? picc_level : profile.aid;
            const Bytes master(16, static_cast<std::uint8_t>(0x41 + static_cast<int>(slot)));
            row("master `" + label + "`", hex_of(master));
            const Bytes input = diversification_input(published_.uid, aid);
            const auto key = vault.diversify(slot, generation, input);
            row("key `" + label + "`", hex_of(key->reveal()));
        }
    }

    void files() {
        line("");
        line("## Files");
        table();
        row("signing key, public point", published_.public_point);
        row("`kid`", published_.kid);
        row("claims", hex_of(published_.payload));
        row("`pass`", hex_of(published_.message));
        for (const LifeState state :
             {LifeState::made, LifeState::active, LifeState::retired, LifeState::voided}) {
            row("`state`, " + std::string(name(state)),
                hex_of(encode_state_file(state, published_.message)));
        }
    }

    void gate(const ChipCase& chip) {
        Bench bench(chip.profile);
        bench.memory = virtual_card::factory_card(published_.uid.octets(), chip.profile);
        bench.uid = published_.uid;
        bench.credential = published_.message;
        CountingRandom of_card(0xA0);
        virtual_card::Card card(
            bench.memory, {}, [&of_card](std::span<std::uint8_t> octets) { of_card.fill(octets); });
        bool recorded = false;
        BOOST_REQUIRE(bench.present(card, recorded));
        BOOST_REQUIRE(bench.activate(card));
        line("");
        line("## A gate reads an active " + std::string(chip.name));
        line("");
        line("RndA is 10 11 … 1F. Field up, then one command and its answer a line.");
        line("");
        line("```");
        card.activate();
        const auto presented = heard(card, recognise(large_frames));
        BOOST_REQUIRE(presented);
        const auto selected = heard(card, select_pass(*presented, PortPassProfile{}));
        BOOST_REQUIRE((selected && *selected));
        const auto generation = heard(card, read_pass_generation(**selected));
        BOOST_REQUIRE((generation && *generation == KeyVersion{1}));
        CountingRandom of_gate(0x10);
        auto keys = *card_keys(bench.vault, PortPassProfile{}, KeyGeneration{1}, bench.uid);
        const auto reading =
            heard(card, read_as_gate(of_gate, **selected, std::move(keys.gate_read)));
        line("```");
        BOOST_REQUIRE((reading && *reading));
        BOOST_TEST(((*reading)->credential == published_.message));
        BOOST_TEST(((*reading)->state == encode_state_file(LifeState::active, published_.message)));
    }

    template <class T>
    T heard(virtual_card::Card& card, Conversation<T> conversation) {
        std::optional<CommandApdu> command = conversation.start();
        while (command) {
            const auto answer = card.transceive(command->encoded());
            BOOST_REQUIRE(answer);
            line("> " + hex_of(command->encoded()));
            line("< " + hex_of(*answer));
            command = conversation.answer(ResponseApdu::parse(*answer));
        }
        return conversation.take();
    }

    PublishedCredential published_;
    std::ostringstream out_;
};

BOOST_AUTO_TEST_CASE(the_examples_of_the_specification_are_what_the_code_makes) {
    const std::string path = EXAMPLES_FILE;
    const std::string made = Examples().made();
    if (std::getenv("WRITE_EXAMPLES") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
        std::ofstream(path) << made;
    }
    BOOST_TEST((text_of(path) == made), "WRITE_EXAMPLES=1 examples_tests writes " << path);
}

}  // namespace
}  // namespace card
