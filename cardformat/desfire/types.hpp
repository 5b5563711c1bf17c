#pragma once
// The words of the DESFire command set as types. Multi-octet numbers of native commands are least
// significant octet first on the wire.

#include <algorithm>
#include <array>
#include <cstdint>

#include "cardformat/base/strong.hpp"
#include "cardformat/crypto/cipher.hpp"

namespace card::desfire {

using KeyNumber = Strong<struct KeyNumberTag, std::uint8_t>;
using KeyVersion = Strong<struct KeyVersionTag, std::uint8_t>;
using FileNumber = Strong<struct FileNumberTag, std::uint8_t>;
using KeySettings = Strong<struct KeySettingsTag, std::uint8_t>;

/// Application identifier. Written most significant octet first (F54B50), which is also its order
/// in a diversification input; on the wire it goes least significant octet first (50 4B F5).
class Aid {
  public:
    constexpr explicit Aid(std::uint32_t number) : number_(number & 0xFFFFFFU) {}
    [[nodiscard]] Bytes wire() const {
        return {static_cast<std::uint8_t>(number_), static_cast<std::uint8_t>(number_ >> 8U),
                static_cast<std::uint8_t>(number_ >> 16U)};
    }
    [[nodiscard]] Bytes written() const {
        return {static_cast<std::uint8_t>(number_ >> 16U), static_cast<std::uint8_t>(number_ >> 8U),
                static_cast<std::uint8_t>(number_)};
    }
    auto operator<=>(const Aid&) const = default;

  private:
    std::uint32_t number_;
};

/// The card itself, outside any application.
inline constexpr Aid picc_level{0x000000};

enum class Status : std::uint8_t {
    ok = 0x00,
    no_changes = 0x0C,
    out_of_eeprom = 0x0E,
    illegal_command = 0x1C,
    integrity_error = 0x1E,
    no_such_key = 0x40,
    length_error = 0x7E,
    signature_ok = 0x90,  ///< Read_Sig answers so instead of 00
    permission_denied = 0x9D,
    parameter_error = 0x9E,
    application_not_found = 0xA0,
    application_integrity_error = 0xA1,
    authentication_delay = 0xAD,
    authentication_error = 0xAE,
    additional_frame = 0xAF,
    boundary_error = 0xBE,
    picc_integrity_error = 0xC1,
    command_aborted = 0xCA,
    picc_disabled = 0xCD,
    count_error = 0xCE,
    duplicate_error = 0xDE,
    eeprom_error = 0xEE,
    file_not_found = 0xF0,
    file_integrity_error = 0xF1,
};

/// How a command and its answer are protected inside a session.
enum class CommMode : std::uint8_t { plain = 0x00, mac = 0x01, full = 0x03 };

/// How many octets of data one wrapped command may carry so that it fits one ISO/IEC 14443-4 block.
struct FrameLimit {
    std::size_t command_data;

    /// `size` is FSC or FSD (ISO/IEC 14443-4, 5.2.3), octets: PCB and CRC take three of them, and
    /// CLA INS P1 P2 Lc Le six of what is left.
    [[nodiscard]] static constexpr FrameLimit of_frame(std::size_t size) {
        constexpr std::size_t largest_short_command = 255;
        return {std::min(size - 9, largest_short_command)};
    }
    auto operator<=>(const FrameLimit&) const = default;
};
/// What is taken where nobody knows better: every chip and every reader has it.
inline constexpr FrameLimit smallest_frame_limit = FrameLimit::of_frame(64);

}  // namespace card::desfire
