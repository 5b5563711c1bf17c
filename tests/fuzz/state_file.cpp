// A file is believed only where it is exactly what would be written.
#include "cardformat/credential/state_file.hpp"

#include "fuzz.hpp"

using namespace card;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    const BytesView credential = input.take(input.octet());
    const BytesView file = input.take(size);
    if (const auto state = read_state_file(file, credential)) {
        require(equal_in_constant_time(encode_state_file(*state, credential), file));
    }
    return 0;
}
