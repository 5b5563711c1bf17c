#include <fstream>
#include <iterator>

#include <boost/test/unit_test.hpp>

#include "sync/central/csv.hpp"
#include "sync/central/rules.hpp"
#include "sync/central/table.hpp"

using namespace card;
using namespace card::central;

namespace {

BusinessDay day(std::string_view text) {
    return *BusinessDay::parse(text);
}
PassNumber number(std::string_view text) {
    return *PassNumber::parse(text);
}

Candidate pass_until(std::string_view valid_to) {
    return {number("KHPS109-010323"),
            PassState::active,
            day("2020-12-02"),
            day(valid_to),
            true,
            false,
            0};
}

std::vector<CsvRow> sample(const std::string& file) {
    std::ifstream stream(std::string(SAMPLES_DIR) + "/" + file);
    BOOST_REQUIRE(stream.good());
    return *read_csv(std::string(std::istreambuf_iterator<char>(stream), {}));
}

RenewalState claimed() {
    RenewalState state;
    state.approved = true;
    state.valid_to = day("2023-11-27");
    state.claim_station = "kh";
    state.epoch = 1;
    return state;
}

AttemptId attempt(std::uint8_t last) {
    Bytes octets(Uuid::size, 0x22);
    octets.back() = last;
    return AttemptId(*Uuid::from(octets));
}

CardEvent event(std::uint8_t which = 1) {
    const Bytes uid{4, 1, 2, 3, 4, 5, which};
    return {"kh", attempt(which), Epoch(1), CardUid::from(uid), true};
}

RenewalState produced() {
    RenewalState state = claimed();
    BOOST_REQUIRE(card_verified(state, event()).changed);
    return state;
}

/// 已製證 in the imported list, and no station ever claimed it.
RenewalState made_elsewhere() {
    RenewalState state;
    state.status = RenewalStatus::produced;
    state.approved = true;
    state.valid_to = day("2023-11-27");
    state.made_elsewhere = true;
    return state;
}

HandOver asked() {
    return {"kh", attempt(1), Epoch(1), *event().card};
}

const BusinessDay today = *BusinessDay::parse("2021-12-01");
const Timestamp noon = *parse_rfc3339("2021-12-01T04:00:00.000Z");
const OldPass in_good_standing{PassState::active};

}  // namespace

BOOST_AUTO_TEST_SUITE(rules_for_applying)

BOOST_AUTO_TEST_CASE(the_sample_passes_are_judged_as_the_manual_shows) {
    for (const CsvRow& row : sample("eligible-passes.csv")) {
        const Candidate pass{number(row.values.at("pass_no")),
                             PassState::active,
                             day(row.values.at("valid_from")),
                             day(row.values.at("valid_to")),
                             row.values.at("photo") == "有",
                             false,
                             0};
        BOOST_TEST(refusal_to_add(pass, today).has_value() == !pass.has_photo);
        BOOST_TEST(shown_fee(is_free(pass, FeeRule{day("2021-11-01")})) == row.values.at("fee"));
    }
}

BOOST_AUTO_TEST_CASE(a_missing_photo_is_refused_in_the_words_of_the_manual) {
    Candidate pass = pass_until("2025-01-29");
    pass.number = number("KHPS109-000427");
    pass.has_photo = false;
    BOOST_TEST(*refusal_to_add(pass, today) == "證號 KHPS109-000427 查無照片檔案，無法加入換證!!");
}

BOOST_AUTO_TEST_CASE(exactly_three_months_are_enough_and_a_day_less_is_not) {
    BOOST_TEST(!refusal_to_add(pass_until("2022-03-01"), today));
    BOOST_TEST(*refusal_to_add(pass_until("2022-02-28"), today) ==
               "證號 KHPS109-010323 效期不足三個月，無法加入換證，請申請新證!!");
}

BOOST_AUTO_TEST_CASE(three_months_from_the_end_of_a_month_end_with_the_shorter_month) {
    BOOST_TEST(!refusal_to_add(pass_until("2022-02-28"), day("2021-11-30")));
    BOOST_TEST(refusal_to_add(pass_until("2022-02-27"), day("2021-11-30")).has_value());
    BOOST_TEST(!refusal_to_add(pass_until("2024-02-29"), day("2023-11-30")));
    BOOST_TEST(refusal_to_add(pass_until("2024-02-28"), day("2023-11-30")).has_value());
}

