#include <array>
#include <string>

#include <boost/test/unit_test.hpp>

#include "sync/wire/messages.hpp"

using namespace card;
using namespace card::wire;

namespace {

Uuid uuid(std::uint8_t last) {
    Bytes octets(Uuid::size, 0x11);
    octets.back() = last;
    return *Uuid::from(octets);
}

Renewal sample_renewal() {
    return Renewal{RenewalId(uuid(1)),
                   RenewalVersion(7),
                   RenewalStatus::produced,
                   true,
                   *PassNumber::parse("KHPS110-000035"),
                   *PassNumber::parse("KHPS109-010345"),
                   *BusinessDay::parse("2020-12-02"),
                   *BusinessDay::parse("2023-07-05"),
                   *Port::parse("KH"),
                   {"KH", "KL"},
                   PersonalText("吳\"添財"),
                   PersonalText("E183*****"),
                   {"odd_id_number"}};
}

Fact sample_fact() {
    Fact fact{};
    fact.id = uuid(2);
    fact.incarnation = uuid(3);
    fact.seq = 42;
    fact.previous = Bytes(32, 0xAB);
    fact.at = *parse_rfc3339("2021-12-01T04:00:00.123Z");
    fact.type = FactType::verified;
    fact.renewal = RenewalId(uuid(1));
    fact.attempt = AttemptId(uuid(4));
    fact.epoch = Epoch(3);
    fact.card = CardUid::parse("04112233445566");
    fact.credential = {0xD2, 0x84, 0x00};
    fact.authorisation = uuid(5);
    fact.evidence = "letter_missing+qr_number_matched";
    fact.collector = "holder";
    fact.supervisor = "s-17";
    fact.reason = "lost";
    return fact;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    BOOST_REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(wire_messages)

BOOST_AUTO_TEST_CASE(a_page_of_renewals_comes_back_as_it_was) {
    RenewalPage page;
    page.renewals.push_back(sample_renewal());
    page.cursor = "17";
    const auto back = decode_renewal_page(encode(page));
    BOOST_REQUIRE(back);
    BOOST_TEST(back->cursor == "17");
    BOOST_REQUIRE(back->renewals.size() == 1U);
    const Renewal& renewal = back->renewals.front();
    BOOST_TEST(renewal.holder_name.reveal() == "吳\"添財");
    BOOST_TEST(renewal.held);
    BOOST_TEST((renewal.status == RenewalStatus::produced));
    BOOST_TEST(encode(*back) == encode(page));
}

BOOST_AUTO_TEST_CASE(a_blank_name_is_carried) {
    RenewalPage page;
    page.renewals.push_back(sample_renewal());
    page.renewals.front().holder_name = PersonalText("");
    const auto back = decode_renewal_page(encode(page));
    BOOST_REQUIRE(back);
    BOOST_TEST(back->renewals.front().holder_name.blank());
}

BOOST_AUTO_TEST_CASE(a_fact_comes_back_as_it_was_and_is_one_line) {
    const std::string line = encode(sample_fact());
    BOOST_TEST(line.find('\n') == std::string::npos);
    const auto back = decode_fact(line);
    BOOST_REQUIRE(back);
    BOOST_TEST(encode(*back) == line);
    BOOST_TEST((back->card == sample_fact().card));
    BOOST_TEST((back->credential == sample_fact().credential));
}

BOOST_AUTO_TEST_CASE(what_a_fact_does_not_have_is_left_out) {
    Fact fact = sample_fact();
    fact.type = FactType::torn;
    fact.attempt.reset();
    fact.epoch.reset();
    fact.card.reset();
    fact.credential.clear();
    fact.authorisation.reset();
    fact.evidence.clear();
    fact.collector.clear();
    fact.supervisor.clear();
    fact.reason.clear();
    const std::string line = encode(fact);
    for (const char* absent : {"attempt", "epoch", "card\"", "credential", "authorisation",
                               "evidence", "collector", "supervisor", "reason", "null"}) {
        BOOST_TEST(line.find(absent) == std::string::npos, absent << " in " << line);
    }
    const auto back = decode_fact(line);
    BOOST_REQUIRE(back);
    BOOST_TEST(!back->card);
}

BOOST_AUTO_TEST_CASE(every_type_of_fact_has_a_name_that_is_read_again) {
    for (int i = 0; i <= static_cast<int>(FactType::handed_over); ++i) {
        const auto type = static_cast<FactType>(i);
        BOOST_TEST((parse_fact_type(name(type)) == type));
    }
    BOOST_TEST(!parse_fact_type("dreamt"));
    BOOST_TEST(!parse_fact_type(""));
}

BOOST_AUTO_TEST_CASE(intents_and_answers_come_back_as_they_were) {
    const ClaimRequest claim{uuid(9), {RenewalId(uuid(1)), RenewalId(uuid(2))}};
    BOOST_TEST(encode(*decode_claim_request(encode(claim))) == encode(claim));

    const ClaimAnswer answer{{{RenewalId(uuid(1)), Epoch(2), 43200}},
                             {{RenewalId(uuid(2)), "held", "暫停"}}};
    BOOST_TEST(encode(*decode_claim_answer(encode(answer))) == encode(answer));

    const AuthorisationRequest request{"kh", AttemptId(uuid(4)), Epoch(1),
                                       *CardUid::parse("04AABBCCDDEEFF")};
    BOOST_TEST(encode(*decode_authorisation_request(encode(request))) == encode(request));

    const Authorisation authorisation{uuid(6), 300};
    BOOST_TEST(encode(*decode_authorisation(encode(authorisation))) == encode(authorisation));

    const FactsAnswer facts{7, {{7, FactOutcome::stored_conflict, "void_card"}}};
    BOOST_TEST(encode(*decode_facts_answer(encode(facts))) == encode(facts));

    const ReleaseRequest release{{{RenewalId(uuid(1)), Epoch(2)}}};
    BOOST_TEST(encode(*decode_release_request(encode(release))) == encode(release));

    const ReleaseAnswer released{{RenewalId(uuid(1))},
                                 {{RenewalId(uuid(2)), "card_open", "未結案"}}};
    BOOST_TEST(encode(*decode_release_answer(encode(released))) == encode(released));

    const Problem problem{409, "fact_gap", "seq 3", true};
    BOOST_TEST(encode(*decode_problem(encode(problem))) == encode(problem));
}

BOOST_AUTO_TEST_CASE(what_is_said_of_a_ledger_comes_back_as_it_was) {
    const Acknowledged acknowledged{uuid(3), 0, Bytes(32, 0)};
    BOOST_TEST(encode(*decode_acknowledged(encode(acknowledged))) == encode(acknowledged));

    for (const IncarnationNotice& notice :
         {IncarnationNotice{}, IncarnationNotice{Acknowledged{uuid(3), 7, Bytes(32, 9)}}}) {
        BOOST_TEST(encode(*decode_incarnation_notice(encode(notice))) == encode(notice));
    }
    BOOST_TEST(!decode_incarnation_notice("{\"follows\":{}}"));
    BOOST_TEST(!decode_incarnation_notice("{\"follow\":{}}"));

    const StationStatus status{sample_fact().at, uuid(3), 1, 2, "stationd 0.1.0"};
    BOOST_TEST(encode(*decode_station_status(encode(status))) == encode(status));

    const StatusAnswer answer{sample_fact().at, 600};
    BOOST_TEST(encode(*decode_status_answer(encode(answer))) == encode(answer));

    const HeldClaims held{{{RenewalId(uuid(1)), Epoch(2), RenewalStatus::approved, {}, {}},
                           {RenewalId(uuid(2)), Epoch(1), RenewalStatus::produced,
                            AttemptId(uuid(4)), CardUid::parse("04AABBCCDDEEFF")}}};
    BOOST_TEST(encode(*decode_held_claims(encode(held))) == encode(held));

    const LetterKeys keys{{Bytes(65, 4), Bytes(65, 5)}};
    BOOST_TEST(encode(*decode_letter_keys(encode(keys))) == encode(keys));
    BOOST_TEST(!decode_letter_keys(encode(LetterKeys{{Bytes(64, 4)}})));
}

BOOST_AUTO_TEST_CASE(a_renewal_carries_the_name_of_its_photo) {
    RenewalPage page;
    page.renewals.push_back(sample_renewal());
    BOOST_TEST(encode(page).find("photo") == std::string::npos);
    page.renewals.front().photo.emplace().value.fill(0xAB);
    const auto back = decode_renewal_page(encode(page));
    BOOST_REQUIRE(back);
    BOOST_TEST((back->renewals.front().photo == page.renewals.front().photo));
    const std::string hash(64, 'A');
    BOOST_TEST(!decode_renewal_page(replaced(encode(page), "\"photo\":\"AB", "\"photo\":\"ab")));
    BOOST_TEST(!parse_photo_hash(hash.substr(2)));
    BOOST_TEST(parse_photo_hash(hash).has_value());
}

BOOST_AUTO_TEST_CASE(a_refusal_names_the_member_and_keeps_its_value_to_itself) {
    const std::string line = replaced(encode(sample_fact()), "04112233445566", "secret-value!!");
    const auto refused = decode_fact(line);
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().fault == Fault::correct_input));
    BOOST_TEST(refused.error().detail.find("fact.card") != std::string::npos);
    BOOST_TEST(refused.error().detail.find("secret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(malformed_facts_are_refused) {
    const std::string good = encode(sample_fact());
    const std::array<std::string, 17> bad{
        std::string(),
        "{}",
        "[]",
        "null",
        good + " x",
        good.substr(0, good.size() - 1),
        replaced(good, "\"seq\":42", "\"seq\":0"),
        replaced(good, "\"seq\":42", "\"seq\":4.5"),
        replaced(good, "\"seq\":42", "\"seq\":\"42\""),
        replaced(good, "\"seq\":42", "\"seq\":99999999999999999999"),
        replaced(good, "\"seq\":42", "\"seq\":42,\"extra\":1"),
        replaced(good, "verified", "unheard_of"),
        replaced(good, "2021-12-01T04", "2021-13-01T04"),
        replaced(good, "D28400", "d28400"),
        replaced(good, "D28400", ""),
        replaced(good, "ABAB", "AB"),
        replaced(good, "qr_number_matched", std::string(9000, 'x'))};
    for (const std::string& line : bad) {
        const auto refused = decode_fact(line);
        BOOST_TEST(!refused, line.substr(0, 80));
    }
}

BOOST_AUTO_TEST_CASE(text_that_is_not_utf_8_or_nests_too_deep_is_refused) {
    BOOST_TEST(
        !decode_problem("{\"status\":409,\"code\":\"\xFF\",\"detail\":\"\",\"retryable\":true}"));
    BOOST_TEST(!decode_fact(std::string(4000, '[')));
    BOOST_TEST(!decode_renewal_page(std::string(500'000, '[')));
}

BOOST_AUTO_TEST_CASE(lists_longer_than_their_limit_are_refused) {
    ClaimRequest claim{uuid(1), {}};
    claim.renewals.assign(max_page_size, RenewalId(uuid(1)));
    BOOST_TEST(decode_claim_request(encode(claim)).has_value());
    claim.renewals.emplace_back(uuid(1));
    BOOST_TEST(!decode_claim_request(encode(claim)));
}

BOOST_AUTO_TEST_CASE(every_cut_and_every_flipped_octet_is_survived) {
    const std::string good = encode(sample_fact());
    for (std::size_t i = 0; i < good.size(); ++i) {
        BOOST_TEST(!decode_fact(good.substr(0, i)));
        for (const char octet : {'\0', '"', '{', '\x80', '9'}) {
            std::string damaged = good;
            damaged[i] = octet;
            const auto read = decode_fact(damaged);
            if (read) {
                BOOST_TEST(decode_fact(encode(*read)).has_value());
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
