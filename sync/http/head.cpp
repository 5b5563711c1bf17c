#include "sync/http/head.hpp"

#include <algorithm>
#include <cctype>

namespace card::http {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t max_fields = 100;

bool is_letter_or_digit(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

bool is_control(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
}

bool consists_of(std::string_view text, std::string_view punctuation) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [punctuation](char c) {
        return is_letter_or_digit(c) || punctuation.find(c) != std::string_view::npos;
    });
}

}  // namespace

HeadState HeadScan::scan(std::string_view octets) {
    for (; scanned_ < octets.size(); ++scanned_) {
        const char c = octets[scanned_];
        const bool starts_line = scanned_ == line_start_;
        if (c == '\r') {
            if (scanned_ == 0) {
                return HeadState::malformed;
            }
            if (scanned_ + 1 == octets.size()) {
                return HeadState::incomplete;
            }
            if (octets[scanned_ + 1] != '\n') {
                return HeadState::malformed;
            }
            ++scanned_;
            line_start_ = scanned_ + 1;
            if (starts_line) {
                return HeadState::whole;
            }
        } else if (is_control(c) || (starts_line && (c == ' ' || c == '\t'))) {
            return HeadState::malformed;
        }
    }
    return HeadState::incomplete;
}

bool has_proper_fields(std::string_view head) {
    head.remove_prefix(std::min(head.find(line_end) + line_end.size(), head.size()));
    for (std::size_t count = 0; !head.starts_with(line_end); ++count) {
        const std::string_view line = head.substr(0, head.find(line_end));
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) ||
            count == max_fields) {
            return false;
        }
        head.remove_prefix(line.size() + line_end.size());
    }
    return true;
}

bool has_proper_request_line(std::string_view head) {
    const std::string_view line = head.substr(0, head.find(line_end));
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    return first != std::string_view::npos && is_token(line.substr(0, first)) && last > first + 1 &&
           line.find(' ', first + 1) == last && line.substr(last + 1).starts_with("HTTP/");
}

bool is_host(std::string_view value) {
    const bool bracketed = value.starts_with('[');
    const std::size_t end =
        bracketed ? value.find(']') + 1 : std::min(value.find(':'), value.size());
    if (bracketed && end == 0) {
        return false;
    }
    const std::string_view host = bracketed ? value.substr(1, end - 2) : value.substr(0, end);
    const std::string_view port = value.substr(end);
    const bool digits = std::all_of(port.begin() + (port.empty() ? 0 : 1), port.end(),
                                    [](char c) { return c >= '0' && c <= '9'; });
    return consists_of(host, bracketed ? ":." : "-._~") &&
           (port.empty() || (port.front() == ':' && digits));
}

bool is_token(std::string_view text) {
    return consists_of(text, "!#$%&'*+-.^_`|~");
}

}  // namespace card::http
