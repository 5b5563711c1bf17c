#include "reader/pcsc/feedback.hpp"

namespace card::reader {
namespace {

// ACR122U API, "Bi-Color LED and Buzzer Control": P2 of FF 00 40, and four octets of data.
constexpr std::uint8_t blink_red = 0x10 | 0x40;    // lit at first, and blinking
constexpr std::uint8_t blink_green = 0x20 | 0x80;  // likewise
constexpr std::uint8_t sound_while_lit = 0x01;

/// `lit` and `dark` in 100 ms.
Bytes acr122_command(std::uint8_t leds, std::uint8_t lit, std::uint8_t dark, std::uint8_t times) {
    return {0xFF, 0x00, 0x40, leds, 0x04, lit, dark, times, sound_while_lit};
}

Bytes acr122_command(Cue cue) {
    switch (cue) {
        case Cue::success:
            return acr122_command(blink_green, 2, 1, 1);
        case Cue::refusal:
            return acr122_command(blink_red, 1, 1, 3);
        case Cue::none:
            break;
    }
    return {};
}

}  // namespace

Bytes feedback_command(Feedback feedback, Cue cue) {
    switch (feedback) {
        case Feedback::acr122:
            return acr122_command(cue);
    }
    return {};
}

}  // namespace card::reader
