#pragma once
// How much a reader carries to a card at once.

#include <cstdint>

#include "cardformat/base/strong.hpp"

namespace card::reader {

/// Octets of a frame between reader and card, prologue and checksum included (FSD of
/// ISO/IEC 14443-4, 5.1): three more than the longest APDU that is sent without chaining.
using FrameSize = Strong<struct FrameSizeTag, std::uint16_t>;

inline constexpr FrameSize min_frame_size_on_air{16};
inline constexpr FrameSize max_frame_size_on_air{256};
/// What every DESFire chip and every common reader carries.
inline constexpr FrameSize smallest_common_frame{64};

}  // namespace card::reader
