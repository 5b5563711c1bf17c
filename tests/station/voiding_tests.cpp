#include "issuance_samples.hpp"
#include <boost/test/unit_test.hpp>

#include "station/issuance/plastic.hpp"
#include "station/issuance/voiding.hpp"

using namespace card;
using namespace card::issuance;
using namespace card::issuance::voiding;

namespace {

Asked asked(CardStage stage = CardStage::verified, VoidReason reason = VoidReason::withdrawn) {
    Asked request{};
    request.renewal = sample_renewal();
    request.card = sample_card(stage);
    request.reason = reason;
    return request;
}

Asked unseen(CardStage stage = CardStage::verified) {
    Asked request = asked(stage, VoidReason::dead);
    request.without_tap = true;
    request.supervisor = StaffId::parse("s-17").value();
    return request;
}

CardTapped tap(std::optional<LifeState> life = LifeState::made) {
    return {sample_uid(), life};
}

MakingFailed failure(Fault fault) {
    return {Failure{fault, "detail"}};
}

Voiding after(const std::vector<Event>& prefix) {
    Voiding machine;
    for (const Event& event : prefix) {
        (void)follow(machine, event);
    }
    return machine;
}

Notice finished_with(Event event) {
    Voiding machine;
    return std::get<Finish>(follow(machine, std::move(event))).notice;
}

const std::vector<Event> to_making{asked(), tap(), Condemned{sample_proof()}};

std::vector<Event> every_event() {
    return {asked(),       tap(),
            CardLost{},    Condemned{sample_proof()},
            MadeVoid{},    failure(Fault::present_same_card_again),
            EndRecorded{}, Cancelled{}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(voiding_a_card)

BOOST_AUTO_TEST_CASE(a_card_is_made_void_only_after_its_condemnation_is_durable) {
    const std::vector<std::vector<Event>> states{{},
                                                 {asked()},
                                                 {asked(), tap()},
                                                 to_making,
                                                 {asked(), tap(LifeState::voided)},
                                                 {asked(), Cancelled{}}};
    for (std::size_t state = 0; state < states.size(); ++state) {
        for (const Event& event : every_event()) {
            Voiding machine = after(states[state]);
            const auto action = machine.resume(event);
            BOOST_TEST((!action || !std::holds_alternative<MakeVoid>(*action) ||
                        (state == 2 && std::holds_alternative<Condemned>(event))),
                       "state " << state << ", event " << event.index());
        }
    }
}

BOOST_AUTO_TEST_CASE(the_right_card_is_condemned_made_void_and_recorded_as_voided) {
    Voiding machine;
    BOOST_TEST(
        (std::get<WaitForCard>(follow(machine, asked())).notice == Notice::tap_card_to_void));
    BOOST_TEST((std::get<RecordCondemned>(follow(machine, tap())).reason == VoidReason::withdrawn));
    const Action make = follow(machine, Condemned{sample_proof()});
    BOOST_TEST((std::get<MakeVoid>(make).from == LifeState::made));
    const Action record = follow(machine, MadeVoid{});
    BOOST_TEST((std::get<RecordEnd>(record).as == CardStage::voided));
    BOOST_TEST((std::get<Finish>(follow(machine, EndRecorded{})).notice == Notice::card_voided));
}

BOOST_AUTO_TEST_CASE(another_card_is_not_touched) {
    Voiding machine = after({asked()});
    const Action action = follow(machine, CardTapped{other_uid(), LifeState::made});
    BOOST_TEST((std::get<WaitForCard>(action).notice == Notice::wrong_card_to_void));
}

BOOST_AUTO_TEST_CASE(a_card_that_may_be_live_is_made_void_from_what_it_says) {
    for (const LifeState life : {LifeState::made, LifeState::active}) {
        Voiding machine = after({asked(CardStage::authorised), tap(life)});
        const Action make = follow(machine, Condemned{sample_proof()});
        BOOST_TEST((std::get<MakeVoid>(make).from == life));
    }
}

BOOST_AUTO_TEST_CASE(a_card_that_says_void_already_is_only_recorded) {
    Voiding machine = after({asked()});
    const Action action = follow(machine, tap(LifeState::voided));
    BOOST_TEST((std::get<RecordEnd>(action).as == CardStage::voided));
}

BOOST_AUTO_TEST_CASE(an_unfinished_card_is_spoiled_by_its_tap) {
    Voiding machine = after({asked(CardStage::torn)});
    const Action action = follow(machine, tap(std::nullopt));
    BOOST_TEST((std::get<RecordEnd>(action).as == CardStage::spoiled));
}

BOOST_AUTO_TEST_CASE(a_broken_card_counts_as_spoiled) {
    Voiding machine =
        after({asked(CardStage::verified, VoidReason::damaged), tap(), Condemned{sample_proof()}});
    const Action action = follow(machine, MadeVoid{});
    BOOST_TEST((std::get<RecordEnd>(action).as == CardStage::spoiled));
}

BOOST_AUTO_TEST_CASE(a_card_that_leaves_while_it_is_made_void_is_waited_for) {
    Voiding machine = after(to_making);
    const Action action = follow(machine, failure(Fault::present_same_card_again));
    BOOST_TEST((std::get<WaitForCard>(action).notice == Notice::tap_card_to_void));
    BOOST_TEST(std::holds_alternative<RecordCondemned>(follow(machine, tap())));
}

BOOST_AUTO_TEST_CASE(a_dead_card_is_given_up_unseen_only_under_a_supervisor) {
    Asked alone = unseen();
    alone.supervisor.reset();
    BOOST_TEST((finished_with(alone) == Notice::supervisor_needed));
    Voiding machine;
    const Action action = follow(machine, unseen());
    BOOST_TEST((std::get<RecordEnd>(action).as == CardStage::spoiled));
    BOOST_TEST(std::get<RecordEnd>(action).supervisor->text() == "s-17");
}

BOOST_AUTO_TEST_CASE(a_card_that_may_be_live_is_never_given_up_unseen) {
    BOOST_TEST((finished_with(unseen(CardStage::authorised)) == Notice::card_may_be_live));
    Voiding unread = after({asked(CardStage::authorised)});
    BOOST_TEST(
        (std::get<Finish>(follow(unread, tap(std::nullopt))).notice == Notice::card_may_be_live));
}

BOOST_AUTO_TEST_CASE(what_is_not_there_or_not_ours_any_more_is_refused) {
    Asked unknown = asked();
    unknown.renewal.reset();
    unknown.card.reset();
    BOOST_TEST((finished_with(unknown) == Notice::pass_not_known));
    Asked none = asked();
    none.card.reset();
    BOOST_TEST((finished_with(none) == Notice::no_card_to_void));
    BOOST_TEST((finished_with(asked(CardStage::handed_over)) == Notice::already_collected));
}

BOOST_AUTO_TEST_CASE(it_is_cancelled_while_it_waits_for_the_card) {
    Voiding machine = after({asked()});
    BOOST_TEST((std::get<Finish>(follow(machine, Cancelled{})).notice == Notice::void_cancelled));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(reports_of_cards)

BOOST_AUTO_TEST_CASE(who_may_report_what_of_which_card) {
    struct Case {
        std::string_view what;
        Report report;
        CardStage stage;
        bool missing;
        bool approved;
        std::optional<Notice> refused;
    };
    for (const Case& one : {
             Case{"a finished card is missing", Report::missing, CardStage::verified, false, false,
                  std::nullopt},
             Case{"a torn card is missing", Report::missing, CardStage::torn, false, false,
                  std::nullopt},
             Case{"missing twice", Report::missing, CardStage::verified, true, false,
                  Notice::card_missing},
             Case{"a card that may be live", Report::missing, CardStage::authorised, false, false,
                  Notice::card_may_be_live},
             Case{"the holder's card", Report::missing, CardStage::handed_over, false, false,
                  Notice::already_collected},
             Case{"found", Report::found, CardStage::verified, true, false, std::nullopt},
             Case{"found and never missing", Report::found, CardStage::verified, false, false,
                  Notice::card_not_missing},
             Case{"written off by nobody", Report::written_off, CardStage::verified, true, false,
                  Notice::supervisor_needed},
             Case{"written off", Report::written_off, CardStage::verified, true, true,
                  std::nullopt},
             Case{"written off before it was missed", Report::written_off, CardStage::verified,
                  false, true, Notice::card_not_missing},
             Case{"a card that is over", Report::missing, CardStage::voided, false, false,
                  Notice::no_card_to_void},
         }) {
        IssuedCard card = sample_card(one.stage);
        card.missing = one.missing;
        BOOST_TEST((refusal_of(one.report, card, one.approved) == one.refused), one.what);
    }
    BOOST_TEST((refusal_of(Report::found, std::nullopt, true) == Notice::no_card_to_void));
}

BOOST_AUTO_TEST_SUITE_END()
