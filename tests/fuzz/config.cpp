// A configuration is refused as one that a person can correct, or is one that a station can run by.
#include "station/config/config.hpp"

#include "fuzz.hpp"

using namespace card;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    const auto settings = config::parse(input.text());
    if (!settings) {
        require(settings.error().fault == Fault::correct_configuration);
        return 0;
    }
    require(http::StationName::parse(settings->station).has_value());
    require(!settings->readers.empty() && !settings->old_pass_forms.empty());
    return 0;
}
