#include "station/vault/development_vault.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cardformat/crypto/cmac.hpp"
#include "station/vault/trust_file.hpp"

namespace card {
namespace {

namespace fs = std::filesystem;

constexpr std::uint8_t last_generation = 255;

tl::unexpected<Failure> unusable(const std::string& path, const std::string& why) {
    return fail(Fault::correct_configuration, "key store file " + path + ": " + why);
}

std::string key_file(const std::string& folder, const MasterName& master) {
    return folder + "/" + std::string(name(master.slot)) + "." +
           std::to_string(master.generation.value) + ".key";
}

std::string signing_file(const std::string& folder, unsigned generation) {
    return folder + "/signing." + std::to_string(generation) + ".pem";
}

bool exists(const std::string& path) {
    std::error_code error;
    return fs::exists(path, error);
}

Result<void> flush_folder(const std::string& folder) {
    const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool flushed = opened >= 0 && ::fsync(opened) == 0;
    if (opened >= 0) {
        ::close(opened);
    }
    return flushed ? Result<void>() : unusable(folder, "could not be flushed to the disk");
}

/// Whole and on the disk, or not at all under its name. `flags` are renameat2's.
Result<void> write_private(const std::string& path, std::string_view text, unsigned flags) {
    const std::string unfinished = path + ".unfinished";
    ::unlink(unfinished.c_str());
    const int file = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        return unusable(path, std::generic_category().message(errno));
    }
    const bool written =
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(file) == 0;
    const bool closed = ::close(file) == 0;
    if (!written || !closed ||
        ::renameat2(AT_FDCWD, unfinished.c_str(), AT_FDCWD, path.c_str(), flags) != 0) {
        return unusable(path, "could not be written");
    }
    return flush_folder(fs::path(path).parent_path());
}

Result<void> write_new(const std::string& path, std::string_view text) {
    return write_private(path, text, RENAME_NOREPLACE);
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

Result<std::map<std::uint8_t, Es256Key>> read_signing_keys(const std::string& folder) {
    std::map<std::uint8_t, Es256Key> keys;
    for (unsigned generation = 1; generation <= last_generation; ++generation) {
        const std::string path = signing_file(folder, generation);
        if (!exists(path)) {
            continue;
        }
        auto pem = read_text(path);
        if (!pem) {
            return tl::make_unexpected(pem.error());
        }
        auto key = Es256Key::from_pem(*pem);
        wipe_octets(*pem);
        if (!key) {
            return fail(path, key.error());
        }
        keys.emplace(static_cast<std::uint8_t>(generation), std::move(*key));
    }
    if (keys.empty()) {
        return unusable(signing_file(folder, 1), "is missing");
    }
    return keys;
}

/// So that a folder's parent is another folder.
std::string without_slash(std::string folder) {
    while (folder.size() > 1 && folder.ends_with('/')) {
        folder.pop_back();
    }
    return folder;
}

template <std::size_t N>
std::string fresh_key(RandomSource& random) {
    Secret<N> key;
    random.fill(key.fill());
    return to_hex(key.reveal()) + "\n";
}

Result<void> write_masters(const std::string& folder, const std::vector<KeySlot>& slots,
                           KeyGeneration generation, RandomSource& random) {
    for (const KeySlot slot : slots) {
        if (auto written = write_new(key_file(folder, {slot, generation}), fresh_key<16>(random));
            !written) {
            return written;
        }
    }
    return {};
}

/// The key comes last: one that is not trusted would be refused.
Result<void> add_signing_key(const std::string& folder, unsigned generation, TrustList trusted) {
    const Es256Key key = Es256Key::generate();
    trusted.push_back(key.public_point());
    if (auto written = write_private(folder + "/trust.json", trust_file_text(trusted), 0);
        !written) {
        return written;
    }
    return write_new(signing_file(folder, generation), key.to_pem().reveal());
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
    if (auto written = write_masters(folder, {all_key_slots.begin(), all_key_slots.end()},
                                     KeyGeneration{1}, random);
        !written) {
        return written;
    }
    if (auto written = write_new(folder + "/data.key", fresh_key<32>(random)); !written) {
        return written;
    }
    return add_signing_key(folder, 1, {});
}

Result<RolledOver> DevelopmentVault::roll(const std::string& wished, RollOver what,
                                          RandomSource& random) {
    const std::string folder = without_slash(wished);
    const auto vault = open(folder);
    if (!vault) {
        return tl::make_unexpected(vault.error());
    }
    RolledOver done;
    if (what != RollOver::signing_key) {
        done.masters = (*vault)->generations_.next();
        if (!done.masters) {
            return unusable(folder, "generation 255 is the last; make a new store");
        }
        if (const auto written = write_masters(
                folder, (*vault)->generations_.missing(*done.masters), *done.masters, random);
            !written) {
            return tl::make_unexpected(written.error());
        }
    }
    if (what != RollOver::masters) {
        const unsigned next = (*vault)->signing_keys_.rbegin()->first + 1U;
        if (next > last_generation) {
            return unusable(folder, "signing key 255 is the last; make a new store");
        }
        if (const auto written = add_signing_key(folder, next, (*vault)->trusted_); !written) {
            return tl::make_unexpected(written.error());
        }
        done.signing_key = static_cast<std::uint8_t>(next);
    }
    return done;
}

Result<std::unique_ptr<DevelopmentVault>> DevelopmentVault::open(const std::string& folder) {
    auto signing_keys = read_signing_keys(folder);
    auto data_key = read_key<32>(folder + "/data.key");
    auto trusted = read_trust_file(folder + "/trust.json");
    if (!signing_keys || !data_key || !trusted) {
        return tl::make_unexpected(!signing_keys ? signing_keys.error()
                                   : !data_key   ? data_key.error()
                                                 : trusted.error());
    }
    for (const auto& [generation, key] : *signing_keys) {
        if (!trusts(*trusted, key.public_point())) {
            return unusable(folder + "/trust.json",
                            "lacks a signing key, so this station would refuse its own cards");
        }
    }
    std::unique_ptr<DevelopmentVault> vault(
        new DevelopmentVault(std::move(*signing_keys), std::move(*data_key), std::move(*trusted)));
    if (const auto read = vault->read_masters(folder); !read) {
        return tl::make_unexpected(read.error());
    }
    const auto current = vault->generations_.current();
    if (!current) {
        return unusable(folder, "has no generation with all four master keys");
    }
    vault->current_ = *current;
    return vault;
}

Result<void> DevelopmentVault::read_masters(const std::string& folder) {
    for (unsigned generation = 1; generation <= last_generation; ++generation) {
        for (const KeySlot slot : all_key_slots) {
            const MasterName master{slot, KeyGeneration{static_cast<std::uint8_t>(generation)}};
            const std::string path = key_file(folder, master);
            if (!exists(path)) {
                continue;
            }
            auto key = read_key<16>(path);
            if (!key) {
                return tl::make_unexpected(key.error());
            }
            if (has_master(*key)) {
                return unusable(path, "repeats another master key");
            }
            masters_.emplace(master, std::move(*key));
            generations_.add(master);
        }
    }
    return {};
}

bool DevelopmentVault::has_master(const AesKey& key) const {
    return std::any_of(masters_.begin(), masters_.end(), [&key](const auto& master) {
        return equal_in_constant_time(master.second.reveal(), key.reveal());
    });
}

Result<AesKey> DevelopmentVault::diversify(KeySlot slot, KeyGeneration generation,
                                           BytesView input) {
    if (!generations_.whole(generation)) {
        return fail(Fault::correct_configuration, "the key store has no whole generation " +
                                                      std::to_string(generation.value) +
                                                      " of masters");
    }
    if (const auto fits = check_diversification_input(input); !fits) {
        return tl::make_unexpected(fits.error());
    }
    return diversify_aes128(masters_.at({slot, generation}), input);
}

SigningKeyId DevelopmentVault::signing_key_id() const {
    return key_id_of(signing_key().public_point());
}

Result<Bytes> DevelopmentVault::sign(BytesView message) {
    return signing_key().sign(message);
}

std::vector<VaultNotice> DevelopmentVault::notices() const {
    std::vector<VaultNotice> notices{{VaultNotice::Kind::unsafe}};
    const auto more = generations_.notices();
    notices.insert(notices.end(), more.begin(), more.end());
    return notices;
}

Inventory DevelopmentVault::inventory(const std::string& folder) const {
    Inventory inventory{"development folder " + folder, true, current_, {},
                        generations_.incomplete(),      {},   {}};
    for (const auto& [name, key] : masters_) {
        const Bytes value = cmac(BlockCipher::aes128(key), Bytes(16, 0));
        inventory.masters.push_back({name, to_hex(BytesView(value).first(3)), false});
    }
    for (const auto& [generation, key] : signing_keys_) {
        inventory.signing_keys.push_back(
            {generation, key.public_point(), generation == signing_keys_.rbegin()->first});
    }
    return inventory;
}

}  // namespace card
