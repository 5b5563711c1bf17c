#include <fstream>
#include <iterator>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "cardformat/credential/base45.hpp"
#include "cardformat/credential/cbor.hpp"
#include "cardformat/credential/letter_qr.hpp"
#include "cardformat/credential/pass_credential.hpp"

using namespace card;
namespace json = boost::json;

namespace {

std::string text(const json::value& value) {
    return std::string(value.as_string());
}

json::value vectors() {
    std::ifstream file(VECTORS_DIR "/letter.json");
    return json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

PickupLetter sample() {
    return {RenewalId(*Uuid::parse("0193a0c1-7e00-7abc-8def-0123456789ab")),
            *PassNumber::parse("KHPS110-000059"), *PassNumber::parse("KHPS109-010323"),
            *Port::parse("KH"), *BusinessDay::parse("2023-11-27")};
}

struct Fixture {
    Es256Key key = Es256Key::generate();
    TrustList trusted{key.public_point()};
    SigningKeyId kid = key_id_of(trusted.front());
    Es256Signer sign = [this](BytesView message) { return Result<Bytes>(key.sign(message)); };

    [[nodiscard]] std::string written() const { return *write_letter_qr(sample(), kid, sign); }
    [[nodiscard]] bool reads(std::string_view scanned) const {
        return read_letter_qr(scanned, trusted).has_value();
    }
    [[nodiscard]] std::string coded(BytesView message) const {
        return "PL1:" + to_base45(message) + ".";
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(letter_codes, Fixture)

BOOST_AUTO_TEST_CASE(base45_is_that_of_the_standard) {
    const json::value all = vectors();
    for (const json::value& vector : all.at("base45").as_array()) {
        const Bytes octets = *from_hex(text(vector.at("octets")));
        BOOST_TEST(to_base45(octets) == text(vector.at("text")));
        BOOST_TEST((from_base45(text(vector.at("text"))) == octets));
    }
    BOOST_TEST((from_base45("") == Bytes()));
}

BOOST_AUTO_TEST_CASE(what_no_octets_give_is_not_base45) {
    for (const char* odd : {"A", "BB8A", ":::", "GGW", "6A", "bb8", "B,8", "::"}) {
        BOOST_TEST(!from_base45(odd), odd);
    }
    BOOST_TEST(from_base45("FGW").has_value());  // 65535, the largest group
    BOOST_TEST(from_base45("U5").has_value());   // 255
    BOOST_TEST(!from_base45("V5"));
}

BOOST_AUTO_TEST_CASE(a_letter_that_somebody_else_wrote_is_read) {
    const json::value vector = vectors().at("letter");
    const Bytes point = *from_hex(text(vector.at("public_point")));
    P256Point other{};
    std::copy(point.begin(), point.end(), other.begin());
    const auto letter = read_letter_qr(text(vector.at("text")) + "\r\n", {other});
    BOOST_REQUIRE(letter);
    BOOST_TEST(letter->renewal.value.text() == text(vector.at("renewal")));
    BOOST_TEST(letter->pass_number.text() == text(vector.at("pass_number")));
    BOOST_TEST(letter->old_pass_number.text() == text(vector.at("old_pass_number")));
    BOOST_TEST(letter->pickup_port.text() == text(vector.at("pickup_port")));
    BOOST_TEST(letter->last_day.iso() == text(vector.at("last_day")));
}

BOOST_AUTO_TEST_CASE(the_signed_octets_are_those_that_somebody_else_signs) {
    const std::string qr = written();
    const auto message = from_base45(std::string_view(qr).substr(4, qr.size() - 5));
    BOOST_REQUIRE(message);
    BOOST_TEST(to_hex(*cose_verify1(*message, trusted)) ==
               text(vectors().at("letter").at("payload")));
}

BOOST_AUTO_TEST_CASE(a_letter_is_read_as_it_was_written_and_by_its_key_only) {
    const auto letter = read_letter_qr(written(), trusted);
    BOOST_REQUIRE(letter);
    BOOST_TEST((letter->renewal == sample().renewal));
    BOOST_TEST((letter->last_day == sample().last_day));
    BOOST_TEST(!read_letter_qr(written(), {Es256Key::generate().public_point()}));
    BOOST_TEST(!read_letter_qr(written(), {}));
}

BOOST_AUTO_TEST_CASE(every_cut_and_every_changed_character_is_refused) {
    const std::string good = written();
    for (std::size_t i = 0; i < good.size(); ++i) {
        BOOST_TEST(!reads(good.substr(0, i)));
        std::string changed = good;
        changed[i] = changed[i] == '0' ? '1' : '0';
        BOOST_TEST(!reads(changed), i);
    }
    BOOST_TEST(!reads(good + "."));
    BOOST_TEST(!reads("PL1:" + std::string(max_letter_qr_size, '0') + "."));
}

BOOST_AUTO_TEST_CASE(a_credential_by_the_same_key_is_no_letter) {
    const PassCredential credential{"port-office:kh",
                                    sample().pass_number,
                                    sample().last_day,
                                    sample().last_day,
                                    AttemptId(),
                                    *CardUid::parse("04A1B2C3D4E5F6"),
                                    sample().old_pass_number,
                                    {}};
    BOOST_TEST(!reads(coded(*sign_credential(credential, kid, sign))));
    const std::string qr = written();
    const auto message = from_base45(std::string_view(qr).substr(4, qr.size() - 5));
    BOOST_TEST(!verify_credential(*message, trusted));
}

BOOST_AUTO_TEST_CASE(each_claim_is_needed_and_no_other_is_taken) {
    const std::string qr = written();
    const auto payload =
        cose_verify1(*from_base45(std::string_view(qr).substr(4, qr.size() - 5)), trusted);
    const auto claims = cbor::decode(*payload);
    const auto& map = *claims->as<cbor::Map>();
    const auto signed_with = [&](cbor::Map changed) {
        return coded(*cose_sign1(cbor::encode(cbor::Value{std::move(changed)}), kid, sign));
    };
    BOOST_TEST(reads(signed_with(map)));
    for (const auto& entry : map) {
        cbor::Map without = map;
        without.erase(entry.first);
        BOOST_TEST(!reads(signed_with(without)), entry.first);
    }
    cbor::Map more = map;
    more.emplace(99, cbor::Value{std::int64_t{1}});
    BOOST_TEST(!reads(signed_with(more)));
}

BOOST_AUTO_TEST_SUITE_END()
