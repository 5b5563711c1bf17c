// Nothing unsigned is believed; a genuinely signed payload of any form is read or refused, and what
// was read signs to the same claims again.
#include "fuzz.hpp"

#include "cardformat/credential/pass_credential.hpp"

using namespace card;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Es256Key key = Es256Key::generate();
    static const TrustList trusted{key.public_point()};
    static const SigningKeyId kid = key_id_of(trusted.front());
    const BytesView input(data, size);
    require(!verify_credential(input, trusted).has_value());
    if (size > 2048) {
        return 0;
    }
    const Es256Signer sign = [](BytesView message) { return Result<Bytes>(key.sign(message)); };
    const auto message = cose_sign1(input, kid, sign);
    require(message.has_value() && cose_verify1(*message, trusted).has_value());
    if (const auto read = verify_credential(*message, trusted)) {
        const auto again = verify_credential(sign_credential(*read, kid, sign).value(), trusted);
        require(again && again->uid == read->uid && again->valid_to == read->valid_to);
    }
    return 0;
}
