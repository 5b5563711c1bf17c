#include "tests/virtual/desfire/channel.hpp"

#include <algorithm>
#include <functional>

namespace virtual_card {
namespace {

constexpr std::size_t aes_block = 16;
const Bytes zero_iv(aes_block, 0);

Bytes part(ByteView bytes, std::size_t from, std::size_t count) {
    const ByteView view = bytes.subspan(from, count);
    return {view.begin(), view.end()};
}

Bytes ev2_iv(const Ev2Channel& channel, std::uint8_t first, std::uint8_t second) {
    Bytes block{first, second};
    append(block, channel.transaction_id);
    append(block, to_little_endian(channel.counter, 2));
    block.resize(aes_block, 0);
    return cbc_encrypt(KeyType::aes, channel.enc_key, zero_iv, block);
}

Bytes ev2_session_key(ByteView key, ByteView rnd_a, ByteView rnd_b, std::uint8_t first,
                      std::uint8_t second) {
    Bytes vector{first, second, 0x00, 0x01, 0x00, 0x80};
    append(vector, rnd_a.subspan(0, 2));
    for (std::size_t i = 0; i < 6; ++i) {
        vector.push_back(static_cast<std::uint8_t>(rnd_a[2 + i] ^ rnd_b[i]));
    }
    append(vector, rnd_b.subspan(6));
    append(vector, rnd_a.subspan(8));
    return cmac(KeyType::aes, key, zero_iv, vector);
}

/// DES ignores the lowest bit of every key byte.
bool is_single_des(ByteView key) {
    for (std::size_t i = 0; i < 8; ++i) {
        if (((key[i] ^ key[i + 8]) & 0xFEU) != 0) {
            return false;
        }
    }
    return true;
}

}  // namespace

Bytes Ev1Channel::mac(ByteView message) {
    iv = cmac(type, key, iv, message);
    return part(iv, 0, mac_bytes);
}

Bytes Ev1Channel::decrypt(ByteView cipher) {
    Bytes plain = cbc_decrypt(type, key, iv, cipher);
    iv.assign(cipher.end() - static_cast<std::ptrdiff_t>(iv.size()), cipher.end());
    return plain;
}

Bytes Ev1Channel::encrypt_answer(std::uint8_t status, ByteView data, bool marked) {
    Bytes checked(data.begin(), data.end());
    checked.push_back(status);
    Bytes plain(data.begin(), data.end());
    append(plain, to_little_endian(crc32(checked), crc_bytes));
    if (marked) {
        plain.push_back(0x80);
    }
    plain.resize(round_up(plain.size(), block_length(type)), 0);
    Bytes cipher = cbc_encrypt(type, key, iv, plain);
    iv.assign(cipher.end() - static_cast<std::ptrdiff_t>(iv.size()), cipher.end());
    return cipher;
}

Ev1Channel ev1_channel(KeyType type, ByteView key, ByteView rnd_a, ByteView rnd_b) {
    Ev1Channel channel;
    channel.type = type;
    channel.iv.assign(block_length(type), 0);
    const auto take = [&](std::size_t from) {
        append(channel.key, rnd_a.subspan(from, 4));
        append(channel.key, rnd_b.subspan(from, 4));
    };
    take(0);
    switch (type) {
        case KeyType::aes:
            take(12);
            break;
        case KeyType::tdes3k:
            take(6);
            take(12);
            break;
        case KeyType::des:
            take(is_single_des(key) ? 0 : 4);
            break;
    }
    return channel;
}

Bytes truncated_mac(ByteView whole) {
    Bytes truncated;
    for (std::size_t i = 1; i < whole.size(); i += 2) {
        truncated.push_back(whole[i]);
    }
    return truncated;
}

Bytes Ev2Channel::mac(std::uint8_t first, ByteView data) const {
    Bytes message{first};
    append(message, to_little_endian(counter, 2));
    append(message, transaction_id);
    append(message, data);
    return truncated_mac(cmac(KeyType::aes, mac_key, zero_iv, message));
}

std::optional<Bytes> Ev2Channel::decrypt_command(ByteView cipher) const {
    Bytes plain = cbc_decrypt(KeyType::aes, enc_key, ev2_iv(*this, 0xA5, 0x5A), cipher);
    const auto mark = std::find_if(plain.rbegin(), plain.rend(), [](auto b) { return b != 0; });
    const auto padding = static_cast<std::size_t>(mark - plain.rbegin()) + 1;
    if (mark == plain.rend() || *mark != 0x80 || padding > aes_block) {
        return std::nullopt;
    }
    plain.resize(plain.size() - padding);
    return plain;
}

Bytes Ev2Channel::encrypt_answer(ByteView data) const {
    Bytes plain(data.begin(), data.end());
    plain.push_back(0x80);
    plain.resize(round_up(plain.size(), aes_block), 0);
    return cbc_encrypt(KeyType::aes, enc_key, ev2_iv(*this, 0x5A, 0xA5), plain);
}

Ev2Channel ev2_channel(ByteView key, ByteView rnd_a, ByteView rnd_b, ByteView transaction_id,
                       std::uint16_t counter) {
    return {ev2_session_key(key, rnd_a, rnd_b, 0xA5, 0x5A),
            ev2_session_key(key, rnd_a, rnd_b, 0x5A, 0xA5),
            Bytes(transaction_id.begin(), transaction_id.end()), counter};
}

Bytes undo_decipherment(ByteView des_key, ByteView cipher) {
    const std::size_t block = block_length(KeyType::des);
    const Bytes zero(block, 0);
    Bytes plain;
    Bytes last = zero;
    for (ByteView rest = cipher; !rest.empty(); rest = rest.subspan(block)) {
        Bytes part = cbc_encrypt(KeyType::des, des_key, zero, rest.first(block));
        std::transform(part.begin(), part.end(), last.begin(), part.begin(), std::bit_xor<>());
        append(plain, part);
        last.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(block));
    }
    return plain;
}

LegacyChannel legacy_channel(ByteView key, ByteView rnd_a, ByteView rnd_b) {
    constexpr std::size_t half = 4;
    const auto mixed = [&](std::size_t from) {
        Bytes part(rnd_a.begin() + static_cast<std::ptrdiff_t>(from),
                   rnd_a.begin() + static_cast<std::ptrdiff_t>(from + half));
        append(part, rnd_b.subspan(from, half));
        return part;
    };
    // A single DES key, kept as two equal halves, gives a single DES session key.
    Bytes session = mixed(0);
    append(session, mixed(is_single_des(key) ? 0 : half));
    return {std::move(session)};
}

std::optional<Bytes> LegacyChannel::decrypt_command(ByteView cipher,
                                                    std::size_t plain_length) const {
    Bytes plain = undo_decipherment(key, cipher);
    const ByteView check = ByteView(plain).subspan(plain_length);
    const ByteView padding = check.subspan(legacy_crc_bytes);
    if (from_little_endian(check.first(legacy_crc_bytes)) !=
            crc_a(ByteView(plain).first(plain_length)) ||
        std::any_of(padding.begin(), padding.end(), [](auto b) { return b != 0; })) {
        return std::nullopt;
    }
    plain.resize(plain_length);
    return plain;
}

}  // namespace virtual_card
