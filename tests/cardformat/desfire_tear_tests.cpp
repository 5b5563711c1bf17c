// A card torn at every APDU, in every way, once and twice. Fault model: the card may leave the
// field before a command has an effect, after it (the answer is lost), or be rolled back by the
// chip and say so at its next power-up. What must hold: put back, the same card ends finished with
// the same pass; it never verifies while incomplete and is never active without its activation.

#include <cstdlib>

#include <boost/test/unit_test.hpp>

#include "tests/cardformat/card_bench.hpp"

namespace card {
namespace {

using namespace bench;
using virtual_card::Card;
using virtual_card::Tear;

constexpr std::array<Tear::When, 3> ways{Tear::When::before, Tear::When::after,
                                         Tear::When::rolled_back};
/// More than any resumed personalisation needs.
constexpr std::uint32_t past_the_end = 90;
constexpr int presentations_enough = 6;

/// Presents the card again and again until it is verified.
bool finish(Bench& bench, Card& card, bool& recorded) {
    for (int i = 0; i < presentations_enough; ++i) {
        if (bench.present(card, recorded)) {
            return true;
        }
    }
    return false;
}

/// How often pairs are sampled; the full set takes every one.
std::uint32_t pair_stride() {
    const char* given = std::getenv("TEAR_PAIR_STRIDE");  // NOLINT(concurrency-mt-unsafe)
    return given == nullptr ? 13U
                            : static_cast<std::uint32_t>(std::max(1, std::atoi(given)));  // NOLINT
}

BOOST_AUTO_TEST_CASE(a_card_torn_at_any_apdu_of_its_personalisation_is_finished_when_put_back) {
    int torn = 0;
    for (const Tear::When way : ways) {
        for (std::uint32_t at = 1; at <= 50; ++at) {
            BOOST_TEST_CONTEXT("torn at APDU " << at << ", way " << static_cast<int>(way)) {
                Bench bench;
                Card card(bench.memory);
                bool recorded = false;
                card.tear({at, way});
                const auto first = bench.present(card, recorded);
                BOOST_REQUIRE(!first);
                BOOST_TEST((first.error().fault == Fault::present_same_card_again));
                ++torn;
                const auto life = bench.at_the_gate();
                BOOST_TEST((!life || life == LifeState::made));
                BOOST_REQUIRE(finish(bench, card, recorded));
                BOOST_TEST((bench.at_the_gate() == LifeState::made));
                BOOST_TEST(bench.memory.applications.size() == 1U);
            }
        }
    }
    BOOST_TEST(torn == 150);
}

BOOST_AUTO_TEST_CASE(a_card_torn_in_pairs_is_finished_when_put_back_twice) {
    const std::uint32_t stride = pair_stride();
    std::uint32_t pair = 0;
    std::uint32_t torn_twice = 0;
    for (const Tear::When first_way : ways) {
        for (std::uint32_t first = 1; first <= 50; ++first) {
            for (const Tear::When second_way : ways) {
                for (std::uint32_t second = 1; second <= past_the_end; ++second) {
                    if (++pair % stride != 0) {
                        continue;
                    }
                    Bench bench;
                    Card card(bench.memory);
                    bool recorded = false;
                    card.tear({first, first_way});
                    (void)bench.present(card, recorded);
                    card.tear({second, second_way});
                    const auto again = bench.present(card, recorded);
                    torn_twice += again ? 0U : 1U;
                    card.tear({0, Tear::When::before});
                    const bool finished = again || finish(bench, card, recorded);
                    BOOST_REQUIRE_MESSAGE(finished && bench.at_the_gate() == LifeState::made,
                                          "not finished after tears at "
                                              << first << "/" << static_cast<int>(first_way)
                                              << " and " << second << "/"
                                              << static_cast<int>(second_way));
                    if (again && second_way == Tear::When::after) {
                        break;  // the resumed writing ends before this APDU
                    }
                }
            }
        }
    }
    BOOST_TEST_MESSAGE("second tears that hit: " << torn_twice);
    BOOST_TEST(torn_twice > 100U);
}

BOOST_AUTO_TEST_CASE(a_card_torn_at_any_apdu_of_its_activation_is_active_when_put_back) {
    Bench counting;
    Card counted(counting.memory);
    bool counted_recorded = false;
    BOOST_REQUIRE(counting.present(counted, counted_recorded));
    counted.reset_apdus();
    BOOST_REQUIRE(counting.activate(counted));
    const std::uint32_t apdus = counted.apdus();
    for (const Tear::When way : ways) {
        for (std::uint32_t at = 1; at <= apdus; ++at) {
            BOOST_TEST_CONTEXT("torn at APDU " << at << ", way " << static_cast<int>(way)) {
                Bench bench;
                Card card(bench.memory);
                bool recorded = false;
                BOOST_REQUIRE(bench.present(card, recorded));
                card.tear({at, way});
                BOOST_REQUIRE(!bench.activate(card));
                const auto life = bench.at_the_gate();
                BOOST_TEST((life == LifeState::made || life == LifeState::active));
                // A chip that rolled back says so once; the card is put back once more.
                BOOST_REQUIRE((bench.activate(card) || bench.activate(card)));
                BOOST_TEST((bench.at_the_gate() == LifeState::active));
            }
        }
    }
}

}  // namespace
}  // namespace card
