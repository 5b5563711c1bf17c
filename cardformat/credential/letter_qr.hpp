#pragma once
// The code on the pick-up letter (領證通知信): CWT claims in a COSE_Sign1 by the central, in base45
// between a prefix and a terminator, all of it characters of a QR code's alphanumeric mode:
//
//   PL1:  base45(COSE_Sign1)  .
//
// It names renewal, passes and port, and no person: who finds a letter learns nothing to use at a
// gate. It proves that the central wrote it; that its bearer is the holder is for the counter.

#include <string>
#include <string_view>

#include "cardformat/credential/cose.hpp"
#include "cardformat/pass/pickup_letter.hpp"

namespace card {

inline constexpr std::string_view letter_qr_prefix = "PL1:";
inline constexpr char letter_qr_terminator = '.';
inline constexpr std::size_t max_letter_qr_size = 1024;  ///< characters that are read

[[nodiscard]] Result<std::string> write_letter_qr(const PickupLetter& letter,
                                                  const SigningKeyId& kid, const Es256Signer& sign);

/// What a scanner read, with or without the line end that it adds. Signature and form are checked;
/// whether the letter is this renewal's, this port's and not over is for the caller to compare.
/// `correct_input` otherwise, with nothing of the text in the detail.
[[nodiscard]] Result<PickupLetter> read_letter_qr(std::string_view scanned,
                                                  const TrustList& trusted);

}  // namespace card
