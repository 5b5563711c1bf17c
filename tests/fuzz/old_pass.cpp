// Whatever a scanner gives, out comes a number of the right form that stood in the text, or
// nothing.
#include "fuzz.hpp"

#include "cardformat/pass/old_pass_qr.hpp"

using namespace card;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    const std::string_view text = input.text();
    const std::vector<OldPassRecogniser> forms{UrlParameter{"no"}, PlainNumber{}, UrlParameter{""}};
    const auto number = recognise_old_pass(text, forms);
    if (number) {
        require(PassNumber::parse(number->text()).has_value());
        require(text.find(number->text()) != std::string_view::npos);
        (void)minted_parts(*number);
    } else {
        require(number.error().fault == Fault::correct_input);
    }
    return 0;
}
