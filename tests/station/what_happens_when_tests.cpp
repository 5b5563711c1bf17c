// The situations that a station meets, and what it does: a test for each, named after it. Those of
// them that need a reader, a central or a second station are on real parts, and named beside their
// test there: tests/live/line_tests.cpp, counter_tests.cpp, tear_tests.cpp.

#include "issuance_samples.hpp"
#include <boost/test/unit_test.hpp>

#include "station/issuance/hand_over.hpp"
#include "station/issuance/plastic.hpp"
#include "station/issuance/production.hpp"
#include "station/issuance/voiding.hpp"

using namespace card;
using namespace card::issuance;

namespace {

Renewal made_renewal() {
    Renewal renewal = sample_renewal();
    renewal.status = RenewalStatus::produced;
    return renewal;
}

hand_over::PapersShown papers(IssuedCard card, Renewal renewal = made_renewal()) {
    hand_over::PapersShown shown;
    shown.letter = PickupLetter{renewal.id, renewal.pass_number, renewal.old_pass_number,
                                renewal.pickup_port, renewal.valid_to};
    shown.old_pass = renewal.old_pass_number;
    shown.of_letter = hand_over::OfLedger{renewal, std::move(card)};
    shown.of_old_pass = shown.of_letter;
    shown.today = sample_day();
    return shown;
}

production::CardSeen blank() {
    production::CardSeen seen{};
    seen.uid = sample_uid();
    seen.has_factory_key = true;
    seen.genuine = true;
    seen.next = Claimed{sample_renewal(), Epoch(3)};
    seen.today = sample_day();
    return seen;
}

production::CardSeen known(CardStage stage, Renewal renewal = sample_renewal()) {
    production::CardSeen seen = blank();
    seen.has_factory_key = false;
    seen.next.reset();
    seen.known = sample_card(stage);
    seen.of_known = std::move(renewal);
    return seen;
}

production::Action first_of(production::CardSeen seen, ProductionPolicy policy = {}) {
    Production machine{policy};
    return machine.resume(std::move(seen)).value();
}

Notice notice_of(const production::Action& action) {
    return std::get<production::Finish>(action).notice;
}

hand_over::Action counter(hand_over::PapersShown shown) {
    HandOver machine{HandOverPolicy{}};
    return machine.resume(std::move(shown)).value();
}

std::string refused_for(const hand_over::Action& action) {
    return std::get<hand_over::RecordRefusal>(action).reason;
}

Notice ended_with(const hand_over::Action& action) {
    return std::get<hand_over::Finish>(action).notice;
}

std::optional<WorkItem> work(IssuedCard card, Renewal renewal = made_renewal(), bool fits = true) {
    return work_of(renewal, card, fits, sample_day());
}

Production writing() {
    Production machine{ProductionPolicy{}};
    BOOST_REQUIRE(machine.resume(blank()).has_value());
    BOOST_REQUIRE(machine.resume(production::BlankConfirmed{}).has_value());
    BOOST_REQUIRE(machine.resume(production::IntentRecorded{sample_proof()}).has_value());
    return machine;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(what_happens_when)

BOOST_AUTO_TEST_CASE(a_card_is_torn_or_power_lost_while_writing) {
    Production machine = writing();
    const Failure gone{Fault::present_same_card_again, "gone"};
    BOOST_TEST(std::holds_alternative<production::RecordTorn>(
        machine.resume(production::CardFailed{gone}).value()));
    BOOST_TEST((notice_of(machine.resume(production::OutcomeRecorded{}).value()) ==
                Notice::put_same_card_back));
    BOOST_TEST(std::holds_alternative<production::RecordResume>(first_of(known(CardStage::torn))));
    BOOST_TEST((work(sample_card(CardStage::torn)) == WorkItem{Work::put_back, ""}));
}

BOOST_AUTO_TEST_CASE(a_card_is_spoiled) {
    Production machine = writing();
    const auto recorded =
        machine.resume(production::CardFailed{{Fault::scrap_card, "damage"}}).value();
    BOOST_TEST(std::get<production::RecordSpoiled>(recorded).reason == "chip_damaged");
    BOOST_TEST(
        (notice_of(machine.resume(production::OutcomeRecorded{}).value()) == Notice::card_spoiled));
    // Shown again it is known for what it is, and goes where it belongs.
    production::CardSeen again = blank();
    again.has_factory_key = false;
    again.given_up = true;
    BOOST_TEST((notice_of(first_of(again)) == Notice::card_is_void));
}

BOOST_AUTO_TEST_CASE(three_cards_in_a_row_spoil_on_one_reader) {
    BOOST_TEST(!line_is_stopped(2));
    BOOST_TEST(line_is_stopped(3));
    production::CardSeen seen = blank();
    seen.line_stopped = true;
    BOOST_TEST((notice_of(first_of(seen)) == Notice::line_stopped));
    // A card that was begun is still finished there.
    production::CardSeen open = known(CardStage::torn);
    open.line_stopped = true;
    BOOST_TEST(std::holds_alternative<production::RecordResume>(first_of(open)));
}

BOOST_AUTO_TEST_CASE(a_holder_comes_to_collect) {
    BOOST_TEST((std::get<hand_over::WaitForCard>(counter(papers(sample_card(CardStage::verified))))
                    .notice == Notice::tap_new_card));
    hand_over::PapersShown no_letter = papers(sample_card(CardStage::verified));
    no_letter.letter.reset();
    no_letter.of_letter.reset();
    BOOST_TEST((ended_with(counter(no_letter)) == Notice::letter_needed));
    hand_over::PapersShown no_pass = papers(sample_card(CardStage::verified));
    no_pass.old_pass.reset();
    no_pass.of_old_pass.reset();
    BOOST_TEST((ended_with(counter(no_pass)) == Notice::old_pass_needed));
    no_pass.approval = Approval{StaffId::parse("s-17").value(), WaiverReason::lost};
    BOOST_TEST(std::holds_alternative<hand_over::WaitForCard>(counter(no_pass)));
}

BOOST_AUTO_TEST_CASE(a_clerk_collects_for_another) {
    hand_over::PapersShown shown = papers(sample_card(CardStage::verified));
    shown.collector = Collector::representative;
    BOOST_TEST((ended_with(counter(shown)) == Notice::supervisor_needed));
    shown.approval = Approval{StaffId::parse("s-17").value(), WaiverReason::left_behind};
    BOOST_TEST(std::holds_alternative<hand_over::WaitForCard>(counter(shown)));
}

BOOST_AUTO_TEST_CASE(the_new_card_is_dead_at_the_counter) {
    Voiding machine;
    voiding::Asked request{};
    request.renewal = made_renewal();
    request.card = sample_card(CardStage::verified);
    request.reason = VoidReason::dead;
    request.without_tap = true;
    request.supervisor = StaffId::parse("s-17").value();
    const auto action = machine.resume(request).value();
    BOOST_TEST((std::get<voiding::RecordEnd>(action).as == CardStage::spoiled));
    // Its renewal is free for another card while the holder waits.
    BOOST_TEST(std::holds_alternative<production::ConfirmBlank>(first_of(blank())));
}

BOOST_AUTO_TEST_CASE(a_card_was_handed_to_the_wrong_person) {
    // The station takes nothing back: the central revokes, and says so by an order.
    IssuedCard card = sample_card(CardStage::handed_over);
    card.condemned = VoidReason::ordered;
    BOOST_TEST((work(card) == WorkItem{Work::get_back, "ordered"}));
}

BOOST_AUTO_TEST_CASE(a_card_is_not_collected_and_expires_in_the_drawer) {
    Renewal renewal = made_renewal();
    renewal.valid_to = sample_day().plus_days(-1);
    BOOST_TEST(
        (work(sample_card(CardStage::verified), renewal) == WorkItem{Work::void_card, "expired"}));
}

BOOST_AUTO_TEST_CASE(a_wrong_old_pass_is_shown_or_the_photo_does_not_match) {
    hand_over::PapersShown wrong = papers(sample_card(CardStage::verified));
    wrong.old_pass = PassNumber::parse("KHPS109-000777").value();
    BOOST_TEST(refused_for(counter(wrong)) == "wrong_old_pass");
    HandOver machine{HandOverPolicy{}};
    BOOST_REQUIRE(machine.resume(papers(sample_card(CardStage::verified))).has_value());
    const auto seen =
        machine.resume(hand_over::OperatorRefused{OperatorRefusal::photo_mismatch}).value();
    BOOST_TEST(refused_for(seen) == "photo_mismatch");
}

BOOST_AUTO_TEST_CASE(the_new_card_from_the_safe_is_not_this_renewals) {
    HandOver machine{HandOverPolicy{}};
    BOOST_REQUIRE(machine.resume(papers(sample_card(CardStage::verified))).has_value());
    const hand_over::CardTapped other{other_uid(), std::nullopt, std::nullopt};
    BOOST_TEST(refused_for(machine.resume(other).value()) == "wrong_new_card");
}

BOOST_AUTO_TEST_CASE(a_renewal_is_withdrawn_or_held_while_in_production) {
    production::CardSeen before = blank();
    before.next->renewal.held = true;
    BOOST_TEST((notice_of(first_of(before)) == Notice::renewal_stopped));
    Renewal withdrawn = sample_renewal();
    withdrawn.status = RenewalStatus::withdrawn;
    const auto begun = first_of(known(CardStage::torn, withdrawn));
    BOOST_TEST(std::get<production::RecordSpoiled>(begun).reason == "withdrawn");
    BOOST_TEST(!std::get<production::RecordSpoiled>(begun).of_reader);
    BOOST_TEST((work(sample_card(CardStage::verified), withdrawn) ==
                WorkItem{Work::void_card, "withdrawn"}));
    // Held after the first write: the card is finished, and the counter keeps it.
    Renewal held = sample_renewal();
    held.held = true;
    BOOST_TEST(
        std::holds_alternative<production::RecordResume>(first_of(known(CardStage::torn, held))));
    BOOST_TEST((work(sample_card(CardStage::verified), held) == WorkItem{Work::look, "held"}));
}

BOOST_AUTO_TEST_CASE(a_renewal_is_withdrawn_after_its_card_was_handed_over) {
    Renewal withdrawn = made_renewal();
    withdrawn.status = RenewalStatus::withdrawn;
    BOOST_TEST(refused_for(counter(papers(sample_card(CardStage::handed_over), withdrawn))) ==
               "withdrawn");
    IssuedCard card = sample_card(CardStage::handed_over);
    card.condemned = VoidReason::ordered;
    BOOST_TEST((work(card, withdrawn) == WorkItem{Work::get_back, "ordered"}));
}

BOOST_AUTO_TEST_CASE(a_pass_expires_before_production_or_before_pick_up) {
    production::CardSeen seen = blank();
    seen.next->renewal.valid_to = sample_day().plus_days(-1);
    BOOST_TEST((notice_of(first_of(seen)) == Notice::renewal_expired));
    Renewal expired = made_renewal();
    expired.valid_to = sample_day().plus_days(-1);
    BOOST_TEST(refused_for(counter(papers(sample_card(CardStage::verified), expired))) ==
               "expired");
}

BOOST_AUTO_TEST_CASE(the_central_sends_new_data_for_a_card_already_made) {
    hand_over::PapersShown shown = papers(sample_card(CardStage::verified));
    shown.of_letter->carries = false;
    BOOST_TEST(refused_for(counter(shown)) == "data_changed");
    BOOST_TEST((work(sample_card(CardStage::verified), made_renewal(), false) ==
                WorkItem{Work::look, "data_changed"}));
}

BOOST_AUTO_TEST_CASE(two_stations_want_one_renewal) {
    // The second claim is refused by the central (tests/sync/rules_tests.cpp); without one no card
    // is begun.
    production::CardSeen seen = blank();
    seen.next.reset();
    BOOST_TEST((notice_of(first_of(seen)) == Notice::no_renewal_waiting));
}

BOOST_AUTO_TEST_CASE(another_ports_letter_is_shown) {
    hand_over::PapersShown shown = papers(sample_card(CardStage::verified));
    shown.letter->value().pickup_port = Port::parse("KL").value();
    shown.of_letter.reset();
    shown.port_served = false;
    const auto action = counter(shown);
    BOOST_TEST((ended_with(action) == Notice::letter_of_another_port));
    BOOST_TEST((std::get<hand_over::Finish>(action).port->name() == "基隆港"));
}

BOOST_AUTO_TEST_CASE(a_name_is_blank_an_id_number_odd_or_there_is_no_photo) {
    production::CardSeen seen = blank();
    seen.next->renewal.data_warnings = {"blank_name"};
    BOOST_TEST(std::holds_alternative<production::ConfirmBlank>(first_of(seen)));
    BOOST_TEST((notice_of(first_of(seen, ProductionPolicy{.hold_odd_data = true})) ==
                Notice::renewal_needs_look));
    BOOST_TEST(
        (oddities(seen.next->renewal) == std::vector<std::string>{"blank_name", "no_photo"}));
    seen.next->renewal.data_warnings.clear();
    BOOST_TEST((notice_of(first_of(seen, ProductionPolicy{.hold_odd_data = true})) ==
                Notice::renewal_needs_look));
    seen.next->renewal.photo.emplace();
    BOOST_TEST(std::holds_alternative<production::ConfirmBlank>(
        first_of(seen, ProductionPolicy{.hold_odd_data = true})));
}

BOOST_AUTO_TEST_SUITE_END()
