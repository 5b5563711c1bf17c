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
    for (const ChipCase& chip : all_chips()) {
        BOOST_TEST_CONTEXT(chip.name) {
            Bench bench(chip.profile);
            Card card(bench.memory);
            bool recorded = false;
            const auto outcome = bench.present(card, recorded);
            BOOST_REQUIRE_MESSAGE(outcome, (outcome ? "" : outcome.error().detail));
            BOOST_TEST((*outcome == WriteOutcome::verified));
            BOOST_TEST((bench.at_the_gate() == LifeState::made));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_personalisation_takes_no_more_apdus_than_the_card_specification_says) {
    for (const ChipCase& chip : all_chips()) {
        BOOST_TEST_CONTEXT(chip.name) {
            Bench bench(chip.profile);
            Card card(bench.memory);
            bool recorded = false;
            BOOST_REQUIRE(bench.present(card, recorded));
            BOOST_TEST(card.apdus() == chip.apdus);
        }
    }
}

BOOST_AUTO_TEST_CASE(credentials_of_every_length_around_a_cipher_block_are_read_back) {
    for (const ChipCase& chip : all_chips()) {
        for (std::size_t size = 480; size <= 514; ++size) {
            BOOST_TEST_CONTEXT(chip.name << ", " << size << " octets") {
                Bench bench(chip.profile, size);
                Card card(bench.memory);
                bool recorded = false;
                BOOST_REQUIRE(bench.present(card, recorded));
                BOOST_TEST((bench.at_the_gate() == LifeState::made));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(no_key_of_a_made_card_is_a_default_or_equals_another) {
    for (const ChipCase& chip : all_chips()) {
        BOOST_TEST_CONTEXT(chip.name) {
            Bench bench(chip.profile);
            Card card(bench.memory);
            bool recorded = false;
            BOOST_REQUIRE(bench.present(card, recorded));
            const auto keys = all_keys(bench.memory);
            BOOST_TEST(keys.size() == 4U);
            BOOST_TEST(!keys.contains(Bytes(16, 0)));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_card_is_made_then_active_then_retired_at_the_gate) {
    for (const ChipCase& chip : all_chips()) {
        BOOST_TEST_CONTEXT(chip.name) {
            Bench bench(chip.profile);
            Card card(bench.memory);
            bool recorded = false;
            BOOST_REQUIRE(bench.present(card, recorded));
            BOOST_REQUIRE(bench.activate(card));
            BOOST_TEST((bench.at_the_gate() == LifeState::active));
            BOOST_REQUIRE(bench.retire(card));
            BOOST_TEST((bench.at_the_gate() == LifeState::retired));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_card_is_read_and_made_live_under_one_selection) {
    constexpr std::uint32_t change =
        2 + 1 + 1 + 1 + 2 + 1;  // twice a key, the state thrice, commit
    for (const ChipCase& chip : all_chips()) {
        BOOST_TEST_CONTEXT(chip.name) {
            Bench bench(chip.profile);
            Card card(bench.memory);
            bool recorded = false;
            BOOST_REQUIRE(bench.present(card, recorded));
            card.activate();
            const auto selected = Bench::select(card);
            BOOST_REQUIRE(selected);
            const auto generation = converse(card, read_pass_generation(*selected));
            BOOST_TEST((generation && *generation == KeyGeneration{1}));
            StateChange activation = bench.activation();
            const auto reading = converse(
                card, read_as_gate(bench.random, *selected, activation.gate_read.duplicate()));
            BOOST_REQUIRE((reading && *reading));
            card.reset_apdus();
            BOOST_TEST(converse(card, change_state(bench.random, *selected,
                                                   WriteAheadIssuer::issue(bench.uid),
                                                   std::move(activation)))
                           .has_value());
            BOOST_TEST(card.apdus() == change);
            BOOST_TEST((bench.at_the_gate() == LifeState::active));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_card_that_was_retired_is_not_activated_again) {
    Bench bench;
    Card card(bench.memory);
    bool recorded = false;
    BOOST_REQUIRE(bench.present(card, recorded));
    BOOST_REQUIRE(bench.change_to(card, LifeState::made, LifeState::retired));
    const auto again = bench.activate(card);
    BOOST_REQUIRE(!again);
    BOOST_TEST((again.error().fault == Fault::set_card_aside));
    BOOST_TEST((bench.at_the_gate() == LifeState::retired));
}

BOOST_AUTO_TEST_CASE(a_card_returned_to_blank_is_as_it_left_the_factory) {
    for (const ChipCase& chip : all_chips()) {
        BOOST_TEST_CONTEXT(chip.name) {
            Bench bench(chip.profile);
            const auto factory = bench.memory;
            Card card(bench.memory);
            bool recorded = false;
            BOOST_REQUIRE(bench.present(card, recorded));
            const auto outcome = bench.blank_again(card);
            BOOST_REQUIRE_MESSAGE(outcome, (outcome ? "" : outcome.error().detail));
            BOOST_TEST((bench.memory == factory));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_foreign_card_is_not_returned_to_blank) {
    Bench bench;
    bench.memory.picc_key.value = Bytes(16, 0x55);
    const auto before = bench.memory;
    Card card(bench.memory);
    const auto outcome = bench.blank_again(card);
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().fault == Fault::use_another_card));
    BOOST_TEST((bench.memory == before));
}

/// Deletes the application as a failed attempt would have, so that its memory is held on to.
void use_up_memory(Bench& bench, std::uint32_t left) {
    bench.memory.applications.clear();
    bench.memory.used_bytes = bench.memory.profile.memory_bytes - left;
}

BOOST_AUTO_TEST_CASE(a_card_of_ours_whose_deleted_applications_hold_all_memory_is_formatted) {
    for (const std::uint32_t left : {0U, 300U, 700U}) {
        BOOST_TEST_CONTEXT(left << " octets left") {
            Bench bench(virtual_card::ev1_4k());
            Card card(bench.memory);
            bool recorded = false;
            BOOST_REQUIRE(bench.present(card, recorded));
            use_up_memory(bench, left);
            BOOST_REQUIRE(bench.present(card, recorded));
            BOOST_TEST((bench.at_the_gate() == LifeState::made));
            BOOST_TEST(bench.memory.applications.size() == 1U);
        }
    }
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

Originality originality_of(Bench& bench) {
    Card card(bench.memory);
    card.activate();
    const auto sight = converse(card, identify(limit));
    BOOST_REQUIRE(sight);
    return sight->originality;
}

BOOST_AUTO_TEST_CASE(the_makers_signature_is_told_from_a_false_one) {
    Bench bench;
    BOOST_TEST((originality_of(bench) == Originality::genuine));
    bench.memory.signature = Bytes(56, 0x11);
    BOOST_TEST((originality_of(bench) == Originality::forged));
}

BOOST_AUTO_TEST_CASE(an_old_ev1_without_a_signature_is_not_a_forgery) {
    Bench bench(virtual_card::ev1_4k());
    BOOST_TEST((originality_of(bench) == Originality::absent));
}

BOOST_AUTO_TEST_CASE(only_a_genuine_chip_pleases_a_policy_that_refuses) {
    BOOST_TEST(accepts(OriginalityPolicy::refuse, Originality::genuine));
    BOOST_TEST(!accepts(OriginalityPolicy::refuse, Originality::absent));
    BOOST_TEST(!accepts(OriginalityPolicy::refuse, Originality::forged));
    BOOST_TEST(accepts(OriginalityPolicy::warn, Originality::forged));
    BOOST_TEST(accepts(OriginalityPolicy::off, Originality::forged));
}

BOOST_AUTO_TEST_CASE(a_chip_of_an_unknown_product_is_refused_untouched) {
    Bench bench;
    bench.memory.profile.hardware_version[3] = 0x42;
    const auto before = bench.memory;
    Card card(bench.memory);
    bool recorded = false;
    const auto outcome = bench.present(card, recorded);
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().fault == Fault::use_another_card));
    BOOST_TEST((bench.memory == before));
}

struct Misbehaviour {
    const char* name;
    CardQuirks quirks;
};

std::vector<Misbehaviour> misbehaviours(std::uint32_t apdus) {
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
    for (std::uint32_t at = 1; at <= apdus; ++at) {
        quirks = {};
        quirks.replays_last_answer = at;
        all.push_back({"replays", quirks});
    }
    return all;
}

BOOST_AUTO_TEST_CASE(a_card_that_answers_falsely_never_counts_as_verified) {
    for (const ChipCase& chip : all_chips()) {
        for (const Misbehaviour& misbehaviour : misbehaviours(chip.apdus)) {
            BOOST_TEST_CONTEXT(chip.name << " " << misbehaviour.name << " "
                                         << misbehaviour.quirks.replays_last_answer.value_or(0)) {
                Bench bench(chip.profile);
                Card card(bench.memory, misbehaviour.quirks);
                bool recorded = false;
                BOOST_TEST(!bench.present(card, recorded));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_card_that_answers_falsely_at_the_counter_is_no_success_and_stays_usable) {
    constexpr std::uint32_t apdus = 12;  // GetVersion, the selection, a change of state
    for (const ChipCase& chip : all_chips()) {
        Bench made(chip.profile);
        Card fresh(made.memory);
        bool recorded = false;
        BOOST_REQUIRE(made.present(fresh, recorded));
        for (const Misbehaviour& misbehaviour : misbehaviours(apdus)) {
            BOOST_TEST_CONTEXT(chip.name << " " << misbehaviour.name << " "
                                         << misbehaviour.quirks.replays_last_answer.value_or(0)) {
                Bench bench(chip.profile);
                bench.memory = made.memory;
                {
                    Card lying(bench.memory, misbehaviour.quirks);
                    BOOST_TEST(!bench.activate(lying));
                }
                const auto life = bench.at_the_gate();
                BOOST_TEST((life == LifeState::made || life == LifeState::active));
                Card honest(bench.memory);
                BOOST_TEST(bench.activate(honest).has_value());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(any_injected_status_at_any_apdu_leaves_a_card_that_can_be_finished) {
    for (const ChipCase& chip : all_chips()) {
        for (const int status : {0x0C, 0x0E, 0x1C, 0x1E, 0x7E, 0x9D, 0xAE, 0xBE, 0xDE, 0xEE}) {
            for (std::uint32_t at = 1; at <= chip.apdus; ++at) {
                BOOST_TEST_CONTEXT(chip.name << " status " << std::hex << status << " at APDU "
                                             << std::dec << at) {
                    Bench bench(chip.profile);
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
}

}  // namespace
}  // namespace card
