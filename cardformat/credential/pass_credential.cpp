#include "cardformat/credential/pass_credential.hpp"

#include "cardformat/credential/cbor.hpp"

namespace card {
namespace {

constexpr std::int64_t claim_issuer = 1;
constexpr std::int64_t claim_subject = 2;
constexpr std::int64_t claim_expiry = 4;
constexpr std::int64_t claim_not_before = 5;
constexpr std::int64_t claim_token_id = 7;
// Private use, RFC 8392 9.1.
constexpr std::int64_t claim_uid = -70001;
constexpr std::int64_t claim_old_pass = -70002;
constexpr std::int64_t claim_port_areas = -70003;
constexpr std::int64_t claim_format = -70004;

constexpr std::int64_t format_version = 1;
constexpr std::size_t claim_count = 9;

std::int64_t numeric_date(BusinessDay day) {
    return std::chrono::duration_cast<std::chrono::seconds>(day.starts_at().time_since_epoch())
        .count();
}

std::optional<BusinessDay> day_of(std::int64_t seconds) {
    constexpr std::int64_t year_9999 = 253402300800;
    if (seconds < 0 || seconds > year_9999) {
        return std::nullopt;
    }
    const BusinessDay day = BusinessDay::of(Timestamp{std::chrono::seconds{seconds}});
    return numeric_date(day) == seconds ? std::optional(day) : std::nullopt;
}

template <class T>
const T* claim(const cbor::Map& claims, std::int64_t key) {
    const auto found = claims.find(key);
    return found == claims.end() ? nullptr : found->second.as<T>();
}

Result<PassCredential> read_claims(const cbor::Map& claims) {
    const auto* format = claim<std::int64_t>(claims, claim_format);
    const auto* issuer = claim<std::string>(claims, claim_issuer);
    const auto* subject = claim<std::string>(claims, claim_subject);
    const auto* expiry = claim<std::int64_t>(claims, claim_expiry);
    const auto* not_before = claim<std::int64_t>(claims, claim_not_before);
    const auto* token_id = claim<Bytes>(claims, claim_token_id);
    const auto* uid = claim<Bytes>(claims, claim_uid);
    const auto* old_pass = claim<std::string>(claims, claim_old_pass);
    const auto* areas = claim<cbor::Array>(claims, claim_port_areas);
    if (format == nullptr || *format != format_version || issuer == nullptr || subject == nullptr ||
        expiry == nullptr || not_before == nullptr || token_id == nullptr || uid == nullptr ||
        old_pass == nullptr || areas == nullptr || claims.size() != claim_count) {
        return fail(Fault::correct_input, "the credential's claims are not those of format 1");
    }
    auto number = PassNumber::parse(*subject);
    auto old_number = PassNumber::parse(*old_pass);
    const auto from = day_of(*not_before);
    const auto after = day_of(*expiry);
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
    cbor::Map claims;
    claims.emplace(claim_format, cbor::Value{format_version});
    claims.emplace(claim_issuer, cbor::Value{credential.issuer});
    claims.emplace(claim_subject, cbor::Value{credential.pass_number.text()});
    claims.emplace(claim_expiry, cbor::Value{numeric_date(credential.valid_to.plus_days(1))});
    claims.emplace(claim_not_before, cbor::Value{numeric_date(credential.valid_from)});
    claims.emplace(claim_token_id, cbor::Value{Bytes(token_id.begin(), token_id.end())});
    claims.emplace(claim_uid, cbor::Value{Bytes(uid.begin(), uid.end())});
    claims.emplace(claim_old_pass, cbor::Value{credential.old_pass_number.text()});
    claims.emplace(claim_port_areas, cbor::Value{std::move(areas)});
    return cose_sign1(cbor::encode(cbor::Value{std::move(claims)}), kid, sign);
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
    const auto* claims = decoded->as<cbor::Map>();
    if (claims == nullptr) {
        return fail(Fault::correct_input, "the credential's payload is no map of claims");
    }
    return read_claims(*claims);
}

}  // namespace card