BOOST_AUTO_TEST_CASE(the_last_day_is_still_valid_but_too_short_and_the_day_after_is_expired) {
    BOOST_TEST(refusal_to_add(pass_until("2021-12-01"), today)->find("效期不足") !=
               std::string::npos);
    BOOST_TEST(*refusal_to_add(pass_until("2021-11-30"), today) ==
               "證號 KHPS109-010323 已過期，無法加入換證，請申請新證!!");
}

BOOST_AUTO_TEST_CASE(an_open_application_comes_before_every_other_reason) {
    Candidate pass = pass_until("2021-11-30");
    pass.has_open_application = true;
    BOOST_TEST(*refusal_to_add(pass, today) == "證號 KHPS109-010323 已申請換證，無法重複加入!!");
}

BOOST_AUTO_TEST_CASE(only_an_active_pass_can_be_exchanged) {
    for (const PassState state : {PassState::pending, PassState::off, PassState::cancelled}) {
        Candidate pass = pass_until("2025-01-29");
        pass.state = state;
        BOOST_TEST(refusal_to_add(pass, today).has_value());
    }
}

BOOST_AUTO_TEST_CASE(an_exchange_is_free_once_and_only_for_passes_from_before_the_cut_off) {
    const FeeRule rule{day("2021-11-01")};
    Candidate pass = pass_until("2025-01-29");
    pass.valid_from = day("2021-10-31");
    BOOST_TEST(is_free(pass, rule));
    pass.times_exchanged = 1;
    BOOST_TEST(!is_free(pass, rule));
    pass.times_exchanged = 0;
    pass.valid_from = day("2021-11-01");
    BOOST_TEST(!is_free(pass, rule));
}

