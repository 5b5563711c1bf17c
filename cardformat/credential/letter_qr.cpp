#include "cardformat/credential/letter_qr.hpp"

#include "cardformat/credential/base45.hpp"
#include "cardformat/credential/claims.hpp"

namespace card {
namespace {

// Private use, RFC 8392 9.1.
constexpr std::int64_t claim_old_pass = -70002;
constexpr std::int64_t claim_renewal = -70005;
constexpr std::int64_t claim_port = -70006;
constexpr std::int64_t claim_format = -70007;

constexpr std::int64_t format_version = 1;
constexpr std::size_t claim_count = 6;

tl::unexpected<Failure> no_letter(std::string detail) {
    return fail(Fault::correct_input, std::move(detail));
}

Result<PickupLetter> read_claims(const cbor::Map& map) {
    const auto* format = claims::find<std::int64_t>(map, claim_format);
    const auto* subject = claims::find<std::string>(map, claims::subject);
    const auto* expiry = claims::find<std::int64_t>(map, claims::expiry);
    const auto* old_pass = claims::find<std::string>(map, claim_old_pass);
    const auto* renewal = claims::find<Bytes>(map, claim_renewal);
    const auto* port = claims::find<std::string>(map, claim_port);
    if (format == nullptr || *format != format_version || subject == nullptr || expiry == nullptr ||
        old_pass == nullptr || renewal == nullptr || port == nullptr || map.size() != claim_count) {
        return no_letter("the letter's claims are not those of format 1");
    }
    auto number = PassNumber::parse(*subject);
    auto old_number = PassNumber::parse(*old_pass);
    const auto after = claims::day_of(*expiry);
    const auto id = Uuid::from(*renewal);
    auto pickup_port = Port::parse(*port);
    if (!number || !old_number || !after || !id || !pickup_port) {
        return no_letter("a claim of the letter has a wrong form");
    }
    return PickupLetter{RenewalId(*id), std::move(*number), std::move(*old_number),
                        std::move(*pickup_port), after->plus_days(-1)};
}

}  // namespace

Result<std::string> write_letter_qr(const PickupLetter& letter, const SigningKeyId& kid,
                                    const Es256Signer& sign) {
    const BytesView renewal = letter.renewal.value.octets();
    cbor::Map map;
    map.emplace(claim_format, cbor::Value{format_version});
    map.emplace(claims::subject, cbor::Value{letter.pass_number.text()});
    map.emplace(claims::expiry, cbor::Value{claims::numeric_date(letter.last_day.plus_days(1))});
    map.emplace(claim_old_pass, cbor::Value{letter.old_pass_number.text()});
    map.emplace(claim_renewal, cbor::Value{Bytes(renewal.begin(), renewal.end())});
    map.emplace(claim_port, cbor::Value{letter.pickup_port.text()});
    return cose_sign1(cbor::encode(cbor::Value{std::move(map)}), kid, sign)
        .map([](const Bytes& message) {
            return std::string(letter_qr_prefix) + to_base45(message) + letter_qr_terminator;
        });
}

Result<PickupLetter> read_letter_qr(std::string_view scanned, const TrustList& trusted) {
    while (!scanned.empty() && (scanned.back() == '\r' || scanned.back() == '\n')) {
        scanned.remove_suffix(1);
    }
    if (scanned.size() > max_letter_qr_size || !scanned.starts_with(letter_qr_prefix) ||
        !scanned.ends_with(letter_qr_terminator)) {
        return no_letter("no code of a pick-up letter, or not all of it");
    }
    scanned.remove_prefix(letter_qr_prefix.size());
    scanned.remove_suffix(1);
    const auto message = from_base45(scanned);
    if (!message) {
        return no_letter("the letter's code is no base45");
    }
    const auto payload = cose_verify1(*message, trusted);
    if (!payload) {
        return tl::make_unexpected(payload.error());
    }
    const auto decoded = cbor::decode(*payload);
    if (!decoded) {
        return tl::make_unexpected(decoded.error());
    }
    const auto* map = decoded->as<cbor::Map>();
    return map == nullptr ? no_letter("the letter's payload is no map of claims")
                          : read_claims(*map);
}

}  // namespace card
