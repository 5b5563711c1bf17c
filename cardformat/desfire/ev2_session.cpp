#include "cardformat/desfire/ev2_session.hpp"

#include <algorithm>

#include "cardformat/crypto/cmac.hpp"

namespace card::desfire {
namespace {

constexpr std::size_t block = 16;

std::array<std::uint8_t, 2> little_endian(std::uint16_t counter) {
    return {static_cast<std::uint8_t>(counter), static_cast<std::uint8_t>(counter >> 8U)};
}

/// ISO/IEC 9797-1 padding method 2: always adds, a whole block where the data fills its last.
Bytes padded(BytesView data) {
    Bytes out(data.begin(), data.end());
    out.push_back(0x80);
    out.resize((out.size() + block - 1) / block * block, 0);
    return out;
}

Result<Bytes> unpadded(Bytes data) {
    while (!data.empty() && data.back() == 0x00) {
        data.pop_back();
    }
    if (data.empty() || data.back() != 0x80) {
        return fail(Fault::set_card_aside, "an enciphered answer has wrong padding");
    }
    data.pop_back();
    return data;
}

AesKey session_key(const BlockCipher& key, std::uint8_t first, std::uint8_t second, BytesView a,
                   BytesView b) {
    Bytes vector{first, second, 0x00, 0x01, 0x00, 0x80};
    append(vector, a.subspan(0, 2));
    for (std::size_t i = 0; i < 6; ++i) {
        vector.push_back(static_cast<std::uint8_t>(a[2 + i] ^ b[i]));
    }
    append(vector, b.subspan(6, 10));
    append(vector, a.subspan(8, 8));
    Bytes derived = cmac(key, vector);
    AesKey out;
    std::copy(derived.begin(), derived.end(), out.fill().begin());
    wipe_octets(derived);
    return out;
}

}  // namespace

Ev2Session::Ev2Session(AesKey encryption, AesKey mac, TransactionIdentifier ti,
                       std::uint16_t counter)
    : encryption_(std::move(encryption)), mac_(std::move(mac)), ti_(ti), counter_(counter) {}

Ev2Session Ev2Session::derive(const AesKey& key, BytesView rnd_a, BytesView rnd_b,
                              TransactionIdentifier ti, std::uint16_t counter) {
    const BlockCipher cipher = BlockCipher::aes128(key);
    return {session_key(cipher, 0xA5, 0x5A, rnd_a, rnd_b),
            session_key(cipher, 0x5A, 0xA5, rnd_a, rnd_b), ti, counter};
}

Bytes Ev2Session::protect(std::uint8_t ins, BytesView header, BytesView data, CommMode mode) const {
    Bytes payload(header.begin(), header.end());
    if (mode == CommMode::full && !data.empty()) {
        const BlockCipher cipher = BlockCipher::aes128(encryption_);
        append(payload, cipher.encrypt_cbc(command_iv(), padded(data)));
    } else {
        append(payload, data);
    }
    if (mode != CommMode::plain) {
        append(payload, mac_over(ins, counter_, payload));
    }
    return payload;
}

Result<Bytes> Ev2Session::open(Status status, BytesView received, CommMode mode) {
    ++counter_;
    if (mode == CommMode::plain) {
        return Bytes(received.begin(), received.end());
    }
    if (received.size() < mac_size) {
        return fail(Fault::set_card_aside, "an answer inside a session came without its MAC");
    }
    const BytesView body = received.first(received.size() - mac_size);
    const Bytes expected = mac_over(static_cast<std::uint8_t>(status), counter_, body);
    if (!equal_in_constant_time(expected, received.last(mac_size))) {
        return fail(Fault::set_card_aside, "an answer inside a session has a wrong MAC");
    }
    if (mode == CommMode::mac || body.empty()) {
        return Bytes(body.begin(), body.end());
    }
    if (body.size() % block != 0) {
        return fail(Fault::set_card_aside, "an enciphered answer is no whole number of blocks");
    }
    const BlockCipher cipher = BlockCipher::aes128(encryption_);
    return unpadded(cipher.decrypt_cbc(iv(0x5A, 0xA5, counter_), body));
}

Bytes Ev2Session::mac_over(std::uint8_t first, std::uint16_t counter, BytesView data) const {
    Bytes message{first};
    append(message, little_endian(counter));
    append(message, ti_);
    append(message, data);
    return truncated_mac(cmac(BlockCipher::aes128(mac_), message));
}

Bytes Ev2Session::iv(std::uint8_t first, std::uint8_t second, std::uint16_t counter) const {
    Bytes input{first, second};
    append(input, ti_);
    append(input, little_endian(counter));
    input.resize(block, 0);
    return BlockCipher::aes128(encryption_).encrypt_block(input);
}

}  // namespace card::desfire
