// A record that is taken is written to one that is taken as the same.
#include "fuzz.hpp"

#include "station/card_files/record.hpp"

using namespace card;
using namespace card::cardtool;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    const auto record = parse_record(input.text());
    if (!record) {
        require(record.error().fault == Fault::correct_input);
        return 0;
    }
    const std::string encoded = encode_record(*record);
    const auto again = parse_record(encoded);
    require(again && encode_record(*again) == encoded &&
            again->pass.has_value() == record->pass.has_value());
    return 0;
}
