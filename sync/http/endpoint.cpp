#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include <boost/asio/ip/address.hpp>

#include "cardformat/base/bytes.hpp"
#include "sync/http/http.hpp"

namespace card::http {
namespace {

constexpr std::size_t max_unix_path_size = 107;
constexpr std::size_t max_station_name_size = 32;
constexpr std::size_t max_host_size = 253;
constexpr std::string_view http_scheme = "http://";
constexpr std::string_view https_scheme = "https://";
constexpr std::string_view unix_scheme = "unix:";

std::string percent_decoded(std::string_view text, bool plus_is_space) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto octet =
            text[i] == '%' && i + 2 < text.size() ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
        if (octet) {
            decoded += static_cast<char>(octet->front());
            i += 2;
        } else {
            decoded += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return decoded;
}

/// Cuts `rest` at the first separator and gives what stood before it.
std::string_view next_part(std::string_view& rest, char separator) {
    const std::string_view part = rest.substr(0, rest.find(separator));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    return part;
}

bool is_host_name(std::string_view host) {
    return !host.empty() && host.size() <= max_host_size && host.front() != '-' &&
           host.front() != '.' && std::all_of(host.begin(), host.end(), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.';
           });
}

}  // namespace

Result<StationName> StationName::parse(std::string_view text) {
    if (text.empty() || text.size() > max_station_name_size ||
        text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string_view::npos) {
        return fail(Fault::correct_configuration,
                    "a station's name is 1 to 32 small letters, digits and hyphens");
    }
    return StationName(std::string(text));
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
    if (text.starts_with(unix_scheme)) {
        const std::string_view path = text.substr(unix_scheme.size());
        if (!path.starts_with('/') || path.size() > max_unix_path_size ||
            path.find('\0') != std::string_view::npos) {
            return fail(Fault::correct_configuration,
                        "a UNIX socket is unix: and an absolute path of at most 107 octets");
        }
        return Endpoint{Kind::unix_socket, {}, 0, std::string(path), {}};
    }
    const bool secure = text.starts_with(https_scheme);
    const std::string_view scheme = secure ? https_scheme : http_scheme;
    const std::size_t colon = text.rfind(':');
    if (!text.starts_with(scheme) || colon < scheme.size()) {
        return fail(Fault::correct_configuration,
                    "an endpoint is https://HOST:PORT, http://ADDRESS:PORT or unix:/PATH");
    }
    std::string_view host = text.substr(scheme.size(), colon - scheme.size());
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (bad != std::errc{} || end != digits.data() + digits.size() || port == 0) {
        return fail(Fault::correct_configuration, "an endpoint ends with :PORT, 1 to 65535");
    }
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) {
        host = host.substr(1, host.size() - 2);
    }
    boost::system::error_code error;
    const auto address = asio::ip::make_address(std::string(host), error);
    const bool is_address = !error && address.is_v6() == bracketed;
    if (!secure && !(is_address && address.is_loopback())) {
        return fail(Fault::correct_configuration,
                    "plain HTTP is for loopback addresses only, such as 127.0.0.1 or [::1]; "
                    "everything else is https://");
    }
    if (!is_address && (bracketed || !is_host_name(host))) {
        return fail(Fault::correct_configuration,
                    "an endpoint's host is a DNS name, an address, or an IPv6 address in brackets");
    }
    return Endpoint{secure ? Kind::tls : Kind::loopback_tcp, std::string(host), port, {}, {}};
}

std::string Endpoint::text() const {
    if (kind == Kind::unix_socket) {
        return std::string(unix_scheme) + path;
    }
    const bool v6 = host.find(':') != std::string::npos;
    return std::string(kind == Kind::tls ? https_scheme : http_scheme) +
           (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::vector<std::string> path_segments(std::string_view target) {
    std::string_view path = target.substr(0, target.find('?'));
    if (path.starts_with('/')) {
        path.remove_prefix(1);
    }
    std::vector<std::string> segments;
    while (!path.empty()) {
        segments.push_back(percent_decoded(next_part(path, '/'), false));
    }
    return segments;
}

std::string percent_encoded(std::string_view value) {
    std::string encoded;
    for (const std::uint8_t octet : as_bytes(value)) {
        const char c = static_cast<char>(octet);
        if (std::isalnum(octet) != 0 ||
            std::string_view("-._~").find(c) != std::string_view::npos) {
            encoded += c;
        } else {
            encoded += "%" + to_hex(BytesView(&octet, 1));
        }
    }
    return encoded;
}

std::string query_value(std::string_view target, std::string_view name) {
    const std::size_t question = target.find('?');
    std::string_view rest =
        question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
    while (!rest.empty()) {
        std::string_view value = next_part(rest, '&');
        const std::string_view key = next_part(value, '=');
        if (percent_decoded(key, true) == name) {
            return percent_decoded(value, true);
        }
    }
    return {};
}

}  // namespace card::http
