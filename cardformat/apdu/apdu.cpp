#include "cardformat/apdu/apdu.hpp"

#include <stdexcept>

namespace card {

CommandApdu CommandApdu::without_data(std::uint8_t cla, std::uint8_t ins, std::uint8_t p1,
                                      std::uint8_t p2) {
    return CommandApdu(Bytes{cla, ins, p1, p2, 0x00});
}

CommandApdu CommandApdu::with_data(std::uint8_t cla, std::uint8_t ins, std::uint8_t p1,
                                   std::uint8_t p2, BytesView data) {
    if (data.empty()) {
        return without_data(cla, ins, p1, p2);
    }
    if (data.size() > max_short_data_size) {
        throw std::length_error("a short APDU carries at most 255 octets");
    }
    Bytes encoded{cla, ins, p1, p2, static_cast<std::uint8_t>(data.size())};
    append(encoded, data);
    encoded.push_back(0x00);
    return CommandApdu(std::move(encoded));
}

Result<ResponseApdu> ResponseApdu::parse(BytesView received) {
    if (received.size() < 2) {
        return fail(Fault::present_same_card_again,
                    "an answer of " + std::to_string(received.size()) + " octets has no status");
    }
    if (received.size() > max_response_apdu_size) {
        return fail(Fault::set_card_aside, "an answer of " + std::to_string(received.size()) +
                                               " octets is longer than any short APDU's");
    }
    const std::size_t data_size = received.size() - 2;
    return ResponseApdu(
        Bytes(received.begin(), received.begin() + static_cast<std::ptrdiff_t>(data_size)),
        static_cast<StatusWord>(received[data_size] << 8U | received[data_size + 1]));
}

}  // namespace card
