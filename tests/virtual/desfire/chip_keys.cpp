#include <algorithm>

#include "tests/virtual/desfire/chip.hpp"
#include "tests/virtual/desfire/refused.hpp"

namespace virtual_card {
namespace {

constexpr std::uint8_t key_type_bits = 0xC0;
constexpr std::uint8_t key_number_bits = 0x0F;
constexpr std::uint8_t each_key_itself = 0xE;
constexpr std::uint8_t keys_frozen = 0xF;
constexpr std::size_t des_version_bytes = 8;

std::uint8_t type_bits(KeyType type) {
    switch (type) {
        case KeyType::des:
            return 0x00;
        case KeyType::tdes3k:
            return 0x40;
        case KeyType::aes:
            break;
    }
    return 0x80;
}

/// The type that bits 7 and 6 name; both together name none.
KeyType type_of(std::uint8_t bits) {
    for (const KeyType type : {KeyType::des, KeyType::tdes3k, KeyType::aes}) {
        if ((bits & key_type_bits) == type_bits(type)) {
            return type;
        }
    }
    throw Refused{Status::parameter_error};
}

/// A DES key carries its version in the parity bits of its first eight bytes.
std::uint8_t parity_version(ByteView value) {
    unsigned version = 0;
    for (std::size_t i = 0; i < des_version_bytes; ++i) {
        version = (version << 1U) | (value[i] & 1U);
    }
    return static_cast<std::uint8_t>(version);
}

/// The key that a cryptogram holds, given as sent or as the difference from the old one.
Key key_from(ByteView plain, KeyType type, bool own_key, const Key& old_key) {
    const std::size_t length = key_length(type);
    Key key;
    key.value.assign(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(length));
    if (!own_key) {
        for (std::size_t i = 0; i < length; ++i) {
            key.value[i] = static_cast<std::uint8_t>(key.value[i] ^ old_key.value[i]);
        }
    }
    key.version = type == KeyType::aes ? plain[length] : parity_version(key.value);
    return key;
}

std::size_t sent_key_length(KeyType type) {
    return key_length(type) + (type == KeyType::aes ? 1 : 0);
}

}  // namespace

Frame Chip::get_key_version(ByteView data) {
    const Bytes parameters = receive(data, 1);
    return answer(Bytes{key(parameters[0]).version});
}

Frame Chip::get_key_settings(ByteView data) {
    receive(data, 0);
    require_listing();
    return answer(
        Bytes{settings(), static_cast<std::uint8_t>(type_bits(level_key_type()) | key_count())});
}

Frame Chip::change_key_settings(ByteView data) {
    require_master_key();
    const Bytes plain = unprotect({}, data, CommMode::full, 1, false);
    require((settings() & settings_changeable) != 0, Status::permission_denied);
    if (at_picc_level()) {
        memory_.picc_settings = plain[0];
    } else {
        application().settings = plain[0];
    }
    return answer({});
}

void Chip::require_change_key(std::uint8_t number) {
    const auto change_key = static_cast<std::uint8_t>(at_picc_level() ? 0 : settings() >> 4U);
    if (number == 0) {
        require_master_key();
        require((settings() & settings_master_key_changeable) != 0, Status::permission_denied);
        return;
    }
    require(change_key != keys_frozen, Status::permission_denied);
    require(authenticated_with(change_key == each_key_itself ? number : change_key),
            Status::authentication_error);
}

Frame Chip::change_key(ByteView data) {
    require(session_.has_value(), Status::authentication_error);
    require(!in_legacy_session(), Status::illegal_command);
    require(!data.empty(), Status::length_error);
    const auto number = static_cast<std::uint8_t>(data[0] & key_number_bits);
    // Only the PICC key can change its type; elsewhere the upper bits have no meaning.
    require(at_picc_level() || number == data[0], Status::parameter_error);
    require((data[0] & ~(key_type_bits | key_number_bits)) == 0, Status::parameter_error);
    Key& target = key(number);
    require_change_key(number);
    const KeyType type = at_picc_level() ? type_of(data[0]) : level_key_type();
    const bool own_key = authenticated_with(number);
    auto* const ev1 = std::get_if<Ev1Channel>(&session_->channel);
    const Key fresh = ev1 != nullptr ? new_key_ev1(*ev1, data, type, own_key, target)
                                     : new_key_ev2(std::get<Ev2Channel>(session_->channel), data,
                                                   type, own_key, target);
    target = fresh;
    if (at_picc_level()) {
        memory_.picc_key_type = type;
    }
    if (own_key) {
        // The key that the session was made with is gone, and so is the session: no MAC.
        end_session();
    }
    return answer({});
}

Key Chip::new_key_ev1(Ev1Channel& channel, ByteView data, KeyType type, bool own_key,
                      const Key& old_key) const {
    const std::size_t key_part = sent_key_length(type);
    const std::size_t content = key_part + crc_bytes * (own_key ? 1 : 2);
    const ByteView cipher = data.subspan(1);
    require(cipher.size() == round_up(content, block_length(channel.type)), Status::length_error);
    const Bytes plain = channel.decrypt(cipher);
    const ByteView view(plain);
    Key fresh = key_from(view, type, own_key, old_key);

    Bytes checked{ins_, data[0]};
    append(checked, view.first(key_part));
    bool sound = from_little_endian(view.subspan(key_part, crc_bytes)) == crc32(checked);
    if (!own_key) {
        sound = sound && from_little_endian(view.subspan(key_part + crc_bytes, crc_bytes)) ==
                             crc32(fresh.value);
    }
    const ByteView padding = view.subspan(content);
    sound = sound && std::all_of(padding.begin(), padding.end(), [](auto b) { return b == 0; });
    require(sound, Status::integrity_error);
    return fresh;
}

Key Chip::new_key_ev2(const Ev2Channel& channel, ByteView data, KeyType type, bool own_key,
                      const Key& old_key) {
    const std::size_t key_part = sent_key_length(type);
    const std::size_t content = key_part + (own_key ? 0 : crc_bytes);
    const ByteView body = data.subspan(1);
    require(body.size() == protected_length(CommMode::full, content, false), Status::length_error);
    const Bytes plain = unprotect_ev2(channel, data.first(1), body, CommMode::full);
    require(plain.size() == content, Status::integrity_error);
    Key fresh = key_from(plain, type, own_key, old_key);
    require(own_key || from_little_endian(ByteView(plain).subspan(key_part)) == crc32(fresh.value),
            Status::integrity_error);
    return fresh;
}

}  // namespace virtual_card
