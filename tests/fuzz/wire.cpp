// Whatever decodes is encoded to something that decodes to the same encoding.
#include "fuzz.hpp"

#include "sync/wire/messages.hpp"

using namespace card;

namespace {

template <class T>
void there_and_back(Result<T> (*decode)(std::string_view), std::string_view text) {
    if (const Result<T> value = decode(text)) {
        const std::string encoded = wire::encode(*value);
        const Result<T> again = decode(encoded);
        require(again && wire::encode(*again) == encoded);
    } else {
        require(value.error().fault == Fault::correct_input);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    const std::string_view text = input.text();
    there_and_back(wire::decode_renewal_page, text);
    there_and_back(wire::decode_claim_request, text);
    there_and_back(wire::decode_claim_answer, text);
    there_and_back(wire::decode_authorisation_request, text);
    there_and_back(wire::decode_authorisation, text);
    there_and_back(wire::decode_fact, text);
    there_and_back(wire::decode_facts_answer, text);
    there_and_back(wire::decode_acknowledged, text);
    there_and_back(wire::decode_release_request, text);
    there_and_back(wire::decode_release_answer, text);
    there_and_back(wire::decode_held_claims, text);
    there_and_back(wire::decode_incarnation_notice, text);
    there_and_back(wire::decode_station_status, text);
    there_and_back(wire::decode_status_answer, text);
    there_and_back(wire::decode_letter_keys, text);
    there_and_back(wire::decode_problem, text);
    return 0;
}
