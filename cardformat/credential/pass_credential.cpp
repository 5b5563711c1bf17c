#include "cardformat/credential/pass_credential.hpp"

#include "cardformat/credential/claims.hpp"

namespace card {
namespace {

// Private use, RFC 8392 9.1.
constexpr std::int64_t claim_uid = -70001;
constexpr std::int64_t claim_old_pass = -70002;
constexpr std::int64_t claim_port_areas = -70003;
constexpr std::int64_t claim_format = -70004;

constexpr std::int64_t format_version = 1;
constexpr std::size_t claim_count = 9;

Result<PassCredential> read_claims(const cbor::Map& map) {
    const auto* format = claims::find<std::int64_t>(map, claim_format);
    const auto* issuer = claims::find<std::string>(map, claims::issuer);
    const auto* subject = claims::find<std::string>(map, claims::subject);
    const auto* expiry = claims::find<std::int64_t>(map, claims::expiry);
    const auto* not_before = claims::find<std::int64_t>(map, claims::not_before);
    const auto* token_id = claims::find<Bytes>(map, claims::token_id);
    const auto* uid = claims::find<Bytes>(map, claim_uid);
    const auto* old_pass = claims::find<std::string>(map, claim_old_pass);
    const auto* areas = claims::find<cbor::Array>(map, claim_port_areas);
    if (format == nullptr || *format != format_version || issuer == nullptr || subject == nullptr ||
        expiry == nullptr || not_before == nullptr || token_id == nullptr || uid == nullptr ||
        old_pass == nullptr || areas == nullptr || map.size() != claim_count) {
        return fail(Fault::correct_input, "the credential's claims are not those of format 1");
    }
    auto number = PassNumber::parse(*subject);
    auto old_number = PassNumber::parse(*old_pass);
    const auto from = claims::day_of(*not_before);
    const auto after = claims::day_of(*expiry);
    const auto attempt = Uuid::from(*token_id);
    const auto chip = CardUid::from(*uid);
    if (!number || !old_number || !from || !after || !attempt || !chip) {
        return fail(Fault::correct_input, "a claim of the credential has a wrong form");
    }
    std::vector<std::string> names;
    for (const cbor::Value& area : *areas) {
        const auto* text = area.as<std::string>();
        if (text == nullptr) {
            return fail(Fault::correct_input, "a port area is no text");
        }
        names.push_back(*text);
    }
    return PassCredential{
        *issuer, std::move(*number),     *from,           after->plus_days(-1), AttemptId{*attempt},
        *chip,   std::move(*old_number), std::move(names)};
}

}  // namespace

Result<Bytes> sign_credential(const PassCredential& credential, const SigningKeyId& kid,
                              const Es256Signer& sign) {
    cbor::Array areas;
    for (const std::string& area : credential.port_areas) {
        areas.push_back(cbor::Value{area});
    }
    const BytesView token_id = credential.attempt.value.octets();
    const BytesView uid = credential.uid.octets();
    cbor::Map map;
    map.emplace(claim_format, cbor::Value{format_version});
    map.emplace(claims::issuer, cbor::Value{credential.issuer});
    map.emplace(claims::subject, cbor::Value{credential.pass_number.text()});
    map.emplace(claims::expiry,
                cbor::Value{claims::numeric_date(credential.valid_to.plus_days(1))});
    map.emplace(claims::not_before, cbor::Value{claims::numeric_date(credential.valid_from)});
    map.emplace(claims::token_id, cbor::Value{Bytes(token_id.begin(), token_id.end())});
    map.emplace(claim_uid, cbor::Value{Bytes(uid.begin(), uid.end())});
    map.emplace(claim_old_pass, cbor::Value{credential.old_pass_number.text()});
    map.emplace(claim_port_areas, cbor::Value{std::move(areas)});
    return cose_sign1(cbor::encode(cbor::Value{std::move(map)}), kid, sign);
}

Result<PassCredential> verify_credential(BytesView message, const TrustList& trusted) {
    auto payload = cose_verify1(message, trusted);
    if (!payload) {
        return tl::make_unexpected(payload.error());
    }
    auto decoded = cbor::decode(*payload);
    if (!decoded) {
        return tl::make_unexpected(decoded.error());
    }
    const auto* map = decoded->as<cbor::Map>();
    if (map == nullptr) {
        return fail(Fault::correct_input, "the credential's payload is no map of claims");
    }
    return read_claims(*map);
}

bool carries(const PassCredential& credential, const Renewal& renewal) {
    return credential.pass_number == renewal.pass_number &&
           credential.old_pass_number == renewal.old_pass_number &&
           credential.valid_from == renewal.valid_from && credential.valid_to == renewal.valid_to &&
           credential.port_areas == renewal.port_areas;
}

}  // namespace card
