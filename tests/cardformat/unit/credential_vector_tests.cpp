// Compared with what tests/vectors/credential.py made with other people's CBOR and ECDSA.
#include <algorithm>
#include <fstream>
#include <sstream>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "cardformat/credential/cbor.hpp"
#include "cardformat/credential/pass_credential.hpp"
#include "cardformat/credential/state_file.hpp"

using namespace card;

namespace {

const boost::json::object& vectors() {
    static const boost::json::value whole = [] {
        std::ifstream file(VECTORS_DIR "/credential.json");
        std::ostringstream text;
        text << file.rdbuf();
        return boost::json::parse(text.str());
    }();
    return whole.get_object();
}

std::string text(const boost::json::object& object, const char* name) {
    return std::string(object.at(name).as_string());
}

Bytes octets(const boost::json::object& object, const char* name) {
    return from_hex(text(object, name)).value();
}

struct Given {
    const boost::json::object& vector = vectors().at("credential").as_object();
    Bytes message = octets(vector, "message");
    P256Point point = [this] {
        P256Point read{};
        std::ranges::copy(octets(vector, "public_point"), read.begin());
        return read;
    }();

    [[nodiscard]] PassCredential credential() const {
        PassCredential made{text(vector, "issuer"),
                            PassNumber::parse(text(vector, "pass_number")).value(),
                            BusinessDay::parse(text(vector, "valid_from")).value(),
                            BusinessDay::parse(text(vector, "valid_to")).value(),
                            AttemptId(Uuid::parse(text(vector, "attempt")).value()),
                            CardUid::parse(text(vector, "uid")).value(),
                            PassNumber::parse(text(vector, "old_pass_number")).value(),
                            {}};
        for (const auto& area : vector.at("port_areas").as_array()) {
            made.port_areas.emplace_back(area.as_string());
        }
        return made;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(cbor_vectors)

BOOST_AUTO_TEST_CASE(integers_are_encoded_as_by_another_library) {
    for (const auto& entry : vectors().at("integers").as_array()) {
        const auto& vector = entry.as_object();
        const cbor::Value value{std::int64_t{std::stoll(text(vector, "value"))}};
        BOOST_TEST(to_hex(cbor::encode(value)) == text(vector, "cbor"));
    }
}

BOOST_AUTO_TEST_CASE(integers_of_another_library_are_decoded) {
    for (const auto& entry : vectors().at("integers").as_array()) {
        const auto& vector = entry.as_object();
        const auto decoded = cbor::decode(octets(vector, "cbor"));
        BOOST_REQUIRE(decoded);
        const auto* number = decoded->as<std::int64_t>();
        BOOST_TEST((number != nullptr && *number == std::stoll(text(vector, "value"))));
    }
}

BOOST_AUTO_TEST_CASE(maps_are_in_the_order_of_their_encoded_keys) {
    for (const auto& entry : vectors().at("maps").as_array()) {
        const auto& vector = entry.as_object();
        cbor::Map map;
        for (const auto& key : vector.at("keys").as_array()) {
            map.emplace(key.as_int64(), cbor::Value{std::string("x")});
        }
        BOOST_TEST(to_hex(cbor::encode(cbor::Value{std::move(map)})) == text(vector, "cbor"));
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(credential_vectors, Given)

BOOST_AUTO_TEST_CASE(the_key_id_is_the_one_computed_elsewhere) {
    BOOST_TEST(to_hex(key_id_of(point)) == text(vector, "kid"));
}

BOOST_AUTO_TEST_CASE(a_credential_made_elsewhere_is_verified) {
    const auto verified = verify_credential(message, {point});
    BOOST_REQUIRE(verified);
    BOOST_TEST((verified->pass_number == credential().pass_number));
    BOOST_TEST((verified->valid_from == credential().valid_from));
    BOOST_TEST((verified->valid_to == credential().valid_to));
    BOOST_TEST((verified->uid == credential().uid));
    BOOST_TEST((verified->port_areas == credential().port_areas));
}

BOOST_AUTO_TEST_CASE(the_octets_to_be_signed_are_those_made_elsewhere) {
    std::string asked;
    (void)sign_credential(credential(), key_id_of(point), [&](BytesView to_be_signed) {
        asked = to_hex(to_be_signed);
        return Result<Bytes>(Bytes(64));
    });
    BOOST_TEST(asked == text(vector, "to_be_signed"));
}

BOOST_AUTO_TEST_CASE(the_same_signature_gives_the_same_message) {
    const auto made = sign_credential(credential(), key_id_of(point), [this](BytesView) {
        return Result<Bytes>(octets(vector, "signature"));
    });
    BOOST_TEST(to_hex(made.value()) == text(vector, "message"));
}

BOOST_AUTO_TEST_CASE(the_state_file_is_the_one_made_elsewhere) {
    BOOST_TEST(to_hex(encode_state_file(LifeState::active, message)) ==
               text(vector, "active_state_file"));
}

BOOST_AUTO_TEST_SUITE_END()
