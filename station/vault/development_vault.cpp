#include "station/vault/development_vault.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include <boost/json.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cardformat/crypto/cmac.hpp"

namespace card {
namespace {

namespace fs = std::filesystem;

constexpr std::array<KeySlot, 4> slots{KeySlot::picc_master, KeySlot::application_master,
                                       KeySlot::gate_read, KeySlot::station_update};
constexpr std::uint8_t last_generation = 255;

tl::unexpected<Failure> unusable(const std::string& path, const std::string& why) {
    return fail(Fault::correct_configuration, "key store file " + path + ": " + why);
}

std::string key_file(const std::string& folder, KeySlot slot, unsigned generation) {
    return folder + "/" + std::string(name(slot)) + "." + std::to_string(generation) + ".key";
}

Result<void> write_private(const std::string& path, std::string_view text) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        return unusable(path, std::generic_category().message(errno));
    }
    const bool written =
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(file) == 0;
    const bool closed = ::close(file) == 0;
    return written && closed ? Result<void>() : unusable(path, "could not be written");
}

Result<std::string> read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
        return unusable(path, "cannot be read");
    }
    return text.str();
}

template <std::size_t N>
Result<Secret<N>> read_key(const std::string& path) {
    auto text = read_text(path);
    if (!text) {
        return tl::make_unexpected(text.error());
    }
    while (text->ends_with('\n')) {
        text->pop_back();
    }
    auto octets = from_hex(*text);
    wipe_octets(*text);
    if (!octets || octets->size() != N) {
        return unusable(path, "is not " + std::to_string(2 * N) + " hexadecimal digits");
    }
    Secret<N> key;
    std::copy(octets->begin(), octets->end(), key.fill().begin());
    wipe_octets(*octets);
    return key;
}

Result<TrustList> read_trust(const std::string& path) {
    auto text = read_text(path);
    if (!text) {
        return tl::make_unexpected(text.error());
    }
    boost::system::error_code error;
    const auto json = boost::json::parse(*text, error);
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

/// So that a folder's parent is another folder.
std::string without_slash(std::string folder) {
    while (folder.size() > 1 && folder.ends_with('/')) {
        folder.pop_back();
    }
    return folder;
}

bool trusts(const TrustList& trusted, const P256Point& key) {
    return std::find(trusted.begin(), trusted.end(), key) != trusted.end();
}

template <std::size_t N>
std::string fresh_key(RandomSource& random) {
    Secret<N> key;
    random.fill(key.fill());
    return to_hex(key.reveal()) + "\n";
}

}  // namespace

Result<void> DevelopmentVault::create(const std::string& wished, RandomSource& random) {
    const std::string folder = without_slash(wished);
    std::error_code error;
    if (fs::exists(folder, error)) {
        return unusable(folder, "exists already; keys that cards were written with stay");
    }
    fs::create_directories(fs::path(folder).parent_path(), error);
    if (::mkdir(folder.c_str(), 0700) != 0) {
        return unusable(folder, std::generic_category().message(errno));
    }
    for (const KeySlot slot : slots) {
        if (auto written = write_private(key_file(folder, slot, 1), fresh_key<16>(random));
            !written) {
            return written;
        }
    }
    const Es256Key signing_key = Es256Key::generate();
    const boost::json::object trust{
        {"keys", boost::json::array{to_hex(signing_key.public_point())}}};
    for (const auto& [file, text] :
         {std::pair<std::string, std::string>{"data.key", fresh_key<32>(random)},
          {"signing.pem", std::string(signing_key.to_pem().reveal())},
          {"trust.json", boost::json::serialize(trust) + "\n"}}) {
        if (auto written = write_private(fs::path(folder) / file, text); !written) {
            return written;
        }
    }
    return {};
}

Result<std::unique_ptr<DevelopmentVault>> DevelopmentVault::open(const std::string& folder) {
    auto pem = read_text(folder + "/signing.pem");
    auto data_key = read_key<32>(folder + "/data.key");
    auto trusted = read_trust(folder + "/trust.json");
    if (!pem || !data_key || !trusted) {
        return tl::make_unexpected(!pem        ? pem.error()
                                   : !data_key ? data_key.error()
                                               : trusted.error());
    }
    auto signing_key = Es256Key::from_pem(*pem);
    wipe_octets(*pem);
    if (!signing_key) {
        return tl::make_unexpected(signing_key.error());
    }
    if (!trusts(*trusted, signing_key->public_point())) {
        return unusable(folder + "/trust.json",
                        "lacks the signing key, so this station would refuse its own cards");
    }
    std::unique_ptr<DevelopmentVault> vault(
        new DevelopmentVault(std::move(*signing_key), std::move(*data_key)));
    vault->trusted_ = std::move(*trusted);
    for (unsigned generation = 1; generation <= last_generation; ++generation) {
        std::error_code error;
        if (!fs::exists(key_file(folder, KeySlot::picc_master, generation), error)) {
            break;
        }
        const KeyGeneration number{static_cast<std::uint8_t>(generation)};
        for (const KeySlot slot : slots) {
            auto key = read_key<16>(key_file(folder, slot, generation));
            if (!key) {
                return tl::make_unexpected(key.error());
            }
            if (vault->has_master(*key)) {
                return unusable(key_file(folder, slot, generation), "repeats another master key");
            }
            vault->masters_.emplace(std::pair(slot, number), std::move(*key));
        }
        vault->current_ = number;
    }
    if (vault->masters_.empty()) {
        return unusable(folder, "has no master keys of generation 1");
    }
    return vault;
}

bool DevelopmentVault::has_master(const AesKey& key) const {
    return std::any_of(masters_.begin(), masters_.end(), [&key](const auto& master) {
        return equal_in_constant_time(master.second.reveal(), key.reveal());
    });
}

Result<AesKey> DevelopmentVault::diversify(KeySlot slot, KeyGeneration generation,
                                           BytesView input) {
    const auto master = masters_.find({slot, generation});
    if (master == masters_.end()) {
        return fail(Fault::correct_configuration, "the key store has no " +
                                                      std::string(name(slot)) + " of generation " +
                                                      std::to_string(generation.value));
    }
    return diversify_aes128(master->second, input);
}

SigningKeyId DevelopmentVault::signing_key_id() const {
    return key_id_of(signing_key_.public_point());
}

Result<Bytes> DevelopmentVault::sign(BytesView message) {
    return signing_key_.sign(message);
}

}  // namespace card
