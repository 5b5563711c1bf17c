#include "cardformat/desfire/commands.hpp"

#include "cardformat/crypto/hash.hpp"

namespace card::desfire {
namespace {

constexpr std::uint8_t aes_application = 0x80;

void append_u24(Bytes& target, std::uint32_t value) {
    target.push_back(static_cast<std::uint8_t>(value));
    target.push_back(static_cast<std::uint8_t>(value >> 8U));
    target.push_back(static_cast<std::uint8_t>(value >> 16U));
}

std::uint32_t u24(BytesView octets) {
    return octets[0] | static_cast<std::uint32_t>(octets[1]) << 8U |
           static_cast<std::uint32_t>(octets[2]) << 16U;
}

/// Two octets, least significant first: read&write, change; read, write.
Bytes encode(const AccessRights& rights) {
    return {static_cast<std::uint8_t>(rights.read_write << 4U | rights.change),
            static_cast<std::uint8_t>(rights.read << 4U | rights.write)};
}

Bytes file_range(FileNumber file, std::uint32_t length) {
    Bytes header{file.value};
    append_u24(header, 0);
    append_u24(header, length);
    return header;
}

}  // namespace

Bytes FileSpec::settings() const {
    Bytes answer{static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(mode)};
    append(answer, encode(rights));
    append_u24(answer, size);
    return answer;
}

NativeCommand get_version() {
    return {0x60, {}, {}, CommMode::mac};
}

Result<VersionInfo> parse_version(BytesView answer) {
    constexpr std::size_t version_size = 28;
    constexpr std::uint8_t desfire_type = 0x01;
    if (answer.size() != version_size || answer[1] != desfire_type) {
        return fail(Fault::use_another_card, "GetVersion: this is no MIFARE DESFire");
    }
    const auto uid = CardUid::from(answer.subspan(14, CardUid::size));
    return VersionInfo{answer[3], answer[5], *uid};
}

NativeCommand read_signature() {
    return {0x3C, {0x00}, {}, CommMode::plain};
}

NativeCommand get_key_version(KeyNumber key) {
    return {0x64, {key.value}, {}, CommMode::mac};
}

Result<KeyVersion> parse_key_version(BytesView answer) {
    if (answer.size() != 1) {
        return fail(Fault::set_card_aside, "GetKeyVersion: wrong length");
    }
    return KeyVersion{answer.front()};
}

NativeCommand get_free_memory() {
    return {0x6E, {}, {}, CommMode::mac};
}

Result<std::uint32_t> parse_free_memory(BytesView answer) {
    if (answer.size() != 3) {
        return fail(Fault::set_card_aside, "GetFreeMemory: wrong length");
    }
    return u24(answer);
}

NativeCommand select_application(Aid aid) {
    return {0x5A, aid.wire(), {}, CommMode::plain};
}

NativeCommand get_application_ids() {
    return {0x6A, {}, {}, CommMode::mac};
}

NativeCommand create_aes_application(Aid aid, KeySettings settings, std::uint8_t key_count) {
    Bytes header = aid.wire();
    header.push_back(settings.value);
    header.push_back(static_cast<std::uint8_t>(aes_application | key_count));
    return {0xCA, std::move(header), {}, CommMode::mac};
}

NativeCommand delete_application(Aid aid) {
    return {0xDA, aid.wire(), {}, CommMode::mac};
}

NativeCommand format_picc() {
    return {0xFC, {}, {}, CommMode::mac};
}

NativeCommand change_key_settings(KeySettings settings) {
    return {0x54, {}, {settings.value}, CommMode::full};
}

NativeCommand change_own_key(KeyNumber key, const AesKey& fresh, KeyVersion version) {
    const auto octets = fresh.reveal();
    Bytes data(octets.begin(), octets.end());
    data.push_back(version.value);
    return {ins::change_key, {key.value}, std::move(data), CommMode::full};
}

NativeCommand change_picc_key_to_aes(const AesKey& fresh, KeyVersion version) {
    constexpr std::uint8_t becomes_aes = 0x80;
    return change_own_key(KeyNumber{becomes_aes}, fresh, version);
}

NativeCommand change_picc_key_to_factory() {
    constexpr std::size_t des_key_size = 16;
    return {ins::change_key, {0x00}, Bytes(des_key_size, 0), CommMode::full};
}

NativeCommand change_other_key(KeyNumber key, const AesKey& old, const AesKey& fresh,
                               KeyVersion version) {
    Bytes data;
    for (std::size_t i = 0; i < fresh.reveal().size(); ++i) {
        data.push_back(static_cast<std::uint8_t>(fresh.reveal()[i] ^ old.reveal()[i]));
    }
    data.push_back(version.value);
    return {ins::change_key,
            {key.value},
            std::move(data),
            CommMode::full,
            desfire_crc32(fresh.reveal())};
}

NativeCommand create_file(const FileSpec& spec) {
    const std::uint8_t ins = spec.type == FileSpec::Type::backup ? 0xCB : 0xCD;
    Bytes header{spec.number.value, static_cast<std::uint8_t>(spec.mode)};
    append(header, encode(spec.rights));
    append_u24(header, spec.size);
    return {ins, std::move(header), {}, CommMode::mac};
}

NativeCommand get_file_ids() {
    return {0x6F, {}, {}, CommMode::mac};
}

NativeCommand get_file_settings(FileNumber file) {
    return {0xF5, {file.value}, {}, CommMode::mac};
}

NativeCommand write_data(const FileSpec& spec, BytesView data) {
    return {0x3D, file_range(spec.number, static_cast<std::uint32_t>(data.size())),
            Bytes(data.begin(), data.end()), spec.mode};
}

NativeCommand read_data(const FileSpec& spec, std::uint32_t length) {
    return {0xBD, file_range(spec.number, length), {}, spec.mode, {}, length};
}

NativeCommand commit_transaction() {
    return {0xC7, {}, {}, CommMode::mac};
}

}  // namespace card::desfire
