#pragma once
// The card profile `port-pass-1`: which keys, application and files a port pass has. Data only;
// cardformat/README.md is the same for a gate vendor.

#include "cardformat/desfire/commands.hpp"

namespace card::desfire {

inline constexpr KeyNumber picc_master_number{0};
inline constexpr KeyNumber application_master_number{0};
inline constexpr KeyNumber gate_read_number{1};
inline constexpr KeyNumber station_update_number{2};
inline constexpr std::uint8_t application_key_count = 3;

/// No free listing, no free create and delete; the settings stay changeable and keys are changed
/// under the master key.
inline constexpr KeySettings locked_settings{0x09};

/// What a chip has at PICC level when it leaves the factory.
inline constexpr KeySettings factory_settings{0x0F};

/// Octets of the state file, one cipher block with its padding less than two.
inline constexpr std::uint32_t state_file_size = 26;
/// What the `pass` file may hold: with two copies of the state and the management blocks it fits a
/// chip of 2 KiB.
inline constexpr std::uint32_t max_credential_size = 1024;
/// Free octets that a blank must show before anything is written.
inline constexpr std::uint32_t required_free_memory = 1536;

struct PortPassProfile {
    Aid aid{0xF54B50};

    /// Read with key 1, written with key 2, never changed. Its size is that of its content.
    [[nodiscard]] static FileSpec pass_file(std::uint32_t size) {
        return {FileNumber{1}, FileSpec::Type::standard, CommMode::full, {1, 2, 2, 0}, size};
    }
    /// A backup file, so that a torn write leaves the state before or the state after.
    [[nodiscard]] static FileSpec state_file() {
        return {
            FileNumber{3}, FileSpec::Type::backup, CommMode::full, {1, 2, 2, 0}, state_file_size};
    }
};

/// One key of one card with its version, which is the generation of the master it comes from.
struct CardKey {
    AesKey key;
    KeyVersion version;

    [[nodiscard]] CardKey duplicate() const { return {key.duplicate(), version}; }
};

/// The four keys of one card, diversified for its UID.
struct CardKeys {
    CardKey picc_master;
    CardKey application_master;
    CardKey gate_read;
    CardKey station_update;
};

}  // namespace card::desfire
