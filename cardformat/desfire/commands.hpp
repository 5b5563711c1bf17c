#pragma once
// The native commands that issuance needs, each with what protects it inside a session.
// Encoding only; who may send what, and when, is decided by the conversations.

#include <optional>

#include "cardformat/base/result.hpp"
#include "cardformat/desfire/types.hpp"

namespace card::desfire {

/// A native command before protection: INS ‖ header ‖ data, of which only data may be enciphered.
struct NativeCommand {
    std::uint8_t ins;
    Bytes header;
    Bytes data;
    CommMode mode;
    /// ChangeKey of another key: the new key's own CRC32, which goes behind EV1's CRC of the rest.
    Bytes after_crc = {};
    /// A reading command: octets that its answer has, 0 for all to the end of the file.
    std::optional<std::uint32_t> reads = std::nullopt;
};

/// The answer to a native command: all frames joined, secure messaging still on.
struct NativeAnswer {
    Status status;
    Bytes data;
};

namespace ins {
inline constexpr std::uint8_t authenticate_iso = 0x1A;
inline constexpr std::uint8_t authenticate_aes = 0xAA;
inline constexpr std::uint8_t authenticate_ev2_first = 0x71;
inline constexpr std::uint8_t authenticate_ev2_non_first = 0x77;
inline constexpr std::uint8_t additional_frame = 0xAF;
inline constexpr std::uint8_t change_key = 0xC4;
}  // namespace ins

/// Rights of a file by key number (AN12752; 0xE free, 0xF never).
struct AccessRights {
    std::uint8_t read;
    std::uint8_t write;
    std::uint8_t read_write;
    std::uint8_t change;
};

struct FileSpec {
    enum class Type : std::uint8_t { standard = 0x00, backup = 0x01 };
    FileNumber number;
    Type type;
    CommMode mode;
    AccessRights rights;
    std::uint32_t size;  ///< octets

    /// What GetFileSettings must answer for exactly this file.
    [[nodiscard]] Bytes settings() const;
};

struct VersionInfo {
    std::uint8_t hardware_major;  ///< which product, see chip.hpp
    std::uint8_t storage;         ///< 18 = 4 KiB
    CardUid uid;
};

[[nodiscard]] NativeCommand get_version();
/// `set_card_aside` for anything but the 28 octets of a DESFire with a 7-octet UID.
[[nodiscard]] Result<VersionInfo> parse_version(BytesView answer);

[[nodiscard]] NativeCommand read_signature();
[[nodiscard]] NativeCommand get_key_version(KeyNumber key);
/// `set_card_aside` for anything but one octet.
[[nodiscard]] Result<KeyVersion> parse_key_version(BytesView answer);
[[nodiscard]] NativeCommand get_free_memory();
/// Octets free.
[[nodiscard]] Result<std::uint32_t> parse_free_memory(BytesView answer);

[[nodiscard]] NativeCommand select_application(Aid aid);
[[nodiscard]] NativeCommand get_application_ids();
[[nodiscard]] NativeCommand create_aes_application(Aid aid, KeySettings settings,
                                                   std::uint8_t key_count);
[[nodiscard]] NativeCommand delete_application(Aid aid);
/// Deletes all applications and gives their memory back; keys and settings of the PICC stay.
[[nodiscard]] NativeCommand format_picc();
[[nodiscard]] NativeCommand change_key_settings(KeySettings settings);

/// For the key that the session was authenticated with: the answer has no MAC and ends the session.
[[nodiscard]] NativeCommand change_own_key(KeyNumber key, const AesKey& fresh, KeyVersion version);
/// The PICC master key becomes an AES key, whatever it was before.
[[nodiscard]] NativeCommand change_picc_key_to_aes(const AesKey& fresh, KeyVersion version);
/// The PICC master key becomes what it was when the chip left the factory: DES, zeros.
[[nodiscard]] NativeCommand change_picc_key_to_factory();
/// For another key, authenticated with the key that may change it. `old` must be right.
[[nodiscard]] NativeCommand change_other_key(KeyNumber key, const AesKey& old, const AesKey& fresh,
                                             KeyVersion version);

[[nodiscard]] NativeCommand create_file(const FileSpec& spec);
[[nodiscard]] NativeCommand get_file_ids();
[[nodiscard]] NativeCommand get_file_settings(FileNumber file);
/// From offset 0.
[[nodiscard]] NativeCommand write_data(const FileSpec& spec, BytesView data);
/// `length` octets from offset 0; a length of 0 reads to the end.
[[nodiscard]] NativeCommand read_data(const FileSpec& spec, std::uint32_t length);
[[nodiscard]] NativeCommand commit_transaction();

}  // namespace card::desfire
