#pragma once
// Values for the tests of the two machines. These tests do not link the ledger, so they define the
// issuer of write-ahead proofs themselves.

#include <boost/test/unit_test.hpp>

#include "cardformat/base/write_ahead.hpp"
#include "cardformat/pass/issued_card.hpp"

namespace card {

struct WriteAheadIssuer {
    static WriteAhead issue(CardUid uid, std::int64_t record) { return {uid, record}; }
};

}  // namespace card

namespace card::issuance {

/// Goes on with an event that must be followed.
template <class Machine, class Event>
auto follow(Machine& machine, Event event) {
    auto action = machine.resume(std::move(event));
    BOOST_REQUIRE(action.has_value());
    return std::move(*action);
}

inline Uuid id_of(std::uint8_t last) {
    Bytes octets(Uuid::size, 0x11);
    octets.back() = last;
    return Uuid::from(octets).value();
}

inline CardUid sample_uid() {
    return CardUid::parse("04A1B2C3D4E5F6").value();
}
inline CardUid other_uid() {
    return CardUid::parse("04000000000001").value();
}
inline WriteAhead sample_proof() {
    return WriteAheadIssuer::issue(sample_uid(), 7);
}

inline BusinessDay day_of(std::string_view text) {
    return BusinessDay::parse(text).value();
}
inline BusinessDay sample_day() {
    return day_of("2021-12-01");
}

inline Renewal sample_renewal() {
    return Renewal{RenewalId(id_of(1)),
                   RenewalVersion(1),
                   RenewalStatus::approved,
                   false,
                   PassNumber::parse("KHPS110-000038").value(),
                   PassNumber::parse("KLPS109-000003").value(),
                   day_of("2020-12-02"),
                   day_of("2023-07-05"),
                   Port::parse("KH").value(),
                   {"KH"},
                   PersonalText("吳添財"),
                   PersonalText("E183*****"),
                   {}};
}

inline IssuedCard sample_card(CardStage stage) {
    return IssuedCard{
        AttemptId(id_of(2)), RenewalId(id_of(1)), Epoch(1),    sample_uid(), 1, stage, 1,
        Bytes{1, 2},         std::nullopt,        std::nullopt};
}

}  // namespace card::issuance
