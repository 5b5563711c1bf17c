// What a person asks for is refused with a word that a terminal can show, or fits the bounds.
#include "station/card_files/pass_file.hpp"

#include "fuzz.hpp"

#include "cardformat/base/utf8.hpp"

using namespace card;
using namespace card::cardtool;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    const auto pass = parse_pass_file(input.text());
    if (!pass) {
        require(pass.error().fault == Fault::correct_input);
        for (const char letter : pass.error().detail) {
            const auto octet = static_cast<unsigned char>(letter);
            require(octet >= 0x20 && octet != 0x7F);
        }
        return 0;
    }
    require(size <= max_pass_file_size && pass->valid_from <= pass->valid_to);
    require(!pass->port_areas.empty() && pass->port_areas.size() <= max_port_areas);
    for (const std::string& area : pass->port_areas) {
        require(!area.empty() && area.size() <= max_port_area_size && is_utf8(area));
    }
    return 0;
}
