#include <boost/test/unit_test.hpp>

#include "cardformat/credential/cbor.hpp"
#include "cardformat/credential/pass_credential.hpp"

using namespace card;
using cbor::Value;

namespace {

PassCredential sample() {
    return {"port-office:kh",
            PassNumber::parse("KHPS110-000038").value(),
            BusinessDay::parse("2020-08-09").value(),
            BusinessDay::parse("2025-08-08").value(),
            AttemptId(Uuid::parse("0193a0c1-7e00-7abc-8def-0123456789ab").value()),
            CardUid::parse("04A1B2C3D4E5F6").value(),
            PassNumber::parse("KLPS109-000003").value(),
            {"KH", "KL"}};
}

struct Fixture {
    Es256Key key = Es256Key::generate();
    TrustList trusted{key.public_point()};

    [[nodiscard]] Es256Signer signer() const {
        return [this](BytesView message) { return Result<Bytes>(key.sign(message)); };
    }
    [[nodiscard]] Bytes signed_credential(const PassCredential& credential = sample()) const {
        return sign_credential(credential, key_id_of(key.public_point()), signer()).value();
    }
    /// A genuine signature over any octets.
    [[nodiscard]] Bytes signed_payload(BytesView payload) const {
        return cose_sign1(payload, key_id_of(key.public_point()), signer()).value();
    }
    [[nodiscard]] bool verifies(BytesView message) const {
        return verify_credential(message, trusted).has_value();
    }
    /// The sample's claims with one changed, genuinely signed.
    template <class Change>
    [[nodiscard]] bool verifies_with(Change change) const {
        auto payload = cose_verify1(signed_credential(), trusted).value();
        auto decoded = cbor::decode(payload).value();
        change(std::get<cbor::Map>(decoded.is));
        return verifies(signed_payload(cbor::encode(decoded)));
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(credentials, Fixture)

BOOST_AUTO_TEST_CASE(what_was_signed_is_what_is_verified) {
    const auto verified = verify_credential(signed_credential(), trusted);
    BOOST_REQUIRE(verified);
    BOOST_TEST(verified->issuer == sample().issuer);
    BOOST_TEST((verified->pass_number == sample().pass_number));
    BOOST_TEST((verified->valid_from == sample().valid_from));
    BOOST_TEST((verified->valid_to == sample().valid_to));
    BOOST_TEST((verified->attempt == sample().attempt));
    BOOST_TEST((verified->uid == sample().uid));
    BOOST_TEST((verified->old_pass_number == sample().old_pass_number));
    BOOST_TEST((verified->port_areas == sample().port_areas));
}

BOOST_AUTO_TEST_CASE(every_single_flipped_bit_is_refused) {
    const Bytes message = signed_credential();
    std::size_t accepted = 0;
    for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
        Bytes flipped = message;
        flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
        accepted += verifies(flipped) ? 1U : 0U;
    }
    BOOST_TEST(accepted == 0U);
}

BOOST_AUTO_TEST_CASE(every_truncation_is_refused) {
    const Bytes message = signed_credential();
    std::size_t accepted = 0;
    for (std::size_t size = 0; size < message.size(); ++size) {
        accepted += verifies(BytesView(message).first(size)) ? 1U : 0U;
    }
    BOOST_TEST(accepted == 0U);
}

BOOST_AUTO_TEST_CASE(an_octet_behind_the_message_is_refused) {
    Bytes message = signed_credential();
    message.push_back(0x00);
    BOOST_TEST(!verifies(message));
}

BOOST_AUTO_TEST_CASE(a_key_that_is_not_trusted_is_refused) {
    const Fixture other;
    BOOST_TEST(!verifies(other.signed_credential()));
    BOOST_TEST(!verify_credential(signed_credential(), {}).has_value());
}

BOOST_AUTO_TEST_CASE(a_signature_of_another_key_under_a_trusted_key_id_is_refused) {
    const Fixture other;
    const auto forged =
        sign_credential(sample(), key_id_of(key.public_point()), other.signer()).value();
    BOOST_TEST(!verifies(forged));
}

BOOST_AUTO_TEST_CASE(any_key_of_the_trust_list_is_believed) {
    const Fixture other;
    trusted.push_back(other.key.public_point());
    BOOST_TEST(verifies(other.signed_credential()));
    BOOST_TEST(verifies(signed_credential()));
}

BOOST_AUTO_TEST_CASE(a_trusted_point_that_is_not_on_the_curve_believes_nothing) {
    P256Point nowhere{};
    nowhere[0] = 0x04;
    nowhere[64] = 0x01;
    const auto forged = sign_credential(sample(), key_id_of(nowhere), signer()).value();
    BOOST_TEST(!verify_credential(forged, {nowhere}).has_value());
}

BOOST_AUTO_TEST_CASE(signatures_of_zeros_and_of_the_largest_numbers_are_refused) {
    for (const std::uint8_t octet : {std::uint8_t{0x00}, std::uint8_t{0xFF}}) {
        Bytes message = signed_credential();
        std::fill(message.end() - es256_signature_size, message.end(), octet);
        BOOST_TEST(!verifies(message));
    }
}

BOOST_AUTO_TEST_CASE(the_credential_of_another_chip_names_that_chip) {
    PassCredential other = sample();
    other.uid = CardUid::parse("04000000000001").value();
    const auto verified = verify_credential(signed_credential(other), trusted);
    BOOST_REQUIRE(verified);
    BOOST_TEST((verified->uid != sample().uid));
}

BOOST_AUTO_TEST_CASE(a_failing_signer_passes_its_failure_on) {
    const auto refused = sign_credential(sample(), SigningKeyId{}, [](BytesView) {
        return Result<Bytes>(fail(Fault::correct_configuration, "no token"));
    });
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().fault == Fault::correct_configuration));
}

