// A card torn at every APDU, in every way, once and twice. Fault model: the card may leave the
// field before a command has an effect, after it (the answer is lost), or be rolled back by the
// chip and say so at its next power-up. What must hold: put back, the same card ends finished with
// the same pass; it never verifies while incomplete and is never active without its activation.

#include <cstdlib>
#include <functional>

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
    return given == nullptr ? 37U
                            : static_cast<std::uint32_t>(std::max(1, std::atoi(given)));  // NOLINT
}

/// A card on the reader, and whether its intent is durable.
struct Presented {
    explicit Presented(const ChipCase& chip) : bench(chip.profile), card(bench.memory) {}

    Bench bench;
    Card card;
    bool recorded = false;
};

using Step = std::function<void(Presented&)>;
using Act = std::function<Result<void>(Presented&)>;

Result<void> personalisation(Presented& presented) {
    return presented.bench.present(presented.card, presented.recorded).map([](auto) {});
}

void personalised(Presented& presented) {
    BOOST_REQUIRE(personalisation(presented));
}

/// For each chip, each way and each APDU of `act`: a card that `prepare` has seen is torn there,
/// and then `put_back` says what must hold.
void tear_everywhere(const Step& prepare, const Act& act, const Step& put_back) {
    for (const ChipCase& chip : all_chips()) {
        Presented whole(chip);
        prepare(whole);
        whole.card.reset_apdus();
        BOOST_REQUIRE(act(whole));
        const std::uint32_t apdus = whole.card.apdus();
        BOOST_TEST(apdus > 0U);
        for (const Tear::When way : ways) {
            for (std::uint32_t at = 1; at <= apdus; ++at) {
                BOOST_TEST_CONTEXT(chip.name << " torn at APDU " << at << ", way "
                                             << static_cast<int>(way)) {
                    Presented presented(chip);
                    prepare(presented);
                    presented.card.tear({at, way});
                    const auto torn = act(presented);
                    BOOST_REQUIRE(!torn);
                    BOOST_TEST((torn.error().fault == Fault::present_same_card_again));
                    put_back(presented);
                }
            }
        }
    }
}

/// The same for a change of the life state, torn once and, while it is asked for again, once more.
/// It ends as it was or as it was to become.
void tear_change_everywhere(const Step& prepare, const Act& change, LifeState from, LifeState to) {
    const auto one_of_both = [&](Presented& presented) {
        const auto life = presented.bench.at_the_gate();
        BOOST_TEST((life == from || life == to));
    };
    tear_everywhere(prepare, change, [&](Presented& presented) {
        one_of_both(presented);
        const virtual_card::CardMemory torn = presented.bench.memory;
        bool hit = true;
        for (std::uint32_t at = 1; hit; ++at) {
            for (const Tear::When way : ways) {
                presented.bench.memory = torn;
                presented.card.tear({at, way});
                hit = !change(presented);
                one_of_both(presented);
                presented.card.tear({0, way});
                BOOST_REQUIRE(change(presented));
                BOOST_TEST((presented.bench.at_the_gate() == to));
            }
        }
    });
}

Result<void> activation(Presented& presented) {
    return presented.bench.activate(presented.card);
}

BOOST_AUTO_TEST_CASE(a_card_torn_at_any_apdu_of_its_personalisation_is_finished_when_put_back) {
    const Step blank = [](Presented&) {};
    tear_everywhere(blank, personalisation, [](Presented& presented) {
        const auto life = presented.bench.at_the_gate();
        BOOST_TEST((!life || life == LifeState::made));
        BOOST_REQUIRE(finish(presented.bench, presented.card, presented.recorded));
        BOOST_TEST((presented.bench.at_the_gate() == LifeState::made));
        BOOST_TEST(presented.bench.memory.applications.size() == 1U);
    });
}

/// Tears the first presentation, then the second, then puts the card back in peace. True where the
/// second tear was reached.
bool tear_twice(const ChipCase& chip, Tear first, Tear second) {
    Bench bench(chip.profile);
    Card card(bench.memory);
    bool recorded = false;
    card.tear(first);
    (void)bench.present(card, recorded);
    card.tear(second);
    const auto again = bench.present(card, recorded);
    card.tear({0, Tear::When::before});
    const bool finished = again || finish(bench, card, recorded);
    BOOST_REQUIRE_MESSAGE(finished && bench.at_the_gate() == LifeState::made,
                          chip.name << " not finished after tears at " << first.at << "/"
                                    << static_cast<int>(first.when) << " and " << second.at << "/"
                                    << static_cast<int>(second.when));
    return !again;
}

BOOST_AUTO_TEST_CASE(a_card_torn_in_pairs_is_finished_when_put_back_twice) {
    const std::uint32_t stride = pair_stride();
    std::uint32_t pair = 0;
    std::uint32_t torn_twice = 0;
    for (const ChipCase& chip : all_chips()) {
        for (const Tear::When first_way : ways) {
            for (std::uint32_t first = 1; first <= chip.apdus; ++first) {
                for (const Tear::When second_way : ways) {
                    for (std::uint32_t second = 1; second <= past_the_end; ++second) {
                        if (++pair % stride != 0) {
                            continue;
                        }
                        const bool reached =
                            tear_twice(chip, {first, first_way}, {second, second_way});
                        torn_twice += reached ? 1U : 0U;
                        if (!reached) {
                            break;  // the resumed writing ends before this APDU
                        }
                    }
                }
            }
        }
    }
    BOOST_TEST_MESSAGE("second tears that hit: " << torn_twice);
    BOOST_TEST(torn_twice > 300U);
}

BOOST_AUTO_TEST_CASE(a_card_torn_at_any_apdu_of_its_activation_is_active_when_put_back) {
    tear_change_everywhere(personalised, activation, LifeState::made, LifeState::active);
}

BOOST_AUTO_TEST_CASE(a_card_torn_at_any_apdu_of_its_retirement_is_retired_when_put_back) {
    const Step live = [](Presented& presented) {
        personalised(presented);
        BOOST_REQUIRE(activation(presented));
    };
    const Act retirement = [](Presented& presented) {
        return presented.bench.retire(presented.card);
    };
    tear_change_everywhere(live, retirement, LifeState::active, LifeState::retired);
}

BOOST_AUTO_TEST_CASE(a_card_torn_at_any_apdu_of_its_return_to_blank_is_written_again) {
    const Act return_to_blank = [](Presented& presented) {
        return presented.bench.blank_again(presented.card);
    };
    tear_everywhere(personalised, return_to_blank, [&](Presented& presented) {
        const auto again = return_to_blank(presented);
        BOOST_TEST((again || again.error().fault == Fault::use_another_card));
        presented.recorded = false;
        BOOST_REQUIRE(personalisation(presented));
        BOOST_TEST((presented.bench.at_the_gate() == LifeState::made));
    });
}

}  // namespace
}  // namespace card
