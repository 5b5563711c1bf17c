#include "station/vault/trust_file.hpp"

#include <algorithm>
#include <fstream>
#include <optional>

#include <boost/json.hpp>

namespace card {
namespace {

tl::unexpected<Failure> unusable(std::string why) {
    return fail(Fault::correct_configuration, std::move(why));
}

/// No more than one octet too many, whatever the file is.
std::optional<std::string> start_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(max_trust_file_size + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || (file.fail() && !file.eof())) {
        return std::nullopt;
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

}  // namespace

Result<TrustList> parse_trust_list(std::string_view text) {
    if (text.size() > max_trust_file_size) {
        return unusable("is longer than " + std::to_string(max_trust_file_size) + " octets");
    }
    boost::system::error_code error;
    const auto json = boost::json::parse(text, error);
    const auto* keys = !error && json.is_object() ? json.get_object().if_contains("keys") : nullptr;
    if (keys == nullptr || !keys->is_array()) {
        return unusable(R"(is not {"keys": [...]})");
    }
    TrustList trusted;
    for (const auto& key : keys->get_array()) {
        const auto octets = key.is_string() ? from_hex(key.get_string()) : std::nullopt;
        P256Point point{};
        if (!octets || octets->size() != point.size()) {
            return unusable("has a key that is no uncompressed P-256 point");
        }
        std::copy(octets->begin(), octets->end(), point.begin());
        trusted.push_back(point);
    }
    return trusted;
}

Result<TrustList> read_trust_file(const std::string& path) {
    const auto text = start_of(path);
    auto trusted = text ? parse_trust_list(*text) : unusable("cannot be read");
    if (!trusted) {
        return fail("trust list " + path, trusted.error());
    }
    return trusted;
}

std::string trust_file_text(const TrustList& keys) {
    boost::json::array points;
    for (const P256Point& key : keys) {
        points.emplace_back(to_hex(key));
    }
    return boost::json::serialize(boost::json::object{{"keys", std::move(points)}}) + "\n";
}

bool trusts(const TrustList& keys, const P256Point& key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace card
