#include "cardformat/desfire/ev1_session.hpp"

#include <algorithm>

#include "cardformat/crypto/cmac.hpp"
#include "cardformat/crypto/hash.hpp"

namespace card::desfire {
namespace {

constexpr std::size_t crc_size = 4;

Bytes last_block(BytesView data, std::size_t size) {
    const BytesView tail = data.last(size);
    return {tail.begin(), tail.end()};
}

tl::unexpected<Failure> wrong_check_sum() {
    return fail(Fault::set_card_aside, "an enciphered answer has a wrong check sum");
}

/// The first `size` octets of `plain`, where their CRC32 follows and then nothing but padding.
Result<Bytes> checked_data(Status status, BytesView plain, std::size_t size, bool marked_padding) {
    Bytes data(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(size));
    Bytes checked = data;
    checked.push_back(static_cast<std::uint8_t>(status));
    Bytes tail = desfire_crc32(checked);
    tail.resize(plain.size() - size, 0);
    const BytesView sent = plain.subspan(size);
    if (equal_in_constant_time(tail, sent)) {
        return data;
    }
    if (marked_padding && tail.size() > crc_size) {
        tail[crc_size] = 0x80;
        if (equal_in_constant_time(tail, sent)) {
            return data;
        }
    }
    return wrong_check_sum();
}

}  // namespace

Ev1Session::Ev1Session(BlockCipher cipher)
    : cipher_(std::move(cipher)), iv_(cipher_.block_size(), 0) {}

Ev1Session::Ev1Session(BlockCipher cipher, Bytes iv)
    : cipher_(std::move(cipher)), iv_(std::move(iv)) {}

Bytes Ev1Session::protect_plain(std::uint8_t ins, BytesView parameters) {
    Bytes message{ins};
    append(message, parameters);
    iv_ = cmac(cipher_, iv_, message);
    return {parameters.begin(), parameters.end()};
}

Bytes Ev1Session::protect_full(std::uint8_t ins, BytesView header, BytesView data,
                               BytesView after_crc) {
    Bytes checked{ins};
    append(checked, header);
    append(checked, data);
    Bytes plain(data.begin(), data.end());
    append(plain, desfire_crc32(checked));
    append(plain, after_crc);
    const std::size_t block = cipher_.block_size();
    plain.resize((plain.size() + block - 1) / block * block, 0);
    const Bytes cryptogram = cipher_.encrypt_cbc(iv_, plain);
    wipe_octets(plain);
    wipe_octets(checked);
    iv_ = last_block(cryptogram, block);
    Bytes payload(header.begin(), header.end());
    append(payload, cryptogram);
    return payload;
}

Result<Bytes> Ev1Session::open_mac(Status status, BytesView received) {
    if (received.size() < mac_size) {
        return fail(Fault::set_card_aside, "an answer inside a session came without its MAC");
    }
    Bytes data(received.begin(), received.end() - mac_size);
    Bytes message = data;
    message.push_back(static_cast<std::uint8_t>(status));
    iv_ = cmac(cipher_, iv_, message);
    if (!equal_in_constant_time(BytesView(iv_).first(mac_size), received.last(mac_size))) {
        return fail(Fault::set_card_aside, "an answer inside a session has a wrong MAC");
    }
    return data;
}

Result<Bytes> Ev1Session::open_full(Status status, BytesView received, std::size_t size) {
    const std::size_t block = cipher_.block_size();
    const std::size_t due = (size + crc_size + block - 1) / block * block;
    const bool fits =
        size != 0 ? received.size() == due : received.size() >= due && received.size() % block == 0;
    if (!fits) {
        return fail(Fault::set_card_aside, "an enciphered answer has the wrong length");
    }
    const Bytes plain = cipher_.decrypt_cbc(iv_, received);
    iv_ = last_block(received, block);
    if (size != 0) {
        return checked_data(status, plain, size, false);
    }
    for (std::size_t padding = 0; padding <= block && padding + crc_size < plain.size();
         ++padding) {
        auto data = checked_data(status, plain, plain.size() - padding - crc_size, true);
        if (data) {
            return data;
        }
    }
    return wrong_check_sum();
}

}  // namespace card::desfire
