#include "issuance_samples.hpp"
#include <boost/test/unit_test.hpp>

#include "station/issuance/hand_over.hpp"

using namespace card;
using namespace card::issuance;
using namespace card::issuance::hand_over;

namespace {

Renewal produced_renewal() {
    Renewal renewal = sample_renewal();
    renewal.status = RenewalStatus::produced;
    return renewal;
}

PickupLetter sample_letter() {
    const Renewal renewal = sample_renewal();
    return {renewal.id, renewal.pass_number, renewal.old_pass_number, renewal.pickup_port,
            renewal.valid_to};
}

/// Letter and old pass of the sample renewal, as the holder brings them.
PapersShown read(CardStage stage = CardStage::verified) {
    PapersShown shown;
    shown.letter = sample_letter();
    shown.old_pass = sample_renewal().old_pass_number;
    shown.of_letter = OfLedger{produced_renewal(), sample_card(stage)};
    shown.of_old_pass = shown.of_letter;
    shown.today = sample_day();
    return shown;
}

PapersShown without_letter() {
    PapersShown shown = read();
    shown.letter.reset();
    shown.of_letter.reset();
    return shown;
}

PapersShown without_old_pass() {
    PapersShown shown = read();
    shown.old_pass.reset();
    shown.of_old_pass.reset();
    return shown;
}

PapersShown approved(PapersShown shown) {
    shown.approval = Approval{StaffId::parse("s-17").value(), WaiverReason::lost};
    return shown;
}

/// The same of the papers' renewal, wherever the ledger found it.
template <class Change>
PapersShown with(PapersShown shown, Change change) {
    for (auto* found : {&shown.of_letter, &shown.of_old_pass}) {
        if (*found) {
            change(**found);
        }
    }
    return shown;
}

HandOver fresh() {
    return HandOver(HandOverPolicy{});
}

CardTapped tapped(LifeState life = LifeState::made) {
    return CardTapped{sample_uid(), sample_renewal().pass_number, life};
}

ActivationFailed torn() {
    return ActivationFailed{Failure{Fault::present_same_card_again, "gone"}};
}

HandOver after(const std::vector<Event>& prefix) {
    HandOver machine = fresh();
    for (const Event& event : prefix) {
        (void)follow(machine, event);
    }
    return machine;
}

Notice finish_of(const Action& action) {
    BOOST_REQUIRE(std::holds_alternative<Finish>(action));
    return std::get<Finish>(action).notice;
}

Notice wait_of(const Action& action) {
    BOOST_REQUIRE(std::holds_alternative<WaitForCard>(action));
    return std::get<WaitForCard>(action).notice;
}

/// The reason recorded for papers that cannot be served, and the notice in the end.
std::pair<std::string, Notice> refusal_of(PapersShown event) {
    HandOver machine = fresh();
    const Action action = follow(machine, std::move(event));
    BOOST_REQUIRE(std::holds_alternative<RecordRefusal>(action));
    const Notice notice = finish_of(follow(machine, RefusalRecorded{}));
    return {std::get<RecordRefusal>(action).reason, notice};
}

const std::vector<Event> to_asking{read(), tapped()};
const std::vector<Event> to_recording{read(), tapped(), Authorised{id_of(9)}};
const std::vector<Event> to_activating{read(), tapped(), Authorised{id_of(9)},
                                       AuthorisationRecorded{sample_proof()}};

std::vector<Event> and_then(std::vector<Event> prefix, Event event) {
    prefix.push_back(std::move(event));
    return prefix;
}

template <class T, std::size_t I = 0>
constexpr std::size_t index_of() {
    if constexpr (std::is_same_v<std::variant_alternative_t<I, Event>, T>) {
        return I;
    } else {
        return index_of<T, I + 1>();
    }
}

std::vector<Event> every_event() {
    return {read(),
            tapped(),
            CardLost{},
            Authorised{id_of(9)},
            AuthorisationRefused{"withdrawn"},
            CentralAway{},
            AuthorisationRecorded{sample_proof()},
            Activated{},
            torn(),
            HandedOverRecorded{5},
            Acknowledged{},
            AcknowledgementLate{},
            RefusalRecorded{},
            Cancelled{},
            OperatorRefused{OperatorRefusal::photo_mismatch}};
}

struct Step {
    std::string_view state;
    std::vector<Event> prefix;
    std::vector<std::size_t> allowed;
};

std::vector<Step> every_state() {
    const std::vector<std::size_t> for_a_card{index_of<CardTapped>(), index_of<CardLost>(),
                                              index_of<Cancelled>(), index_of<OperatorRefused>()};
    const auto to_acknowledgement =
        and_then(and_then(to_activating, Activated{}), HandedOverRecorded{5});
    CardTapped wrong = tapped();
    wrong.uid = other_uid();
    return {
        {"awaiting papers", {}, {index_of<PapersShown>()}},
        {"awaiting card", {read()}, for_a_card},
        {"awaiting card after a loss", {read(), CardLost{}}, for_a_card},
        {"asking central",
         to_asking,
         {index_of<Authorised>(), index_of<AuthorisationRefused>(), index_of<CentralAway>()}},
        {"recording authorisation", to_recording, {index_of<AuthorisationRecorded>()}},
        {"recalling authorisation",
         {read(CardStage::authorised), tapped()},
         {index_of<AuthorisationRecorded>()}},
        {"activating", to_activating, {index_of<Activated>(), index_of<ActivationFailed>()}},
        {"recording hand-over",
         and_then(to_activating, Activated{}),
         {index_of<HandedOverRecorded>()}},
        {"awaiting acknowledgement",
         to_acknowledgement,
         {index_of<Acknowledged>(), index_of<AcknowledgementLate>()}},
        {"recording a wrong card", {read(), wrong}, {index_of<RefusalRecorded>()}},
        {"recording the central's refusal",
         and_then(to_asking, AuthorisationRefused{"withdrawn"}),
         {index_of<RefusalRecorded>()}},
        {"finished", and_then(to_acknowledgement, Acknowledged{}), {}},
        {"cancelled", {read(), Cancelled{}}, {}},
    };
}

bool follows(const Step& step, const Event& event) {
    return std::find(step.allowed.begin(), step.allowed.end(), event.index()) != step.allowed.end();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hand_over_order)

BOOST_AUTO_TEST_CASE(an_event_that_does_not_follow_is_a_defect_in_every_state) {
    for (const Step& step : every_state()) {
        for (const Event& event : every_event()) {
            if (follows(step, event)) {
                continue;
            }
            HandOver machine = after(step.prefix);
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
                HandOver machine = after(step.prefix);
                BOOST_TEST(machine.resume(event).has_value(),
                           step.state << ", event " << event.index());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(only_a_recorded_authorisation_activates_a_card) {
    for (const Step& step : every_state()) {
        for (const Event& event : every_event()) {
            HandOver machine = after(step.prefix);
            const auto action = machine.resume(event);
            BOOST_TEST((!action || !std::holds_alternative<Activate>(*action) ||
                        std::holds_alternative<AuthorisationRecorded>(event)),
                       step.state << ", event " << event.index());
        }
    }
}

BOOST_AUTO_TEST_CASE(after_a_defect_nothing_follows) {
    for (const Step& step : every_state()) {
        for (const Event& event : every_event()) {
            if (follows(step, event)) {
                continue;
            }
            HandOver machine = after(step.prefix);
            (void)machine.resume(event);
            for (const Event& late : every_event()) {
                BOOST_TEST(!machine.resume(late).has_value(),
                           step.state << ", event " << event.index());
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hand_over_of_papers)

BOOST_AUTO_TEST_CASE(fitting_papers_ask_for_the_new_card) {
    HandOver machine = fresh();
    BOOST_TEST((wait_of(follow(machine, read())) == Notice::tap_new_card));
    BOOST_TEST((machine.pass_number() == sample_renewal().pass_number));
}

BOOST_AUTO_TEST_CASE(an_unreadable_old_pass_ends_the_sitting) {
    PapersShown event = read();
    event.old_pass = Result<PassNumber>(fail(Fault::correct_input, "no pass"));
    HandOver machine = fresh();
    BOOST_TEST((finish_of(follow(machine, event)) == Notice::old_pass_unreadable));
    BOOST_TEST(!machine.pass_number().has_value());
}

BOOST_AUTO_TEST_CASE(an_unknown_old_pass_ends_the_sitting) {
    PapersShown event = without_letter();
    event.of_old_pass.reset();
    HandOver machine = fresh();
    BOOST_TEST((finish_of(follow(machine, event)) == Notice::old_pass_unknown));
}

BOOST_AUTO_TEST_CASE(a_withdrawn_renewal_is_refused_and_recorded) {
    const auto [reason, notice] = refusal_of(
        with(read(), [](OfLedger& found) { found.renewal.status = RenewalStatus::withdrawn; }));
    BOOST_TEST(reason == "withdrawn");
    BOOST_TEST((notice == Notice::renewal_withdrawn));
}

BOOST_AUTO_TEST_CASE(an_issued_renewal_is_refused) {
    const auto event =
        with(read(), [](OfLedger& found) { found.renewal.status = RenewalStatus::issued; });
    BOOST_TEST((refusal_of(event).second == Notice::already_collected));
}

BOOST_AUTO_TEST_CASE(a_card_handed_over_before_the_central_knew_is_refused) {
    BOOST_TEST((refusal_of(read(CardStage::handed_over)).second == Notice::already_collected));
}

BOOST_AUTO_TEST_CASE(a_held_renewal_is_refused) {
    const auto event = with(read(), [](OfLedger& found) { found.renewal.held = true; });
    BOOST_TEST((refusal_of(event).second == Notice::renewal_held));
}

BOOST_AUTO_TEST_CASE(the_last_day_of_validity_is_served_and_the_day_after_is_not) {
    PapersShown event = read();
    event.today = sample_renewal().valid_to;
    HandOver machine = fresh();
    BOOST_TEST((wait_of(follow(machine, event)) == Notice::tap_new_card));
    event.today = event.today.plus_days(1);
    BOOST_TEST((refusal_of(event).second == Notice::pass_expired));
}

BOOST_AUTO_TEST_CASE(a_letter_that_is_over_is_refused) {
    PapersShown event = read();
    event.letter->value().last_day = sample_day().plus_days(-1);
    BOOST_TEST((refusal_of(event).second == Notice::pass_expired));
}

BOOST_AUTO_TEST_CASE(a_renewal_without_a_finished_card_is_refused) {
    const auto event = with(read(), [](OfLedger& found) { found.card.reset(); });
    BOOST_TEST((refusal_of(event).second == Notice::card_not_made_yet));
    for (const CardStage stage : {CardStage::started, CardStage::torn, CardStage::spoiled}) {
        BOOST_TEST((refusal_of(read(stage)).second == Notice::card_not_made_yet), name(stage));
    }
}

BOOST_AUTO_TEST_CASE(what_stops_a_renewal_is_said_before_what_is_missing_of_the_papers) {
    const auto event = with(without_letter(), [](OfLedger& found) { found.renewal.held = true; });
    BOOST_TEST((refusal_of(event).second == Notice::renewal_held));
}

BOOST_AUTO_TEST_CASE(an_old_pass_of_another_renewal_than_the_letter_is_refused_and_recorded) {
    PapersShown event = read();
    event.old_pass = PassNumber::parse("KHPS109-000777").value();
    event.of_old_pass.reset();
    const auto [reason, notice] = refusal_of(event);
    BOOST_TEST(reason == "wrong_old_pass");
    BOOST_TEST((notice == Notice::wrong_old_pass));
}

BOOST_AUTO_TEST_CASE(no_supervisor_makes_an_old_pass_of_another_renewal_right) {
    PapersShown event = approved(read());
    event.old_pass = PassNumber::parse("KHPS109-000777").value();
    BOOST_TEST((refusal_of(event).second == Notice::wrong_old_pass));
}

BOOST_AUTO_TEST_CASE(a_letter_that_is_not_proven_is_refused_even_with_a_supervisor) {
    PapersShown event = approved(read());
    event.letter = Result<PickupLetter>(fail(Fault::correct_input, "no letter"));
    event.of_letter.reset();
    const auto [reason, notice] = refusal_of(event);
    BOOST_TEST(reason == "letter_not_valid");
    BOOST_TEST((notice == Notice::letter_not_valid));
}

BOOST_AUTO_TEST_CASE(a_letter_that_is_not_proven_names_no_renewal_by_itself) {
    PapersShown event = without_old_pass();
    event.letter = Result<PickupLetter>(fail(Fault::correct_input, "no letter"));
    event.of_letter.reset();
    HandOver machine = fresh();
    BOOST_TEST((finish_of(follow(machine, event)) == Notice::letter_not_valid));
}

BOOST_AUTO_TEST_CASE(a_letter_whose_numbers_are_not_its_renewals_is_refused) {
    PapersShown other_new = read();
    other_new.letter->value().pass_number = PassNumber::parse("KHPS110-000777").value();
    BOOST_TEST((refusal_of(other_new).second == Notice::letter_not_valid));
    PapersShown other_old = read();
    other_old.letter->value().old_pass_number = PassNumber::parse("KHPS109-000777").value();
    BOOST_TEST((refusal_of(other_old).second == Notice::letter_not_valid));
}

BOOST_AUTO_TEST_CASE(another_ports_letter_names_the_right_port) {
    PapersShown event = read();
    event.letter->value().pickup_port = Port::parse("KL").value();
    event.of_letter.reset();
    event.port_served = false;
    HandOver machine = fresh();
    const Action action = follow(machine, event);
    BOOST_TEST((finish_of(action) == Notice::letter_of_another_port));
    BOOST_TEST((std::get<Finish>(action).port == Port::parse("KL").value()));
}

BOOST_AUTO_TEST_CASE(a_letter_of_this_port_that_the_ledger_does_not_know_is_told_as_such) {
    PapersShown event = read();
    event.of_letter.reset();
    HandOver machine = fresh();
    const Action action = follow(machine, event);
    BOOST_TEST((finish_of(action) == Notice::letter_unknown));
    BOOST_TEST(!std::get<Finish>(action).port.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hand_over_with_less_than_is_asked_for)

namespace {

PapersShown nothing() {
    PapersShown shown;
    shown.today = sample_day();
    return shown;
}

PapersShown by_eye() {
    PapersShown shown = read();
    shown.read_by_eye = true;
    return shown;
}

PapersShown by_representative() {
    PapersShown shown = read();
    shown.collector = Collector::representative;
    return shown;
}

HandOverEvidence evidence_after(const PapersShown& shown) {
    HandOver machine = after({shown, tapped()});
    const Action action = follow(machine, Authorised{id_of(9)});
    return std::get<RecordAuthorised>(action).evidence;
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_kind_of_less_is_asked_for_and_goes_on_with_a_supervisor) {
    struct Case {
        std::string_view what;
        PapersShown shown;
        Notice asked;
        HandOverEvidence evidence;
    };
    const Approval approval{StaffId::parse("s-17").value(), WaiverReason::lost};
    for (const Case& less : {
             Case{
                 "no letter",
                 without_letter(),
                 Notice::letter_needed,
                 {LetterCheck::letter_missing, OldPassCheck::qr_number_matched, Collector::holder}},
             Case{"no old pass",
                  without_old_pass(),
                  Notice::old_pass_needed,
                  {LetterCheck::letter_signed, OldPassCheck::old_pass_lost, Collector::holder}},
             Case{"read by eye",
                  by_eye(),
                  Notice::supervisor_needed,
                  {LetterCheck::letter_signed, OldPassCheck::visual, Collector::holder}},
             Case{"a representative",
                  by_representative(),
                  Notice::supervisor_needed,
                  {LetterCheck::letter_signed, OldPassCheck::qr_number_matched,
                   Collector::representative}},
         }) {
        HandOver alone = fresh();
        BOOST_TEST((finish_of(follow(alone, less.shown)) == less.asked), less.what);
        HandOver allowed = fresh();
        BOOST_TEST((wait_of(follow(allowed, approved(less.shown))) == Notice::tap_new_card),
                   less.what);
        HandOverEvidence expected = less.evidence;
        expected.approval = approval;
        BOOST_TEST((evidence_after(approved(less.shown)) == expected), less.what);
    }
}

BOOST_AUTO_TEST_CASE(without_one_paper_that_a_machine_read_no_supervisor_helps) {
    PapersShown eye_alone = by_eye();
    eye_alone.letter.reset();
    eye_alone.of_letter.reset();
    for (const PapersShown& shown : {approved(nothing()), approved(eye_alone)}) {
        HandOver machine = fresh();
        BOOST_TEST((finish_of(follow(machine, shown)) == Notice::papers_needed));
    }
}

BOOST_AUTO_TEST_CASE(a_supervisor_whom_nobody_needed_is_not_recorded) {
    BOOST_TEST(!evidence_after(approved(read())).approval.has_value());
}

BOOST_AUTO_TEST_CASE(a_site_may_ask_for_the_old_pass_alone) {
    HandOver machine(HandOverPolicy{.require_letter = false});
    BOOST_TEST((wait_of(follow(machine, without_letter())) == Notice::tap_new_card));
}

BOOST_AUTO_TEST_CASE(a_site_may_let_representatives_collect) {
    HandOver machine(HandOverPolicy{.representatives_need_supervisor = false});
    BOOST_TEST((wait_of(follow(machine, by_representative())) == Notice::tap_new_card));
}

BOOST_AUTO_TEST_CASE(what_the_operator_sees_is_refused_and_recorded) {
    for (const auto& [seen, code] :
         {std::pair(OperatorRefusal::photo_mismatch, std::string("photo_mismatch")),
          std::pair(OperatorRefusal::not_the_holder, std::string("not_the_holder"))}) {
        HandOver machine = after({read()});
        const Action action = follow(machine, OperatorRefused{seen});
        BOOST_TEST(std::get<RecordRefusal>(action).reason == code);
        BOOST_TEST((finish_of(follow(machine, RefusalRecorded{})) == Notice::refused_at_counter));
        BOOST_TEST((parse_operator_refusal(code) == seen));
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hand_over_of_a_new_card)

BOOST_AUTO_TEST_CASE(the_right_card_asks_the_central_for_that_card) {
    HandOver machine = after({read()});
    const Action action = follow(machine, tapped());
    BOOST_TEST((std::get<AskCentral>(action).card.uid == sample_uid()));
}

BOOST_AUTO_TEST_CASE(another_card_is_refused_recorded_and_the_right_one_waited_for) {
    CardTapped other = tapped();
    other.uid = other_uid();
    HandOver machine = after({read()});
    const Action action = follow(machine, other);
    BOOST_TEST(std::get<RecordRefusal>(action).reason == "wrong_new_card");
    BOOST_TEST((wait_of(follow(machine, RefusalRecorded{})) == Notice::wrong_new_card));
    BOOST_TEST(std::holds_alternative<AskCentral>(follow(machine, tapped())));
}

BOOST_AUTO_TEST_CASE(a_card_that_proves_no_number_or_another_is_refused) {
    for (const std::optional<PassNumber>& proven :
         {std::optional<PassNumber>(), std::optional(sample_renewal().old_pass_number)}) {
        CardTapped card = tapped();
        card.proven = proven;
        HandOver machine = after({read()});
        const Action action = follow(machine, card);
        BOOST_TEST(std::get<RecordRefusal>(action).reason == "new_card_not_valid");
    }
}

BOOST_AUTO_TEST_CASE(a_card_in_another_life_state_than_made_is_refused) {
    for (const LifeState life : {LifeState::active, LifeState::retired, LifeState::voided}) {
        HandOver machine = after({read()});
        BOOST_TEST(std::holds_alternative<RecordRefusal>(follow(machine, tapped(life))),
                   name(life));
    }
    CardTapped without = tapped();
    without.life.reset();
    HandOver machine = after({read()});
    BOOST_TEST(std::holds_alternative<RecordRefusal>(follow(machine, without)));
}

BOOST_AUTO_TEST_CASE(an_authorised_card_is_made_live_without_asking_again) {
    for (const LifeState life : {LifeState::made, LifeState::active}) {
        HandOver machine = after({read(CardStage::authorised)});
        const Action action = follow(machine, tapped(life));
        BOOST_TEST((std::get<RecallAuthorised>(action).attempt == AttemptId(id_of(2))), name(life));
    }
}

BOOST_AUTO_TEST_CASE(an_authorised_card_that_is_retired_or_voided_is_refused) {
    for (const LifeState life : {LifeState::retired, LifeState::voided}) {
        HandOver machine = after({read(CardStage::authorised)});
        BOOST_TEST(std::holds_alternative<RecordRefusal>(follow(machine, tapped(life))),
                   name(life));
    }
}

BOOST_AUTO_TEST_CASE(the_authorisation_is_recorded_with_its_id_and_evidence) {
    HandOver machine = after(to_asking);
    const Action action = follow(machine, Authorised{id_of(9)});
    const auto& record = std::get<RecordAuthorised>(action);
    BOOST_TEST((record.attempt == AttemptId(id_of(2))));
    BOOST_TEST((record.authorisation == id_of(9)));
    BOOST_TEST(
        (record.evidence == HandOverEvidence{LetterCheck::letter_signed,
                                             OldPassCheck::qr_number_matched, Collector::holder}));
}

BOOST_AUTO_TEST_CASE(the_centrals_refusal_is_recorded_by_its_code_and_ends_the_sitting) {
    HandOver machine = after(to_asking);
    const Action action = follow(machine, AuthorisationRefused{"suspended"});
    BOOST_TEST(std::get<RecordRefusal>(action).reason == "suspended");
    BOOST_TEST((finish_of(follow(machine, RefusalRecorded{})) == Notice::central_refused));
}

BOOST_AUTO_TEST_CASE(without_the_central_nothing_is_handed_over) {
    HandOver machine = after(to_asking);
    BOOST_TEST((finish_of(follow(machine, CentralAway{})) == Notice::central_away));
}

BOOST_AUTO_TEST_CASE(a_card_is_activated_with_the_proof_of_its_record) {
    HandOver machine = after(to_recording);
    const Action action = follow(machine, AuthorisationRecorded{sample_proof()});
    BOOST_TEST(std::get<Activate>(action).proof.record() == 7);
    BOOST_TEST((std::get<Activate>(action).card.uid == sample_uid()));
}

BOOST_AUTO_TEST_CASE(success_is_shown_only_after_the_acknowledgement) {
    HandOver machine = after(to_activating);
    BOOST_TEST(std::holds_alternative<RecordHandedOver>(follow(machine, Activated{})));
    const Action waiting = follow(machine, HandedOverRecorded{5});
    BOOST_TEST(std::get<AwaitAcknowledgement>(waiting).seq == 5);
    BOOST_TEST((finish_of(follow(machine, Acknowledged{})) == Notice::handed_over));
}

BOOST_AUTO_TEST_CASE(a_late_acknowledgement_is_told_as_such) {
    HandOver machine = after(and_then(and_then(to_activating, Activated{}), HandedOverRecorded{5}));
    BOOST_TEST(
        (finish_of(follow(machine, AcknowledgementLate{})) == Notice::waiting_for_acknowledgement));
}

BOOST_AUTO_TEST_CASE(a_torn_activation_waits_for_the_same_card) {
    HandOver machine = after(to_activating);
    BOOST_TEST((wait_of(follow(machine, torn())) == Notice::keep_card_on_reader));
}

BOOST_AUTO_TEST_CASE(after_a_torn_activation_the_same_card_goes_on_whatever_it_shows) {
    for (const LifeState life : {LifeState::made, LifeState::active}) {
        HandOver machine = after(and_then(to_activating, torn()));
        BOOST_TEST(std::holds_alternative<RecallAuthorised>(follow(machine, tapped(life))),
                   name(life));
    }
}

BOOST_AUTO_TEST_CASE(after_a_torn_activation_another_card_is_refused) {
    CardTapped other = tapped();
    other.uid = other_uid();
    HandOver machine = after(and_then(to_activating, torn()));
    BOOST_TEST(std::holds_alternative<RecordRefusal>(follow(machine, other)));
}

BOOST_AUTO_TEST_CASE(a_sitting_is_cancelled_while_it_waits_for_the_card) {
    HandOver machine = after({read()});
    BOOST_TEST((finish_of(follow(machine, Cancelled{})) == Notice::hand_over_cancelled));
}

BOOST_AUTO_TEST_CASE(a_sitting_ended_after_the_authorisation_says_that_the_card_may_be_live) {
    for (const Event& ended :
         {Event(Cancelled{}), Event(OperatorRefused{OperatorRefusal::photo_mismatch})}) {
        HandOver machine = after(and_then(to_activating, torn()));
        BOOST_TEST((finish_of(follow(machine, ended)) == Notice::card_may_be_live));
    }
}

BOOST_AUTO_TEST_SUITE_END()
