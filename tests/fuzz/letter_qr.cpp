// Nothing unsigned is believed; base45 goes there and back; a genuinely signed payload of any form
// is read or refused, and what was read is written to the same claims again.
#include "cardformat/credential/letter_qr.hpp"

#include "fuzz.hpp"

#include "cardformat/credential/base45.hpp"

using namespace card;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Es256Key key = Es256Key::generate();
    static const TrustList trusted{key.public_point()};
    static const SigningKeyId kid = key_id_of(trusted.front());
    Input input(data, size);
    const BytesView octets(data, size);
    const std::string_view text = input.text();
    require(!read_letter_qr(text, trusted).has_value());
    require(from_base45(to_base45(octets)) == Bytes(octets.begin(), octets.end()));
    if (const auto decoded = from_base45(text)) {
        require(to_base45(*decoded) == text);
    }
    if (size > 512) {
        return 0;
    }
    const Es256Signer sign = [](BytesView message) { return Result<Bytes>(key.sign(message)); };
    const auto message = cose_sign1(octets, kid, sign);
    require(message.has_value());
    if (const auto read = read_letter_qr("PL1:" + to_base45(*message) + ".", trusted)) {
        const auto again = read_letter_qr(write_letter_qr(*read, kid, sign).value(), trusted);
        require(again && again->renewal == read->renewal && again->last_day == read->last_day);
    }
    return 0;
}
