#pragma once
// 領證通知信 as a page of A4 in PDF, with embedded fonts.

#include <string>

#include "cardformat/base/result.hpp"
#include "cardformat/pass/renewal.hpp"

namespace card::letter {

struct LetterPage {
    PassNumber pass_number;
    PassNumber old_pass_number;
    BusinessDay valid_from;
    BusinessDay valid_to;
    Port pickup_port;
    PersonalText holder_name;  ///< shown as 李○明; no ID number stands on a letter
    std::string company;
    BusinessDay made_on;
    std::string qr;  ///< in the alphanumeric characters of a QR code
};

/// 李○明, 李○, and for other writing the first character and two circles. Blank stays blank.
[[nodiscard]] std::string masked_name(const PersonalText& name);

/// The octets of the PDF. The same page gives the same text and code, whenever it is made.
/// `correct_configuration` where the machine cannot draw it, such as without the font.
[[nodiscard]] Result<std::string> draw_pdf(const LetterPage& page);

}  // namespace card::letter
