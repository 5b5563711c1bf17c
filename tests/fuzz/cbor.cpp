// Whatever decodes is encoded as it came.
#include "cardformat/credential/cbor.hpp"

#include "fuzz.hpp"

using namespace card;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView input(data, size);
    if (const auto value = cbor::decode(input)) {
        require(equal_in_constant_time(cbor::encode(*value), input));
    }
    return 0;
}
