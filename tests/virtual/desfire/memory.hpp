#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "tests/virtual/desfire/bytes.hpp"
#include "tests/virtual/desfire/crypto.hpp"
#include "tests/virtual/desfire/profile.hpp"

namespace virtual_card {

constexpr std::size_t uid_bytes = 7;
constexpr std::size_t signature_bytes = 56;
constexpr std::size_t max_keys = 14;
constexpr std::uint8_t max_files = 32;
constexpr std::uint8_t factory_settings = 0x0F;

// Bits of the key settings; the upper four name the key that may change other keys.
constexpr std::uint8_t settings_master_key_changeable = 0x01;
constexpr std::uint8_t settings_free_listing = 0x02;
constexpr std::uint8_t settings_free_creating = 0x04;  ///< and deleting
constexpr std::uint8_t settings_changeable = 0x08;

// Access rights that are no key number.
constexpr unsigned free_access = 0xE;
constexpr unsigned no_access = 0xF;

enum class CommMode : std::uint8_t { plain = 0, mac = 1, full = 3 };
enum class FileType : std::uint8_t { standard = 0, backup = 1 };

/// As on the wire: the byte that SelectApplication sends first comes first.
using Aid = std::array<std::uint8_t, 3>;

struct Key {
    Bytes value;
    std::uint8_t version = 0;
    bool operator==(const Key&) const = default;
};

struct File {
    std::uint8_t number = 0;
    FileType type = FileType::standard;
    CommMode comm = CommMode::plain;
    /// Nibbles from the highest: read, write, read and write, change; 0..D a key, E free, F never.
    std::uint16_t access_rights = 0;
    Bytes data;  ///< committed bytes; their number is the file's size
    bool operator==(const File&) const = default;
};

struct Application {
    Aid aid{};
    std::uint8_t settings = 0;
    KeyType key_type = KeyType::aes;
    std::vector<Key> keys;
    std::vector<File> files;
    bool operator==(const Application&) const = default;
};

/// Everything the chip keeps without power. A plain value: copy it to remember a moment.
struct CardMemory {
    ChipProfile profile;
    Bytes uid;
    std::optional<Bytes> signature;  ///< none: Read_Sig answers bytes that verify under no key
    KeyType picc_key_type = KeyType::des;
    Key picc_key;
    std::uint8_t picc_settings = factory_settings;
    std::vector<Application> applications;
    std::uint32_t used_bytes = 0;   ///< also what deleted things still hold until FormatPICC
    bool rollback_pending = false;  ///< the next command answers EE, once
    bool operator==(const CardMemory&) const = default;
};

/// The file of this number in this application, or nullptr.
File* find_file(CardMemory& memory, const Aid& aid, std::uint8_t number);
const File* find_file(const CardMemory& memory, const Aid& aid, std::uint8_t number);

std::uint32_t free_bytes(const CardMemory& memory);
std::uint32_t application_cost(KeyType type, std::size_t keys);
std::uint32_t file_cost(FileType type, std::size_t size);

Key zero_key(KeyType type);

/// A card as it leaves the chip's maker. A UID whose signature is published gets that signature.
CardMemory factory_card(ByteView uid, const ChipProfile& profile = ev2_4k());

/// UIDs of real chips whose originality signatures are published: n = 0 or 1 for EV2, 0 for EV3
/// and for EV1 with a signature, else std::out_of_range.
Bytes genuine_uid(std::size_t n, const ChipProfile& profile = ev2_4k());

/// Both throw std::runtime_error with the path in it.
CardMemory load_memory(const std::filesystem::path& path);
/// Replaces the file in one step, so that a reader sees the old card or the new one.
void save_memory(const CardMemory& memory, const std::filesystem::path& path);

}  // namespace virtual_card
