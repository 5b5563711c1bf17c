#include <functional>

#include "issuance_samples.hpp"
#include <boost/test/unit_test.hpp>

#include "station/issuance/production.hpp"

using namespace card;
using namespace card::issuance;
using namespace card::issuance::production;

namespace {

CardSeen blank() {
    CardSeen seen{};
    seen.uid = sample_uid();
    seen.has_factory_key = true;
    seen.genuine = true;
    seen.next = Claimed{sample_renewal(), Epoch(3)};
    seen.today = sample_day();
    return seen;
}

CardSeen known(CardStage stage, std::int64_t presentations = 1) {
    CardSeen seen = blank();
    seen.has_factory_key = false;
    seen.known = sample_card(stage);
    seen.known->presentations = presentations;
    return seen;
}

CardFailed failure(Fault fault) {
    return CardFailed{Failure{fault, "detail"}};
}

Notice notice_of(const Action& action) {
    BOOST_REQUIRE(std::holds_alternative<Finish>(action));
    return std::get<Finish>(action).notice;
}

/// What a single sighting of a card ends with.
Notice finished_with(CardSeen seen, ProductionPolicy policy = {}) {
    Production machine{policy};
    return notice_of(follow(machine, std::move(seen)));
}

Production writing() {
    Production machine{ProductionPolicy{}};
    (void)follow(machine, blank());
    (void)follow(machine, BlankConfirmed{});
    (void)follow(machine, IntentRecorded{sample_proof()});
    return machine;
}

struct Step {
    std::string_view state;
    std::vector<Event> prefix;
    std::vector<std::size_t> allowed;  ///< indices of the events that follow
};

template <class T, std::size_t I = 0>
constexpr std::size_t index_of() {
    if constexpr (std::is_same_v<std::variant_alternative_t<I, Event>, T>) {
        return I;
    } else {
        return index_of<T, I + 1>();
    }
}

std::vector<Event> every_event() {
    return {blank(),          BlankConfirmed{}, IntentRecorded{sample_proof()},
            CardVerified{},   CardErased{},     failure(Fault::present_same_card_again),
            OutcomeRecorded{}};
}

std::vector<Step> every_state() {
    const std::vector<Event> to_writing{blank(), BlankConfirmed{}, IntentRecorded{sample_proof()}};
    auto to_outcome = to_writing;
    to_outcome.emplace_back(CardVerified{});
    auto to_end = to_outcome;
    to_end.emplace_back(OutcomeRecorded{});
    return {
        {"awaiting card", {}, {index_of<CardSeen>()}},
        {"confirming blank", {blank()}, {index_of<BlankConfirmed>(), index_of<CardFailed>()}},
        {"recording start", {blank(), BlankConfirmed{}}, {index_of<IntentRecorded>()}},
        {"recording resume", {known(CardStage::torn)}, {index_of<IntentRecorded>()}},
        {"writing",
         to_writing,
         {index_of<CardVerified>(), index_of<CardErased>(), index_of<CardFailed>()}},
        {"writing again",
         {known(CardStage::torn), IntentRecorded{sample_proof()}},
         {index_of<CardVerified>(), index_of<CardErased>(), index_of<CardFailed>()}},
        {"recording outcome", to_outcome, {index_of<OutcomeRecorded>()}},
        {"recording too many presentations",
         {known(CardStage::torn, 10)},
         {index_of<OutcomeRecorded>()}},
        {"ended", to_end, {index_of<CardSeen>()}},
        {"ended in refusal", {known(CardStage::verified)}, {index_of<CardSeen>()}},
    };
}

Production after(const Step& step) {
    Production machine{ProductionPolicy{}};
    for (const Event& event : step.prefix) {
        (void)follow(machine, event);
    }
    return machine;
}

bool follows(const Step& step, const Event& event) {
    return std::find(step.allowed.begin(), step.allowed.end(), event.index()) != step.allowed.end();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(production_order)

BOOST_AUTO_TEST_CASE(an_event_that_does_not_follow_is_a_defect_in_every_state) {
    for (const Step& step : every_state()) {
        for (const Event& event : every_event()) {
            if (follows(step, event)) {
                continue;
            }
            Production machine = after(step);
            const auto action = machine.resume(event);
            BOOST_TEST((!action && action.error().fault == Fault::report_defect),
                       step.state << ", event " << event.index());
        }
    }
}

BOOST_AUTO_TEST_CASE(an_event_that_follows_is_followed_in_every_state) {
    for (const Step& step : every_state()) {
        for (const Event& event : every_event()) {
            if (follows(step, event)) {
                Production machine = after(step);
                BOOST_TEST(machine.resume(event).has_value(),
                           step.state << ", event " << event.index());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(only_a_recorded_intent_leads_to_a_writing_action) {
    for (const Step& step : every_state()) {
        for (const Event& event : every_event()) {
            Production machine = after(step);
            const auto action = machine.resume(event);
            const bool writes = action && (std::holds_alternative<WriteBlank>(*action) ||
                                           std::holds_alternative<WriteAgain>(*action));
            BOOST_TEST((!writes || std::holds_alternative<IntentRecorded>(event)),
                       step.state << ", event " << event.index());
        }
    }
}

BOOST_AUTO_TEST_CASE(after_a_defect_a_late_proof_writes_nothing) {
    for (const Step& step : every_state()) {
        for (const Event& event : every_event()) {
            if (follows(step, event)) {
                continue;
            }
            Production machine = after(step);
            (void)machine.resume(event);
            BOOST_TEST(!machine.resume(IntentRecorded{sample_proof()}).has_value(),
                       step.state << ", event " << event.index());
        }
    }
}

BOOST_AUTO_TEST_CASE(after_a_defect_the_next_card_is_taken) {
    Production machine = writing();
    (void)machine.resume(BlankConfirmed{});
    BOOST_TEST(std::holds_alternative<ConfirmBlank>(follow(machine, blank())));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(production_of_a_blank)

BOOST_AUTO_TEST_CASE(a_blank_is_confirmed_before_anything_is_recorded) {
    Production machine{ProductionPolicy{}};
    BOOST_TEST(std::holds_alternative<ConfirmBlank>(follow(machine, blank())));
}

BOOST_AUTO_TEST_CASE(the_start_names_the_renewal_its_epoch_and_the_card) {
    Production machine{ProductionPolicy{}};
    (void)follow(machine, blank());
    const Action action = follow(machine, BlankConfirmed{});
    const auto& start = std::get<RecordStart>(action);
    BOOST_TEST((start.claimed.renewal.id == sample_renewal().id));
    BOOST_TEST((start.claimed.epoch == Epoch(3)));
    BOOST_TEST((start.uid == sample_uid()));
}

BOOST_AUTO_TEST_CASE(a_blank_is_written_with_the_proof_of_its_record) {
    Production machine{ProductionPolicy{}};
    (void)follow(machine, blank());
    (void)follow(machine, BlankConfirmed{});
    const Action action = follow(machine, IntentRecorded{sample_proof()});
    BOOST_TEST(std::get<WriteBlank>(action).proof.record() == 7);
}

BOOST_AUTO_TEST_CASE(a_verified_card_is_recorded_and_then_finished) {
    Production machine = writing();
    BOOST_TEST(std::holds_alternative<RecordVerified>(follow(machine, CardVerified{})));
    BOOST_TEST((notice_of(follow(machine, OutcomeRecorded{})) == Notice::card_finished));
}

BOOST_AUTO_TEST_CASE(an_erased_card_is_spoiled) {
    Production machine = writing();
    const Action action = follow(machine, CardErased{});
    BOOST_TEST(std::get<RecordSpoiled>(action).reason == "read_back_differs");
    BOOST_TEST((notice_of(follow(machine, OutcomeRecorded{})) == Notice::card_spoiled));
}

BOOST_AUTO_TEST_CASE(a_damaged_chip_is_spoiled) {
    Production machine = writing();
    const Action action = follow(machine, failure(Fault::scrap_card));
    BOOST_TEST(std::get<RecordSpoiled>(action).reason == "chip_damaged");
}

BOOST_AUTO_TEST_CASE(a_card_that_answers_wrongly_while_written_is_spoiled) {
    for (const Fault fault : {Fault::use_another_card, Fault::set_card_aside}) {
        Production machine = writing();
        const Action action = follow(machine, failure(fault));
        BOOST_TEST(std::get<RecordSpoiled>(action).reason == "card_answers_wrongly");
    }
}

BOOST_AUTO_TEST_CASE(any_other_loss_while_writing_is_torn_and_asks_for_the_same_card) {
    for (const Fault fault : {Fault::present_same_card_again, Fault::wait_for_reader,
                              Fault::start_pcscd, Fault::grant_reader_access, Fault::restart_worker,
                              Fault::retry_later, Fault::stop_station, Fault::report_defect}) {
        Production machine = writing();
        BOOST_TEST(std::holds_alternative<RecordTorn>(follow(machine, failure(fault))),
                   name(fault));
        BOOST_TEST((notice_of(follow(machine, OutcomeRecorded{})) == Notice::put_same_card_back));
    }
}

BOOST_AUTO_TEST_CASE(a_blank_that_leaves_before_it_is_confirmed_costs_nothing) {
    Production machine{ProductionPolicy{}};
    (void)follow(machine, blank());
    BOOST_TEST((notice_of(follow(machine, failure(Fault::present_same_card_again))) ==
                Notice::place_blank_card));
}

BOOST_AUTO_TEST_CASE(a_card_that_turns_out_not_to_be_blank_is_foreign) {
    Production machine{ProductionPolicy{}};
    (void)follow(machine, blank());
    BOOST_TEST(
        (notice_of(follow(machine, failure(Fault::use_another_card))) == Notice::card_is_foreign));
}

BOOST_AUTO_TEST_CASE(a_reader_that_fails_before_the_blank_is_confirmed_does_not_make_it_foreign) {
    for (const Fault fault : {Fault::wait_for_reader, Fault::start_pcscd, Fault::restart_worker}) {
        Production machine{ProductionPolicy{}};
        (void)follow(machine, blank());
        BOOST_TEST((notice_of(follow(machine, failure(fault))) == Notice::place_blank_card),
                   name(fault));
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(production_refusals)

BOOST_AUTO_TEST_CASE(a_card_without_the_factory_key_is_foreign) {
    CardSeen seen = blank();
    seen.has_factory_key = false;
    BOOST_TEST((finished_with(seen) == Notice::card_is_foreign));
}

BOOST_AUTO_TEST_CASE(an_unproven_chip_is_refused_only_by_policy) {
    CardSeen seen = blank();
    seen.genuine = false;
    BOOST_TEST(
        (finished_with(seen, {.refuse_unproven_chips = true}) == Notice::card_not_proven_genuine));
    Production machine{ProductionPolicy{}};
    BOOST_TEST(std::holds_alternative<ConfirmBlank>(follow(machine, seen)));
}

BOOST_AUTO_TEST_CASE(a_blank_without_a_waiting_renewal_is_not_touched) {
    CardSeen seen = blank();
    seen.next.reset();
    BOOST_TEST((finished_with(seen) == Notice::no_renewal_waiting));
}

BOOST_AUTO_TEST_CASE(a_held_renewal_uses_no_card) {
    CardSeen seen = blank();
    seen.next->renewal.held = true;
    BOOST_TEST((finished_with(seen) == Notice::renewal_stopped));
}

BOOST_AUTO_TEST_CASE(a_renewal_that_is_not_approved_uses_no_card) {
    for (const RenewalStatus status :
         {RenewalStatus::produced, RenewalStatus::issued, RenewalStatus::withdrawn}) {
        CardSeen seen = blank();
        seen.next->renewal.status = status;
        BOOST_TEST((finished_with(seen) == Notice::renewal_stopped), name(status));
    }
}

BOOST_AUTO_TEST_CASE(the_last_day_of_validity_is_made_and_the_day_after_is_not) {
    CardSeen seen = blank();
    seen.today = seen.next->renewal.valid_to;
    Production machine{ProductionPolicy{}};
    BOOST_TEST(std::holds_alternative<ConfirmBlank>(follow(machine, seen)));
    seen.today = seen.today.plus_days(1);
    BOOST_TEST((finished_with(seen) == Notice::renewal_expired));
}

BOOST_AUTO_TEST_CASE(odd_data_is_held_only_by_policy) {
    CardSeen seen = blank();
    seen.next->renewal.data_warnings = {"blank_name"};
    BOOST_TEST((finished_with(seen, {.hold_odd_data = true}) == Notice::renewal_needs_look));
    Production machine{ProductionPolicy{}};
    BOOST_TEST(std::holds_alternative<ConfirmBlank>(follow(machine, seen)));
}

BOOST_AUTO_TEST_CASE(a_finished_card_is_never_written_again) {
    for (const CardStage stage :
         {CardStage::verified, CardStage::authorised, CardStage::handed_over, CardStage::spoiled}) {
        BOOST_TEST((finished_with(known(stage)) == Notice::card_is_finished_already), name(stage));
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(production_of_a_torn_card)

BOOST_AUTO_TEST_CASE(an_open_card_is_taken_up_again_whatever_waits) {
    for (const CardStage stage : {CardStage::started, CardStage::torn}) {
        Production machine{ProductionPolicy{}};
        const Action action = follow(machine, known(stage));
        BOOST_TEST((std::get<RecordResume>(action).card.attempt == AttemptId(id_of(2))));
    }
}

BOOST_AUTO_TEST_CASE(an_open_card_is_not_written_as_a_blank) {
    Production machine{ProductionPolicy{}};
    (void)follow(machine, known(CardStage::torn));
    BOOST_TEST(std::holds_alternative<WriteAgain>(follow(machine, IntentRecorded{sample_proof()})));
}

BOOST_AUTO_TEST_CASE(an_open_card_that_looks_like_a_blank_is_still_that_card) {
    CardSeen seen = known(CardStage::started);
    seen.has_factory_key = true;
    Production machine{ProductionPolicy{}};
    BOOST_TEST(std::holds_alternative<RecordResume>(follow(machine, seen)));
}

BOOST_AUTO_TEST_CASE(a_card_presented_too_often_is_given_up) {
    Production machine{{.max_presentations = 3}};
    const Action action = follow(machine, known(CardStage::torn, 3));
    BOOST_TEST(std::get<RecordSpoiled>(action).reason == "too_many_presentations");
}

BOOST_AUTO_TEST_CASE(a_card_presented_once_less_is_taken_up) {
    Production machine{{.max_presentations = 3}};
    BOOST_TEST(std::holds_alternative<RecordResume>(follow(machine, known(CardStage::torn, 2))));
}

BOOST_AUTO_TEST_SUITE_END()
