#pragma once
// The head of a message as octets, before any parser: what RFC 9112 forbids and parsers forgive,
// since two readers of one message must never disagree about where it ends. Pure.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace card::http {

enum class HeadState : std::uint8_t { incomplete, whole, malformed };

/// Looks for the empty line that ends a head, from where it stopped the last time. Malformed at
/// once: an empty first line, which a server may ignore but need not (2.2), a CR or LF that is not
/// part of CRLF (2.2), a control character, a line that starts with white space, which is what line
/// folding is (5.2). A whole head has a first line, and an empty line ends it.
class HeadScan {
  public:
    HeadState scan(std::string_view octets);

  private:
    std::size_t scanned_ = 0;
    std::size_t line_start_ = 0;
};

/// Whether each line after the first is `name:value` with a token for a name and nothing between
/// name and colon (5.1), and there are at most 100 of them. `head` is whole.
[[nodiscard]] bool has_proper_fields(std::string_view head);

/// token SP target SP HTTP-version (3), with single spaces. `head` is whole.
[[nodiscard]] bool has_proper_request_line(std::string_view head);

/// What a Host header may hold: uri-host [ ":" port ] (RFC 9110, 7.2), not empty.
[[nodiscard]] bool is_host(std::string_view value);

/// RFC 9110, 5.6.2.
[[nodiscard]] bool is_token(std::string_view text);

}  // namespace card::http
