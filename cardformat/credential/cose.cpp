#include "cardformat/credential/cose.hpp"

#include <algorithm>

#include "cardformat/credential/cbor.hpp"
#include "cardformat/crypto/hash.hpp"

namespace card {
namespace {

/// Tag 18 in front of the array, in its one-octet form.
constexpr std::uint8_t cose_sign1_tag = 0xD2;
constexpr std::int64_t header_algorithm = 1;
constexpr std::int64_t header_key_id = 4;
constexpr std::int64_t algorithm_es256 = -7;

Bytes protected_header() {
    cbor::Map header;
    header.emplace(header_algorithm, cbor::Value{algorithm_es256});
    return cbor::encode(cbor::Value{std::move(header)});
}

/// Sig_structure, RFC 9052 4.4.
Bytes to_be_signed(BytesView payload) {
    cbor::Array structure;
    structure.push_back(cbor::Value{std::string("Signature1")});
    structure.push_back(cbor::Value{protected_header()});
    structure.push_back(cbor::Value{Bytes{}});
    structure.push_back(cbor::Value{Bytes(payload.begin(), payload.end())});
    return cbor::encode(cbor::Value{std::move(structure)});
}

struct Parts {
    Bytes key_id;
    Bytes payload;
    Bytes signature;
};

Result<Parts> take_apart(BytesView message) {
    const auto malformed = [] { return fail(Fault::correct_input, "no COSE_Sign1 with ES256"); };
    if (message.empty() || message.front() != cose_sign1_tag) {
        return malformed();
    }
    auto decoded = cbor::decode(message.subspan(1));
    if (!decoded) {
        return tl::make_unexpected(decoded.error());
    }
    const auto* array = decoded->as<cbor::Array>();
    if (array == nullptr || array->size() != 4) {
        return malformed();
    }
    const auto* header = array->at(0).as<Bytes>();
    const auto* unprotected = array->at(1).as<cbor::Map>();
    const auto* payload = array->at(2).as<Bytes>();
    const auto* signature = array->at(3).as<Bytes>();
    if (header == nullptr || *header != protected_header() || unprotected == nullptr ||
        unprotected->size() != 1 || unprotected->begin()->first != header_key_id ||
        payload == nullptr || signature == nullptr) {
        return malformed();
    }
    const auto* key_id = unprotected->begin()->second.as<Bytes>();
    if (key_id == nullptr) {
        return malformed();
    }
    return Parts{*key_id, *payload, *signature};
}

}  // namespace

SigningKeyId key_id_of(const P256Point& key) {
    const Sha256 digest = sha256(key);
    SigningKeyId kid{};
    std::copy_n(digest.begin(), kid.size(), kid.begin());
    return kid;
}

Result<Bytes> cose_sign1(BytesView payload, const SigningKeyId& kid, const Es256Signer& sign) {
    auto signature = sign(to_be_signed(payload));
    if (!signature) {
        return signature;
    }
    cbor::Map unprotected;
    unprotected.emplace(header_key_id, cbor::Value{Bytes(kid.begin(), kid.end())});
    cbor::Array message;
    message.push_back(cbor::Value{protected_header()});
    message.push_back(cbor::Value{std::move(unprotected)});
    message.push_back(cbor::Value{Bytes(payload.begin(), payload.end())});
    message.push_back(cbor::Value{std::move(*signature)});
    Bytes tagged{cose_sign1_tag};
    append(tagged, cbor::encode(cbor::Value{std::move(message)}));
    if (tagged.size() > 1 + cbor::max_size) {
        return fail(Fault::correct_input, "the signed message would be too long to be read");
    }
    return tagged;
}

Result<Bytes> cose_verify1(BytesView message, const TrustList& trusted) {
    auto parts = take_apart(message);
    if (!parts) {
        return tl::make_unexpected(parts.error());
    }
    const auto key = std::find_if(trusted.begin(), trusted.end(), [&](const P256Point& candidate) {
        return equal_in_constant_time(key_id_of(candidate), parts->key_id);
    });
    if (key == trusted.end()) {
        return fail(Fault::correct_input, "signed by a key that is not on the trust list");
    }
    if (!verify_es256(*key, to_be_signed(parts->payload), parts->signature)) {
        return fail(Fault::correct_input, "the signature is wrong");
    }
    return std::move(parts->payload);
}

}  // namespace card
