#include "cardformat/desfire/authentication.hpp"

#include <algorithm>

namespace card::desfire {
namespace {

bool key_refused(Status status) {
    return status == Status::authentication_error || status == Status::no_such_key ||
           status == Status::authentication_delay;
}

Bytes rotated_left(BytesView octets) {
    Bytes out(octets.begin() + 1, octets.end());
    out.push_back(octets[0]);
    return out;
}

/// RndA ‖ RndB': what the reader enciphers to prove that it knows the key.
Bytes proof(BytesView rnd_a, BytesView rnd_b) {
    Bytes plain(rnd_a.begin(), rnd_a.end());
    append(plain, rotated_left(rnd_b));
    return plain;
}

tl::unexpected<Failure> not_proven() {
    return fail(Fault::set_card_aside, "authentication: the card does not know the key");
}

/// Session key of a single DES key in its doubled form; the parity bits are clear.
BlockCipher des_session(BytesView rnd_a, BytesView rnd_b) {
    Secret<16> key;
    auto octets = key.fill();
    for (std::size_t i = 0; i < 4; ++i) {
        octets[i] = octets[i + 8] = static_cast<std::uint8_t>(rnd_a[i] & 0xFEU);
        octets[i + 4] = octets[i + 12] = static_cast<std::uint8_t>(rnd_b[i] & 0xFEU);
    }
    return BlockCipher::triple_des_2key(key);
}

}  // namespace

Conversation<Result<std::optional<Ev2Session>>> authenticate_ev2_first(RandomSource& random,
                                                                       KeyNumber number,
                                                                       const AesKey& key) {
    constexpr std::size_t block = 16;
    constexpr std::uint8_t no_capabilities = 0x00;
    const BlockCipher cipher = BlockCipher::aes128(key);
    const Bytes zero_iv(block, 0);

    Bytes request{number.value, no_capabilities};
    Result<NativeAnswer> challenge =
        co_await send_frame(ins::authenticate_ev2_first, std::move(request));
    if (!challenge) {
        co_return tl::make_unexpected(std::move(challenge.error()));
    }
    if (key_refused(challenge->status)) {
        co_return std::nullopt;
    }
    if (challenge->status != Status::additional_frame || challenge->data.size() != block) {
        co_return refused("AuthenticateEV2First", challenge->status);
    }
    const Bytes rnd_b = cipher.decrypt_cbc(zero_iv, challenge->data);
    Bytes rnd_a(block);
    random.fill(rnd_a);

    Bytes token = cipher.encrypt_cbc(zero_iv, proof(rnd_a, rnd_b));
    Result<NativeAnswer> answer = co_await send_frame(ins::additional_frame, std::move(token));
    if (!answer) {
        co_return tl::make_unexpected(std::move(answer.error()));
    }
    if (key_refused(answer->status)) {
        co_return std::nullopt;
    }
    // TI (4) ‖ RndA' (16) ‖ PDcap2 (6) ‖ PCDcap2 (6)
    if (answer->status != Status::ok || answer->data.size() != 2 * block) {
        co_return refused("AuthenticateEV2First", answer->status);
    }
    const Bytes opened = cipher.decrypt_cbc(zero_iv, answer->data);
    Ev2Session::TransactionIdentifier ti{};
    std::copy_n(opened.begin(), ti.size(), ti.begin());
    if (!equal_in_constant_time(BytesView(opened).subspan(ti.size(), block), rotated_left(rnd_a))) {
        co_return not_proven();
    }
    co_return Ev2Session::derive(key, rnd_a, rnd_b, ti);
}

Conversation<Result<std::optional<Ev1Session>>> authenticate_factory_des(RandomSource& random) {
    constexpr std::size_t block = 8;
    constexpr std::uint8_t picc_master_key = 0x00;
    const BlockCipher cipher = BlockCipher::triple_des_2key(Secret<16>());

    Bytes request{picc_master_key};
    Result<NativeAnswer> challenge = co_await send_frame(ins::authenticate_iso, std::move(request));
    if (!challenge) {
        co_return tl::make_unexpected(std::move(challenge.error()));
    }
    if (key_refused(challenge->status)) {
        co_return std::nullopt;
    }
    if (challenge->status != Status::additional_frame || challenge->data.size() != block) {
        co_return refused("AuthenticateISO", challenge->status);
    }
    const Bytes rnd_b = cipher.decrypt_cbc(Bytes(block, 0), challenge->data);
    Bytes rnd_a(block);
    random.fill(rnd_a);

    // The IV runs on through the three cryptograms.
    const Bytes token = cipher.encrypt_cbc(challenge->data, proof(rnd_a, rnd_b));
    const Bytes answer_iv(token.end() - block, token.end());
    Bytes sent = token;
    Result<NativeAnswer> answer = co_await send_frame(ins::additional_frame, std::move(sent));
    if (!answer) {
        co_return tl::make_unexpected(std::move(answer.error()));
    }
    if (key_refused(answer->status)) {
        co_return std::nullopt;
    }
    if (answer->status != Status::ok || answer->data.size() != block) {
        co_return refused("AuthenticateISO", answer->status);
    }
    if (!equal_in_constant_time(cipher.decrypt_cbc(answer_iv, answer->data), rotated_left(rnd_a))) {
        co_return not_proven();
    }
    co_return Ev1Session(des_session(rnd_a, rnd_b));
}

}  // namespace card::desfire
