#pragma once
// 通行證號, the number of a port pass: port, kind, ROC year, serial, as in KHPS110-000038.
// Strict where a number is minted, opaque where it is only carried: real data has other shapes, and
// neither medium nor port areas can be read from a number.

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "cardformat/base/result.hpp"

namespace card {

/// A port office's code of two capital letters, such as KH (高雄港) or KL (基隆港).
class Port {
  public:
    static Result<Port> parse(std::string_view text);
    [[nodiscard]] const std::string& text() const { return code_; }
    /// 高雄港 for KH; the code itself where the port is not one of the seven known.
    [[nodiscard]] std::string name() const;
    auto operator<=>(const Port&) const = default;

  private:
    explicit Port(std::string code) : code_(std::move(code)) {}
    std::string code_;
};

class PassNumber {
  public:
    static constexpr std::size_t max_size = 32;

    /// Any number that the exchange may carry: 1 to 32 capital letters, digits and hyphens.
    static Result<PassNumber> parse(std::string_view text);
    /// A number of a person's pass as the exchange makes it: port, "PS", ROC year, serial 1–999999.
    static Result<PassNumber> mint(const Port& port, int roc_year, int serial);

    [[nodiscard]] const std::string& text() const { return text_; }
    auto operator<=>(const PassNumber&) const = default;

  private:
    explicit PassNumber(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

/// The serial of a number that has the minted shape; nothing for any other.
struct MintedParts {
    std::string series;  ///< port, kind and year: KHPS110
    int serial;
};
[[nodiscard]] std::optional<MintedParts> minted_parts(const PassNumber& number);

}  // namespace card
