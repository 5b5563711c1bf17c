#include "station/vault/trust_file.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <boost/json.hpp>

namespace card {
namespace {

tl::unexpected<Failure> unusable(const std::string& path, const std::string& why) {
    return fail(Fault::correct_configuration, "trust list " + path + ": " + why);
}

}  // namespace

Result<TrustList> read_trust_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
        return unusable(path, "cannot be read");
    }
    boost::system::error_code error;
    const auto json = boost::json::parse(text.str(), error);
    const auto* keys = !error && json.is_object() ? json.get_object().if_contains("keys") : nullptr;
    if (keys == nullptr || !keys->is_array()) {
        return unusable(path, R"(is not {"keys": [...]})");
    }
    TrustList trusted;
    for (const auto& key : keys->get_array()) {
        const auto octets = key.is_string() ? from_hex(key.get_string()) : std::nullopt;
        P256Point point{};
        if (!octets || octets->size() != point.size()) {
            return unusable(path, "has a key that is no uncompressed P-256 point");
        }
        std::copy(octets->begin(), octets->end(), point.begin());
        trusted.push_back(point);
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
