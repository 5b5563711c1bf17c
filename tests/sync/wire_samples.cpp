// One of every message as the code encodes it, for the contract test: a schema's name and JSON.
#include <iostream>

#include "sync/wire/messages.hpp"

using namespace card;
using namespace card::wire;

namespace {

const Uuid id = *Uuid::parse("0193a0c1-7e00-7abc-8def-0123456789ab");
const RenewalId renewal_id(id);
const AttemptId attempt(id);
const CardUid uid = *CardUid::parse("04A1B2C3D4E5F6");
const Timestamp noon = *parse_rfc3339("2021-12-01T04:00:00.000Z");

RenewalPage page() {
    const BusinessDay day = *BusinessDay::parse("2023-11-27");
    Renewal renewal{renewal_id,
                    RenewalVersion(1),
                    RenewalStatus::approved,
                    false,
                    *PassNumber::parse("KHPS110-000059"),
                    *PassNumber::parse("KHPS109-010323"),
                    day,
                    day,
                    *Port::parse("KH"),
                    {"KH"},
                    PersonalText("李小明"),
                    PersonalText("E124******"),
                    {"blank_name"}};
    RenewalPage page{{renewal, renewal}, "7"};
    page.renewals.back().photo.emplace().value.fill(0xAB);
    return page;
}

Fact fact(FactType type) {
    return {id,       id,  1,  Bytes(32, 0), noon, type, renewal_id, attempt,
            Epoch(1), uid, {}, {},           {},   {},   {},         "none"};
}

}  // namespace

int main() {
    const auto print = [](const char* schema, const std::string& text) {
        std::cout << schema << ' ' << text << '\n';
    };
    print("RenewalPage", encode(page()));
    print("ClaimRequest", encode(ClaimRequest{id, {renewal_id}}));
    print("ClaimAnswer",
          encode(ClaimAnswer{{{renewal_id, Epoch(1), 60}}, {{renewal_id, "held", "暫停"}}}));
    print("ReleaseRequest", encode(ReleaseRequest{{{renewal_id, Epoch(1)}}}));
    print("ReleaseAnswer",
          encode(ReleaseAnswer{{renewal_id}, {{renewal_id, "card_open", "未結案"}}}));
    print("HeldClaims",
          encode(HeldClaims{{{renewal_id, Epoch(1), RenewalStatus::produced, attempt, uid},
                             {renewal_id, Epoch(1), RenewalStatus::approved, {}, {}}}}));
    print("AuthorisationRequest", encode(AuthorisationRequest{"kh", attempt, Epoch(1), uid}));
    print("Authorisation", encode(Authorisation{id, 300}));
    for (int type = 0; type <= static_cast<int>(FactType::handed_over); ++type) {
        print("Fact", encode(fact(static_cast<FactType>(type))));
    }
    Fact verified = fact(FactType::verified);
    verified.credential = {0xD2};
    verified.authorisation = id;
    verified.evidence = "letter_missing+qr_number_matched";
    verified.collector = "representative";
    verified.supervisor = "s-17";
    print("Fact", encode(verified));
    print(
        "FactsAnswer",
        encode(FactsAnswer{
            2, {{1, FactOutcome::duplicate, ""}, {2, FactOutcome::stored_conflict, "void_card"}}}));
    const Acknowledged acknowledged{id, 0, Bytes(32, 0)};
    print("Acknowledged", encode(acknowledged));
    print("IncarnationNotice", encode(IncarnationNotice{}));
    print("IncarnationNotice", encode(IncarnationNotice{acknowledged}));
    print("StationStatus", encode(StationStatus{noon, id, 0, 0, "stationd 0.1.0"}));
    print("StatusAnswer", encode(StatusAnswer{noon, 0}));
    print("LetterKeys", encode(LetterKeys{{Bytes(65, 4)}}));
    print("Problem", encode(Problem{409, "held", "暫停", false}));
}
