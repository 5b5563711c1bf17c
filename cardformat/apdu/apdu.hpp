#pragma once
// Command and response APDUs, ISO/IEC 7816-4, short form.

#include <compare>
#include <cstdint>
#include <string>

#include "cardformat/base/bytes.hpp"
#include "cardformat/base/result.hpp"

namespace card {

inline constexpr std::size_t max_short_data_size = 255;
/// 4 octets of header, Lc, data, Le.
inline constexpr std::size_t max_command_apdu_size = 4 + 1 + max_short_data_size + 1;
/// 256 octets of data and SW1 SW2.
inline constexpr std::size_t max_response_apdu_size = 256 + 2;

/// SW1 SW2 (ISO/IEC 7816-4, 5.6).
using StatusWord = std::uint16_t;

/// One encoded command APDU.
class CommandApdu {
  public:
    /// Case 2: no data, Le = 00.
    static CommandApdu without_data(std::uint8_t cla, std::uint8_t ins, std::uint8_t p1,
                                    std::uint8_t p2);
    /// Case 4: 1 to 255 octets of data, Le = 00. No data makes it case 2.
    static CommandApdu with_data(std::uint8_t cla, std::uint8_t ins, std::uint8_t p1,
                                 std::uint8_t p2, BytesView data);

    [[nodiscard]] BytesView encoded() const { return encoded_; }
    [[nodiscard]] std::uint8_t ins() const { return encoded_[1]; }
    auto operator<=>(const CommandApdu&) const = default;

  private:
    explicit CommandApdu(Bytes encoded) : encoded_(std::move(encoded)) {}
    Bytes encoded_;
};

/// A response APDU taken apart.
class ResponseApdu {
  public:
    /// `present_same_card_again` for fewer than 2 octets: a reader that lost its card may report
    /// success and nothing else. `set_card_aside` for more than 258.
    static Result<ResponseApdu> parse(BytesView received);

    [[nodiscard]] BytesView data() const { return data_; }
    [[nodiscard]] StatusWord status() const { return status_; }

  private:
    ResponseApdu(Bytes data, StatusWord status) : data_(std::move(data)), status_(status) {}
    Bytes data_;
    StatusWord status_;
};

}  // namespace card
