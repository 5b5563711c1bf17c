#include "issuance_samples.hpp"
#include <boost/test/unit_test.hpp>

#include "station/issuance/adoption.hpp"

using namespace card;
using namespace card::issuance;
using namespace card::issuance::adoption;

namespace {

Asked asked() {
    Asked request{sample_renewal(), false, std::nullopt};
    request.renewal->status = RenewalStatus::produced;
    return request;
}

ProvenCard proven() {
    return {AttemptId(id_of(2)), sample_renewal().pass_number, LifeState::made, true, false};
}

Adoption after(const std::vector<Event>& prefix) {
    Adoption machine;
    for (const Event& event : prefix) {
        (void)follow(machine, event);
    }
    return machine;
}

Notice finished(const Action& action) {
    return std::get<Finish>(action).notice;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(adoption_of_a_card)

BOOST_AUTO_TEST_CASE(a_card_that_proves_to_be_the_passes_is_claimed_recorded_and_taken_over) {
    Adoption machine = after({asked()});
    BOOST_TEST(std::holds_alternative<Claim>(follow(machine, CardTapped{proven()})));
    const Action record = follow(machine, Granted{Epoch(4)});
    BOOST_TEST((std::get<RecordAdopted>(record).attempt == AttemptId(id_of(2))));
    BOOST_TEST((std::get<RecordAdopted>(record).epoch == Epoch(4)));
    BOOST_TEST((finished(follow(machine, AdoptionRecorded{})) == Notice::card_adopted));
}

BOOST_AUTO_TEST_CASE(any_other_card_is_refused_and_the_right_one_waited_for) {
    std::vector<std::pair<std::string_view, CardTapped>> others{{"no pass of ours", {}}};
    ProvenCard other = proven();
    other.pass_number = sample_renewal().old_pass_number;
    others.emplace_back("another pass", CardTapped{other});
    for (const LifeState life : {LifeState::active, LifeState::retired, LifeState::voided}) {
        other = proven();
        other.life = life;
        others.emplace_back(name(life), CardTapped{other});
    }
    other = proven();
    other.carries = false;
    others.emplace_back("other data", CardTapped{other});
    other = proven();
    other.known = true;
    others.emplace_back("a card of the ledger", CardTapped{other});
    for (const auto& [what, tapped] : others) {
        Adoption machine = after({asked()});
        const Action action = follow(machine, tapped);
        BOOST_REQUIRE_MESSAGE(std::holds_alternative<WaitForCard>(action), what);
        BOOST_TEST((std::get<WaitForCard>(action).notice == Notice::card_is_not_this_passes), what);
        BOOST_TEST(std::holds_alternative<Claim>(follow(machine, CardTapped{proven()})), what);
    }
}

BOOST_AUTO_TEST_CASE(only_a_produced_renewal_without_a_card_is_adopted) {
    Adoption unknown;
    BOOST_TEST((finished(follow(unknown, Asked{})) == Notice::pass_not_known));
    Asked approved = asked();
    approved.renewal->status = RenewalStatus::approved;
    Adoption not_made;
    BOOST_TEST((finished(follow(not_made, approved)) == Notice::nothing_to_adopt));
    Asked ours = asked();
    ours.has_card = true;
    Adoption made_here;
    BOOST_TEST((finished(follow(made_here, ours)) == Notice::nothing_to_adopt));
}

BOOST_AUTO_TEST_CASE(a_ledger_that_may_not_know_its_cards_takes_none_over) {
    Asked behind = asked();
    behind.stopped = Notice::ledger_is_behind;
    Adoption machine;
    BOOST_TEST((finished(follow(machine, behind)) == Notice::ledger_is_behind));
}

BOOST_AUTO_TEST_CASE(without_the_central_s_word_nothing_is_taken_over) {
    Adoption away = after({asked(), CardTapped{proven()}});
    BOOST_TEST((finished(follow(away, CentralAway{})) == Notice::adoption_needs_central));
    Adoption refused = after({asked(), CardTapped{proven()}});
    const Action action = follow(refused, Refused{"held"});
    BOOST_TEST((finished(action) == Notice::adoption_refused));
    BOOST_TEST(std::get<Finish>(action).code == "held");
}

BOOST_AUTO_TEST_CASE(nothing_is_recorded_that_the_central_did_not_grant) {
    const std::vector<Event> events{
        asked(),         CardTapped{proven()}, CardLost{},         Granted{Epoch(4)},
        Refused{"held"}, CentralAway{},        AdoptionRecorded{}, Cancelled{}};
    const std::vector<std::vector<Event>> states{
        {}, {asked()}, {asked(), CardTapped{proven()}}, {asked(), Cancelled{}}};
    for (std::size_t state = 0; state < states.size(); ++state) {
        for (const Event& event : events) {
            Adoption machine = after(states[state]);
            const auto action = machine.resume(event);
            BOOST_TEST((!action || !std::holds_alternative<RecordAdopted>(*action) ||
                        (state == 2 && std::holds_alternative<Granted>(event))),
                       "state " << state << ", event " << event.index());
        }
    }
}

BOOST_AUTO_TEST_CASE(it_is_cancelled_while_it_waits_for_the_card) {
    Adoption machine = after({asked(), CardLost{}});
    BOOST_TEST((finished(follow(machine, Cancelled{})) == Notice::adoption_cancelled));
}

BOOST_AUTO_TEST_SUITE_END()