BOOST_AUTO_TEST_CASE(a_payload_that_is_not_deterministic_is_refused_though_genuinely_signed) {
    BOOST_TEST(!verifies(signed_payload(from_hex("BF01FF").value())));
    BOOST_TEST(!verifies(signed_payload(from_hex("B8010101").value())));
}

BOOST_AUTO_TEST_CASE(a_payload_that_is_no_map_is_refused_though_genuinely_signed) {
    BOOST_TEST(!verifies(signed_payload({})));
    BOOST_TEST(!verifies(signed_payload(from_hex("80").value())));
    BOOST_TEST(!verifies(signed_payload(from_hex("A0").value())));
}

BOOST_AUTO_TEST_CASE(a_missing_claim_is_refused) {
    for (const std::int64_t claim : {1, 2, 4, 5, 7, -70001, -70002, -70003, -70004}) {
        BOOST_TEST(!verifies_with([claim](cbor::Map& claims) { claims.erase(claim); }), claim);
    }
}

BOOST_AUTO_TEST_CASE(a_claim_of_another_type_is_refused) {
    for (const std::int64_t claim : {1, 2, 4, 5, 7, -70001, -70002, -70003, -70004}) {
        BOOST_TEST(
            !verifies_with([claim](cbor::Map& claims) { claims.at(claim) = Value{cbor::Map{}}; }),
            claim);
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_claim_is_refused) {
    BOOST_TEST(
        !verifies_with([](cbor::Map& claims) { claims.emplace(3, Value{std::string("gate")}); }));
}

BOOST_AUTO_TEST_CASE(another_format_is_refused) {
    BOOST_TEST(
        !verifies_with([](cbor::Map& claims) { claims.at(-70004) = Value{std::int64_t{2}}; }));
}

BOOST_AUTO_TEST_CASE(a_date_that_is_no_taipei_midnight_is_refused) {
    for (const std::int64_t claim : {4, 5}) {
        BOOST_TEST(!verifies_with([claim](cbor::Map& claims) {
            claims.at(claim) = Value{std::get<std::int64_t>(claims.at(claim).is) + 1};
        }),
                   claim);
    }
}

BOOST_AUTO_TEST_CASE(a_date_out_of_the_calendar_is_refused) {
    for (const std::int64_t seconds :
         {std::int64_t{-1}, INT64_MIN, INT64_MAX, std::int64_t{1} << 40U}) {
        BOOST_TEST(!verifies_with([seconds](cbor::Map& claims) { claims.at(4) = Value{seconds}; }),
                   seconds);
    }
}

BOOST_AUTO_TEST_CASE(a_uid_or_attempt_of_another_length_is_refused) {
    BOOST_TEST(!verifies_with([](cbor::Map& claims) { claims.at(-70001) = Value{Bytes(4)}; }));
    BOOST_TEST(!verifies_with([](cbor::Map& claims) { claims.at(7) = Value{Bytes(15)}; }));
}

BOOST_AUTO_TEST_CASE(a_pass_number_of_another_form_is_refused) {
    for (const std::int64_t claim : {2, -70002}) {
        BOOST_TEST(!verifies_with([claim](cbor::Map& claims) {
            claims.at(claim) = Value{std::string("<script>")};
        }),
                   claim);
    }
}

BOOST_AUTO_TEST_CASE(another_algorithm_in_the_header_is_refused) {
    const Bytes message = signed_credential();
    // D2 84 43 A1 01 26: the last octet is ES256, -7.
    BOOST_REQUIRE(message[5] == 0x26);
    for (const std::uint8_t algorithm : Bytes{0x27, 0x00, 0x05, 0x38}) {
        Bytes other = message;
        other[5] = algorithm;
        BOOST_TEST(!verifies(other));
    }
}

BOOST_AUTO_TEST_CASE(an_untagged_message_is_refused) {
    const Bytes message = signed_credential();
    BOOST_TEST(!verifies(BytesView(message).subspan(1)));
}

BOOST_AUTO_TEST_CASE(a_credential_too_large_to_be_read_is_a_failure) {
    PassCredential large = sample();
    large.port_areas.assign(64, std::string(64, 'A'));
    BOOST_TEST(!sign_credential(large, key_id_of(key.public_point()), signer()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
