// The client against a card that was written without looking at it.

#include <set>

#include <boost/test/unit_test.hpp>

#include "tests/cardformat/card_bench.hpp"

namespace card {
namespace {

using namespace bench;
using virtual_card::Card;
using virtual_card::CardQuirks;

std::set<Bytes> all_keys(const virtual_card::CardMemory& memory) {
    std::set<Bytes> keys{memory.picc_key.value};
    for (const auto& application : memory.applications) {
        for (const auto& key : application.keys) {
            keys.insert(key.value);
        }
    }
    return keys;
}

BOOST_AUTO_TEST_CASE(a_blank_card_becomes_made_and_a_gate_reads_exactly_the_order) {
    Bench bench;
    Card card(bench.memory);
    bool recorded = false;
    const auto outcome = bench.present(card, recorded);
    BOOST_REQUIRE_MESSAGE(outcome, (outcome ? "" : outcome.error().detail));
    BOOST_TEST((*outcome == WriteOutcome::verified));
    BOOST_TEST((bench.at_the_gate() == LifeState::made));
}

BOOST_AUTO_TEST_CASE(a_personalisation_of_500_octets_takes_50_apdus) {
    Bench bench;
    Card card(bench.memory);
    bool recorded = false;
    BOOST_REQUIRE(bench.present(card, recorded));
    BOOST_TEST(card.apdus() == 50U);
}

BOOST_AUTO_TEST_CASE(no_key_of_a_made_card_is_a_default_or_equals_another) {
    Bench bench;
    Card card(bench.memory);
    bool recorded = false;
    BOOST_REQUIRE(bench.present(card, recorded));
    const auto keys = all_keys(bench.memory);
    BOOST_TEST(keys.size() == 4U);
    BOOST_TEST(!keys.contains(Bytes(16, 0)));
}

BOOST_AUTO_TEST_CASE(an_activated_card_is_active_at_the_gate) {
    Bench bench;
    Card card(bench.memory);
    bool recorded = false;
    BOOST_REQUIRE(bench.present(card, recorded));
    BOOST_REQUIRE(bench.activate(card));
    BOOST_TEST((bench.at_the_gate() == LifeState::active));
}

BOOST_AUTO_TEST_CASE(a_card_that_is_active_already_is_not_written_again) {
    Bench bench;
    Card card(bench.memory);
    bool recorded = false;
    BOOST_REQUIRE(bench.present(card, recorded));
    BOOST_REQUIRE(bench.activate(card));
    const auto before = bench.memory;
    BOOST_REQUIRE(bench.activate(card));
    BOOST_TEST((bench.memory == before));
}

BOOST_AUTO_TEST_CASE(a_card_with_an_application_of_another_is_refused_untouched) {
    Bench bench;
    bench.memory.applications.push_back({});
    const auto before = bench.memory;
    Card card(bench.memory);
    bool recorded = false;
    const auto outcome = bench.present(card, recorded);
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().fault == Fault::use_another_card));
    BOOST_TEST((bench.memory == before));
}

BOOST_AUTO_TEST_CASE(a_card_under_another_picc_key_is_refused_untouched) {
    Bench bench;
    bench.memory.picc_key.value = Bytes(16, 0x55);
    const auto before = bench.memory;
    Card card(bench.memory);
    bool recorded = false;
    const auto outcome = bench.present(card, recorded);
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().fault == Fault::use_another_card));
    BOOST_TEST((bench.memory == before));
}

BOOST_AUTO_TEST_CASE(a_card_with_too_little_memory_is_refused_untouched) {
    Bench bench;
    bench.memory.used_bytes = bench.memory.profile.memory_bytes - 1000;
    const auto before = bench.memory;
    Card card(bench.memory);
    bool recorded = false;
    const auto outcome = bench.present(card, recorded);
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().fault == Fault::use_another_card));
    BOOST_TEST((bench.memory == before));
}

BOOST_AUTO_TEST_CASE(another_card_is_never_written_under_the_record_of_the_first) {
    Bench bench;
    Bench other;
    other.memory = virtual_card::factory_card(virtual_card::genuine_uid(1));
    const auto before = other.memory;
    Card card(other.memory);
    bool recorded = true;
    const auto outcome = bench.present(card, recorded);
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().fault == Fault::report_defect));
    BOOST_TEST((other.memory == before));
}

BOOST_AUTO_TEST_CASE(the_makers_signature_is_told_from_a_false_one) {
    Bench bench;
    Card card(bench.memory);
    card.activate();
    const auto genuine = converse(card, identify(limit));
    BOOST_REQUIRE(genuine);
    BOOST_TEST(is_genuine(*genuine));
    bench.memory.signature = Bytes(56, 0x11);
    card.activate();
    const auto forged = converse(card, identify(limit));
    BOOST_REQUIRE(forged);
    BOOST_TEST(!is_genuine(*forged));
}

struct Misbehaviour {
    const char* name;
    CardQuirks quirks;
};

std::vector<Misbehaviour> misbehaviours() {
    std::vector<Misbehaviour> all;
    CardQuirks quirks;
    quirks.omits_response_mac = true;
    all.push_back({"omits the MAC", quirks});
    quirks = {};
    quirks.corrupts_response_mac = true;
    all.push_back({"corrupts the MAC", quirks});
    quirks = {};
    quirks.answers_random_bytes = true;
    all.push_back({"answers at random", quirks});
    quirks = {};
    quirks.endless_chaining = true;
    all.push_back({"chains without end", quirks});
    for (const int difference : {-3, -1, 1, 5}) {
        quirks = {};
        quirks.wrong_length_answer = difference;
        all.push_back({"answers with a wrong length", quirks});
    }
    for (std::uint32_t at = 1; at <= 50; ++at) {
        quirks = {};
        quirks.replays_last_answer = at;
        all.push_back({"replays", quirks});
    }
    return all;
}

BOOST_AUTO_TEST_CASE(a_card_that_answers_falsely_never_counts_as_verified) {
    for (const Misbehaviour& misbehaviour : misbehaviours()) {
        BOOST_TEST_CONTEXT(misbehaviour.name
                           << " " << misbehaviour.quirks.replays_last_answer.value_or(0)) {
            Bench bench;
            Card card(bench.memory, misbehaviour.quirks);
            bool recorded = false;
            BOOST_TEST(!bench.present(card, recorded));
        }
    }
}

BOOST_AUTO_TEST_CASE(any_injected_status_at_any_apdu_leaves_a_card_that_can_be_finished) {
    for (const int status : {0x0C, 0x0E, 0x1C, 0x1E, 0x7E, 0x9D, 0xAE, 0xBE, 0xDE, 0xEE}) {
        for (std::uint32_t at = 1; at <= 50; ++at) {
            BOOST_TEST_CONTEXT("status " << std::hex << status << " at APDU " << std::dec << at) {
                Bench bench;
                bool recorded = false;
                {
                    CardQuirks quirks;
                    quirks.injected_status = {at, static_cast<std::uint8_t>(status)};
                    Card lying(bench.memory, quirks);
                    (void)bench.present(lying, recorded);
                }
                Card honest(bench.memory);
                const auto outcome = bench.present(honest, recorded);
                BOOST_REQUIRE_MESSAGE(outcome, (outcome ? "" : outcome.error().detail));
                BOOST_TEST((bench.at_the_gate() == LifeState::made));
            }
        }
    }
}

}  // namespace
}  // namespace card