BOOST_AUTO_TEST_CASE(a_number_carries_the_pick_up_port_and_the_year_of_the_exchange) {
    BOOST_TEST(next_number(*Port::parse("KL"), today, 8)->text() == "KLPS110-000009");
    BOOST_TEST(next_number(*Port::parse("KH"), day("2022-01-01"), 0)->text() == "KHPS111-000001");
    BOOST_TEST(!next_number(*Port::parse("KH"), today, 999'999));
}

BOOST_AUTO_TEST_CASE(passes_leave_their_state_only_through_known_names) {
    BOOST_TEST((parse_pass_state(name(PassState::cancelled)) == PassState::cancelled));
    BOOST_TEST((parse_payment(name(Payment::confirmed)) == Payment::confirmed));
    BOOST_TEST(!parse_pass_state("lost"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rules_for_personal_data)

BOOST_AUTO_TEST_CASE(an_id_number_shows_its_first_four_characters_only) {
    BOOST_TEST(masked_id("E124079569") == "E124******");
    BOOST_TEST(masked_id("E18354826") == "E183*****");
    BOOST_TEST(masked_id("A12") == "A12");
    BOOST_TEST(masked_id("") == "");
    BOOST_TEST(masked_id("李小明證號") == "李小明證*");
}

BOOST_AUTO_TEST_CASE(id_numbers_are_checked_in_all_three_forms) {
    BOOST_TEST(is_regular_id("A123456789"));
    BOOST_TEST(is_regular_id("A800000014"));
    BOOST_TEST(is_regular_id("AB12345677"));
    for (const char* odd : {"A123456788", "A323456789", "AE12345677", "a123456789", "A12345678",
                            "A1234567890", "", "TEST0103", "E18354826", "1123456789"}) {
        BOOST_TEST(!is_regular_id(odd), odd);
    }
}

BOOST_AUTO_TEST_CASE(one_of_the_sample_id_numbers_is_regular) {
    int regular = 0;
    for (const char* file : {"eligible-passes.csv", "renewals-list.csv"}) {
        for (const CsvRow& row : sample(file)) {
            regular += is_regular_id(row.values.at("id_no")) ? 1 : 0;
        }
    }
    BOOST_TEST(regular == 1);
}

BOOST_AUTO_TEST_CASE(odd_data_is_warned_of_and_not_refused) {
    const auto warnings = data_warnings(PersonalText(" \xE3\x80\x80"), PersonalText("TEST0103"));
    const std::vector<std::string> both{"blank_name", "odd_id_number"};
    BOOST_TEST(warnings == both, boost::test_tools::per_element());
    BOOST_TEST(data_warnings(PersonalText("0728"), PersonalText("A123456789")).empty());
}

BOOST_AUTO_TEST_CASE(wide_characters_take_two_cells) {
    BOOST_TEST(display_width("李小明 A") == 8U);
    BOOST_TEST(table({{"a", "b"}, {"李", "c\n"}}) == "a   b\n李  c?\n");
}

BOOST_AUTO_TEST_CASE(lists_are_read_with_quotes_marks_and_both_line_ends) {
    const auto rows = read_csv(
        "\xEF\xBB\xBF"
        "a,b\r\n\"x,\"\"y\",\n1,2");
    BOOST_REQUIRE(rows);
    BOOST_TEST(rows->at(0).values.at("a") == "x,\"y");
    BOOST_TEST(rows->at(0).values.at("b").empty());
    BOOST_TEST(rows->at(1).line == 3U);
    BOOST_TEST(!read_csv("a,b\n1\n"));
    BOOST_TEST(!read_csv("a\n\"x"));
    BOOST_TEST(!read_csv("a\n\xC0\xAF"));
    BOOST_TEST(!read_csv("a\n\xED\xA0\x80"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rules_for_the_life_of_a_renewal)

BOOST_AUTO_TEST_CASE(approval_waits_for_the_payment) {
    RenewalState state;
    state.payment = Payment::pending;
    BOOST_TEST(refusal_to_approve(state, false)->code == "payment_pending");
    BOOST_TEST(!refusal_to_approve(state, true));
    state.approved = true;
    BOOST_TEST(refusal_to_approve(state, true)->code == "already_approved");
}

BOOST_AUTO_TEST_CASE(an_issued_renewal_is_neither_held_nor_withdrawn) {
    RenewalState state = produced();
    BOOST_TEST(!refusal_to_withdraw(state));
    BOOST_TEST(handed_over(state, event()).issued);
    BOOST_TEST(refusal_to_withdraw(state)->code == "already_issued");
    BOOST_TEST(refusal_to_hold(state)->code == "already_issued");
    BOOST_TEST(refusal_to_release(state)->code == "not_held");
}

BOOST_AUTO_TEST_CASE(a_claim_is_refused_with_the_reason) {
    const auto code = [](RenewalState state, bool serves = true, BusinessDay at = today) {
        const auto refused = refusal_to_claim(state, in_good_standing, {"kh", serves, at, noon});
        return refused ? refused->code : std::string();
    };
    BOOST_TEST(code(claimed()) == "");
    BOOST_TEST(code(claimed(), false) == "not_yours");
    BOOST_TEST(code(claimed(), true, day("2023-11-27")) == "");
    BOOST_TEST(code(claimed(), true, day("2023-11-28")) == "expired");
    RenewalState state = claimed();
    state.claim_station = "other";
    BOOST_TEST(code(state) == "already_claimed");
    state = claimed();
    state.held = true;
    BOOST_TEST(code(state) == "held");
    state = claimed();
    state.approved = false;
    BOOST_TEST(code(state) == "not_approved");
    state = claimed();
    state.status = RenewalStatus::withdrawn;
    BOOST_TEST(code(state) == "withdrawn");
    BOOST_TEST(code(produced()) == "already_produced");
}

BOOST_AUTO_TEST_CASE(the_station_that_holds_a_claim_keeps_its_epoch) {
    RenewalState state = claimed();
    BOOST_TEST(grant_claim(state, {"kh", true, today, noon}).value == 1);
    state.claim_station.clear();
    BOOST_TEST(grant_claim(state, {"kh", true, today, noon}).value == 2);
}

BOOST_AUTO_TEST_CASE(an_authorisation_is_refused_with_the_reason) {
    const auto code = [](const RenewalState& state, const HandOver& hand_over, BusinessDay at) {
        const auto refused = refusal_to_authorise(state, in_good_standing, hand_over, at);
        return refused ? refused->code : std::string();
    };
    BOOST_TEST(code(produced(), asked(), today) == "");
    BOOST_TEST(code(claimed(), asked(), today) == "not_produced");
    BOOST_TEST(code(produced(), asked(), day("2023-11-28")) == "expired");
    RenewalState state = produced();
    state.held = true;
    BOOST_TEST(code(state, asked(), today) == "held");
    state = produced();
    state.payment = Payment::pending;
    BOOST_TEST(code(state, asked(), today) == "payment_pending");
    state = produced();
    state.status = RenewalStatus::withdrawn;
    BOOST_TEST(code(state, asked(), today) == "withdrawn");
    state.status = RenewalStatus::issued;
    BOOST_TEST(code(state, asked(), today) == "already_issued");
    HandOver other = asked();
    other.epoch = Epoch(2);
    BOOST_TEST(code(produced(), other, today) == "wrong_epoch");
    other = asked();
    other.attempt = attempt(9);
    BOOST_TEST(code(produced(), other, today) == "other_card");
    other = asked();
    other.card = *event(9).card;
    BOOST_TEST(code(produced(), other, today) == "other_card");
}

BOOST_AUTO_TEST_CASE(a_card_begun_without_the_right_to_it_is_ordered_void) {
    RenewalState state = claimed();
    BOOST_TEST(!attempt_started(state, event()).conflict);
    CardEvent other = event();
    other.station = "kl";
    BOOST_TEST(attempt_started(state, other).void_card);
    other = event();
    other.epoch = Epoch(2);
    BOOST_TEST(attempt_started(state, other).void_card);
    state.status = RenewalStatus::withdrawn;
    BOOST_TEST(attempt_started(state, event()).void_card);
    state = produced();
    BOOST_TEST(attempt_started(state, event(2)).void_card);
}

BOOST_AUTO_TEST_CASE(a_second_verified_card_is_ordered_void_and_the_first_stays) {
    RenewalState state = produced();
    BOOST_TEST(card_verified(state, event(2)).void_card);
    BOOST_TEST((state.card == event(1).card));
    BOOST_TEST(!card_verified(state, event(1)).conflict);
}

BOOST_AUTO_TEST_CASE(a_lost_card_makes_room_for_another) {
    RenewalState state = produced();
    BOOST_TEST(!card_ended(state, event(2), CardEnd::spoiled).changed);
    BOOST_TEST((state.status == RenewalStatus::produced));
    BOOST_TEST(card_ended(state, event(1), CardEnd::voided).changed);
    BOOST_TEST((state.status == RenewalStatus::approved));
    BOOST_TEST(!attempt_started(state, event(2)).conflict);
    BOOST_TEST(card_verified(state, event(2)).changed);
}

BOOST_AUTO_TEST_CASE(only_the_authorised_verified_card_goes_live) {
    RenewalState state = produced();
    CardEvent unasked = event();
    unasked.authorised = false;
    BOOST_TEST(card_activated(state, unasked).void_card);
    BOOST_TEST(handed_over(state, unasked).void_card);
    BOOST_TEST(card_activated(state, event(2)).void_card);
    BOOST_TEST(handed_over(state, event(2)).void_card);
    BOOST_TEST((state.status == RenewalStatus::produced));
    BOOST_TEST(!card_activated(state, event()).conflict);
    BOOST_TEST(handed_over(state, event()).issued);
    BOOST_TEST(!handed_over(state, event()).issued);
}

BOOST_AUTO_TEST_CASE(a_withdrawn_renewal_is_never_issued) {
    RenewalState state = produced();
    state.status = RenewalStatus::withdrawn;
    BOOST_TEST(card_activated(state, event()).void_card);
    BOOST_TEST(handed_over(state, event()).void_card);
    BOOST_TEST((state.status == RenewalStatus::withdrawn));
}

BOOST_AUTO_TEST_CASE(a_payment_is_confirmed_once_and_only_where_one_is_due) {
    RenewalState state;
    BOOST_TEST(refusal_to_confirm_payment(state)->code == "payment_not_required");
    state.payment = Payment::pending;
    BOOST_TEST(!refusal_to_confirm_payment(state));
    state.payment = Payment::confirmed;
    BOOST_TEST(refusal_to_confirm_payment(state)->code == "payment_confirmed");
    state.status = RenewalStatus::withdrawn;
    BOOST_TEST(refusal_to_confirm_payment(state)->code == "withdrawn");
}

BOOST_AUTO_TEST_CASE(a_card_that_ended_makes_the_claim_free_for_others_once_its_lease_is_over) {
    const auto code = [](const RenewalState& state, Timestamp now) {
        const auto refused = refusal_to_claim(state, in_good_standing, {"kh2", true, today, now});
        return refused ? refused->code : std::string();
    };
    RenewalState state = claimed();
    state.claim_station.clear();
    const Timestamp over = noon + std::chrono::seconds(lease_s);
    BOOST_TEST(grant_claim(state, {"kh", true, today, noon}).value == 2);
    BOOST_TEST(code(state, over) == "already_claimed");  // nobody said what became of it
    state.epoch = 1;
    BOOST_TEST(!attempt_started(state, event()).conflict);
    BOOST_TEST(code(state, over) == "already_claimed");
    BOOST_TEST(!card_ended(state, event(), CardEnd::voided).conflict);
    BOOST_TEST(code(state, over - std::chrono::milliseconds(1)) == "already_claimed");
    BOOST_TEST(code(state, over) == "");
    BOOST_TEST(!attempt_started(state, event(2)).conflict);
    BOOST_TEST(code(state, over) == "already_claimed");
    BOOST_TEST(!card_ended(state, event(2), CardEnd::written_off).conflict);
    BOOST_TEST(grant_claim(state, {"kh2", true, today, over}).value == 2);
    BOOST_TEST(attempt_started(state, event(3)).void_card);  // the first station is too late
    BOOST_TEST(code(state, over + std::chrono::hours(48)) == "");
}

BOOST_AUTO_TEST_CASE(a_claim_is_given_back_unless_a_card_may_exist) {
    RenewalState state = claimed();
    BOOST_TEST(!refusal_to_release_claim(state, "kh", Epoch(1)));
    BOOST_TEST(refusal_to_release_claim(state, "kh2", Epoch(1))->code == "wrong_epoch");
    BOOST_TEST(refusal_to_release_claim(state, "kh", Epoch(2))->code == "wrong_epoch");
    BOOST_TEST(!attempt_started(state, event()).conflict);
    BOOST_TEST(refusal_to_release_claim(state, "kh", Epoch(1))->code == "card_open");
    BOOST_TEST(!card_ended(state, event(), CardEnd::spoiled).conflict);
    BOOST_TEST(!refusal_to_release_claim(state, "kh", Epoch(1)));
    release_claim(state);
    BOOST_TEST(grant_claim(state, {"kh2", true, today, noon}).value == 2);
    BOOST_TEST(refusal_to_release_claim(produced(), "kh", Epoch(1))->code == "card_open");
}

BOOST_AUTO_TEST_CASE(fencing_takes_the_claim_and_the_card_but_never_one_that_may_be_live) {
    RenewalState state = produced();
    BOOST_TEST(refusal_to_fence(state, true)->code == "may_be_live");
    BOOST_TEST(!refusal_to_fence(state, false));
    const Effect effect = fence(state);
    BOOST_TEST(effect.changed);
    BOOST_TEST(effect.card_gone);
    BOOST_TEST((state.status == RenewalStatus::approved));
    BOOST_TEST(refusal_to_fence(state, false)->code == "not_claimed");
    BOOST_TEST(grant_claim(state, {"kh2", true, today, noon}).value == 3);
    for (const auto told :
         {attempt_started, card_torn, card_verified, card_found, card_activated, handed_over}) {
        BOOST_TEST(told(state, event()).void_card);
    }
    BOOST_TEST(!card_ended(state, event(), CardEnd::voided).conflict);
    BOOST_TEST((state.status == RenewalStatus::approved));
    state = produced();
    BOOST_TEST(!card_activated(state, event()).conflict);
    BOOST_TEST(refusal_to_fence(state, false)->code == "may_be_live");
    BOOST_TEST(handed_over(state, event()).issued);
    BOOST_TEST(refusal_to_fence(state, false)->code == "already_issued");
}

BOOST_AUTO_TEST_CASE(a_missing_card_is_not_handed_over_until_it_is_found) {
    RenewalState state = produced();
    BOOST_TEST(!card_missing(state, event()).conflict);
    BOOST_TEST((state.status == RenewalStatus::produced));
    BOOST_TEST(refusal_to_authorise(state, in_good_standing, asked(), today)->code ==
               "card_missing");
    BOOST_TEST(!card_found(state, event()).conflict);
    BOOST_TEST(!refusal_to_authorise(state, in_good_standing, asked(), today));
    BOOST_TEST(!card_missing(state, event()).conflict);
    BOOST_TEST(card_ended(state, event(), CardEnd::written_off).card_gone);
    BOOST_TEST((state.status == RenewalStatus::approved));
    BOOST_TEST(card_found(state, event(9)).void_card);
    BOOST_TEST(card_missing(state, event(9)).conflict);
}

BOOST_AUTO_TEST_CASE(each_end_of_a_verified_card_makes_the_renewal_producible_again) {
    for (const CardEnd end : {CardEnd::spoiled, CardEnd::voided, CardEnd::written_off}) {
        RenewalState state = produced();
        const Effect effect = card_ended(state, event(), end);
        BOOST_TEST(effect.changed);
        BOOST_TEST(effect.card_gone);
        BOOST_TEST((state.status == RenewalStatus::approved));
        BOOST_TEST(!refusal_to_claim(state, in_good_standing, {"kh", true, today, noon}));
    }
}

BOOST_AUTO_TEST_CASE(a_card_is_made_again_three_times_and_then_somebody_has_to_look) {
    RenewalState state = claimed();
    for (std::uint8_t card = 1; card <= max_remakes; ++card) {
        BOOST_TEST(!attempt_started(state, event(card)).conflict);
        BOOST_TEST(!card_ended(state, event(card), CardEnd::spoiled).held_for_spoils);
    }
    BOOST_TEST(!attempt_started(state, event(9)).conflict);
    const Effect last = card_ended(state, event(9), CardEnd::spoiled);
    BOOST_TEST(last.held_for_spoils);
    BOOST_TEST(last.changed);
    BOOST_TEST(state.held);
}

BOOST_AUTO_TEST_CASE(an_old_card_is_retired_only_under_the_authorisation_of_the_new_one) {
    RenewalState state = produced();
    CardEvent unasked = event();
    unasked.authorised = false;
    BOOST_TEST(old_pass_retired(state, unasked).conflict);
    BOOST_TEST(!state.old_card_retired);
    BOOST_TEST(!old_pass_retired(state, event()).conflict);
    BOOST_TEST(state.old_card_retired);
}

BOOST_AUTO_TEST_CASE(a_hand_over_is_aborted_before_the_card_is_live_and_not_after) {
    RenewalState state = produced();
    BOOST_TEST(handover_aborted(state, event()).authorisation_over);
    BOOST_TEST(handover_aborted(state, event(2)).conflict);
    BOOST_TEST(!card_activated(state, event()).conflict);
    BOOST_TEST(handover_aborted(state, event()).conflict);
}

BOOST_AUTO_TEST_CASE(an_old_pass_that_is_off_or_sanctioned_stops_claim_and_hand_over) {
    const auto both = [](const OldPass& old_pass, BusinessDay day_of_both) {
        const auto claim = refusal_to_claim(claimed(), old_pass, {"kh", true, day_of_both, noon});
        const auto hand_over = refusal_to_authorise(produced(), old_pass, asked(), day_of_both);
        BOOST_TEST((claim ? claim->code : "") == (hand_over ? hand_over->code : ""));
        return hand_over ? hand_over->code : std::string();
    };
    BOOST_TEST(both({PassState::off}, today) == "old_pass_off");
    BOOST_TEST(both({PassState::pending}, today) == "old_pass_off");
    const OldPass suspended{PassState::active, Sanction{SanctionKind::suspended, today}};
    BOOST_TEST(both(suspended, today) == "suspended");
    BOOST_TEST(both(suspended, today.plus_days(1)) == "");
    BOOST_TEST(both({PassState::active, Sanction{SanctionKind::revoked}}, today) == "revoked");
    BOOST_TEST(both({PassState::active, Sanction{SanctionKind::seized}}, today) == "seized");
}

BOOST_AUTO_TEST_CASE(a_sanctioned_pass_cannot_be_chosen_while_the_sanction_lasts) {
    Candidate pass = pass_until("2025-01-29");
    pass.sanction = Sanction{SanctionKind::suspended, today};
    BOOST_TEST(*refusal_to_add(pass, today) == "證號 KHPS109-010323 停權中，無法加入換證!!");
    BOOST_TEST(!refusal_to_add(pass, today.plus_days(1)));
    pass.sanction = Sanction{SanctionKind::revoked};
    BOOST_TEST(*refusal_to_add(pass, today) == "證號 KHPS109-010323 已註銷，無法加入換證!!");
}

BOOST_AUTO_TEST_CASE(what_was_made_elsewhere_is_claimed_and_its_card_adopted_once) {
    RenewalState state = made_elsewhere();
    CardEvent shown = event(1);
    BOOST_TEST(card_verified(state, shown).void_card);  // not without a claim
    BOOST_REQUIRE(!refusal_to_claim(state, in_good_standing, {"kh", true, today, noon}));
    shown.epoch = grant_claim(state, {"kh", true, today, noon});
    BOOST_TEST(attempt_started(state, shown).void_card);  // to adopt is all that is granted
    const Effect adopted = card_verified(state, shown);
    BOOST_TEST(adopted.produced);
    BOOST_TEST(!adopted.conflict);
    BOOST_TEST((state.card == shown.card));
    BOOST_TEST(refusal_to_claim(state, in_good_standing, {"kh", true, today, noon})->code ==
               "already_produced");
    BOOST_TEST(refusal_to_remake(state)->code == "not_made_elsewhere");
    BOOST_TEST(!refusal_to_authorise(state, in_good_standing, asked(), today));
    CardEvent second = event(2);
    second.epoch = shown.epoch;
    BOOST_TEST(card_verified(state, second).void_card);
}

BOOST_AUTO_TEST_CASE(what_stops_a_claim_stops_an_adoption) {
    const auto refusal = [](const auto& change) {
        RenewalState state = made_elsewhere();
        change(state);
        const auto refused = refusal_to_claim(state, in_good_standing, {"kh", true, today, noon});
        return refused ? refused->code : std::string();
    };
    BOOST_TEST(refusal([](RenewalState& state) { state.held = true; }) == "held");
    BOOST_TEST(refusal([](RenewalState& state) { state.status = RenewalStatus::withdrawn; }) ==
               "withdrawn");
    BOOST_TEST(refusal([](RenewalState& state) { state.valid_to = day("2021-11-30"); }) ==
               "expired");
    BOOST_TEST(refusal([](RenewalState& state) { state.status = RenewalStatus::issued; }) ==
               "already_produced");
    BOOST_TEST(refusal([](RenewalState& state) { state.claim_station = "kh2"; }) ==
               "already_claimed");
}

BOOST_AUTO_TEST_CASE(fencing_who_was_to_adopt_a_card_leaves_it_to_be_adopted_by_another) {
    RenewalState state = made_elsewhere();
    (void)grant_claim(state, {"kh", true, today, noon});
    BOOST_TEST(!fence(state).card_gone);
    BOOST_TEST((state.status == RenewalStatus::produced));
    BOOST_TEST(!refusal_to_claim(state, in_good_standing, {"kh2", true, today, noon}));
}

BOOST_AUTO_TEST_CASE(only_what_was_made_elsewhere_is_made_anew) {
    RenewalState state = produced();
    BOOST_TEST(refusal_to_remake(state)->code == "not_made_elsewhere");
    state = made_elsewhere();
    BOOST_TEST(!refusal_to_remake(state));
    state.status = RenewalStatus::issued;
    BOOST_TEST(refusal_to_remake(state)->code == "not_made_elsewhere");
}

BOOST_AUTO_TEST_SUITE_END()
