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

/// RndA (0–3) ‖ RndB (0–3) ‖ RndA (12–15) ‖ RndB (12–15).
BlockCipher aes_session(BytesView rnd_a, BytesView rnd_b) {
    AesKey key;
    auto octets = key.fill();
    for (std::size_t i = 0; i < 4; ++i) {
        octets[i] = rnd_a[i];
        octets[i + 4] = rnd_b[i];
        octets[i + 8] = rnd_a[i + 12];
        octets[i + 12] = rnd_b[i + 12];
    }
    return BlockCipher::aes128(key);
}

/// The three passes of AuthenticateISO and AuthenticateAES: one IV runs on through the three
/// cryptograms, and the random numbers are `random_size` octets.
Conversation<Result<std::optional<Ev1Session>>> authenticate_ev1(
    RandomSource& random, std::uint8_t instruction, KeyNumber number, BlockCipher cipher,
    std::size_t random_size, BlockCipher (*session_key)(BytesView, BytesView)) {
    const std::size_t block = cipher.block_size();
    Bytes request{number.value};
    Result<NativeAnswer> challenge = co_await send_frame(instruction, std::move(request));
    if (!challenge) {
        co_return tl::make_unexpected(std::move(challenge.error()));
    }
    if (key_refused(challenge->status)) {
        co_return std::nullopt;
    }
    if (challenge->status != Status::additional_frame || challenge->data.size() != random_size) {
        co_return refused("Authenticate", challenge->status);
    }
    const Bytes rnd_b = cipher.decrypt_cbc(Bytes(block, 0), challenge->data);
    Bytes rnd_a(random_size);
    random.fill(rnd_a);

    const BytesView challenge_end = BytesView(challenge->data).last(block);
    const Bytes token = cipher.encrypt_cbc(challenge_end, proof(rnd_a, rnd_b));
    const Bytes answer_iv(token.end() - static_cast<std::ptrdiff_t>(block), token.end());
    Bytes sent = token;
    Result<NativeAnswer> answer = co_await send_frame(ins::additional_frame, std::move(sent));
    if (!answer) {
        co_return tl::make_unexpected(std::move(answer.error()));
    }
    if (key_refused(answer->status)) {
        co_return std::nullopt;
    }
    if (answer->status != Status::ok || answer->data.size() != random_size) {
        co_return refused("Authenticate", answer->status);
    }
    if (!equal_in_constant_time(cipher.decrypt_cbc(answer_iv, answer->data), rotated_left(rnd_a))) {
        co_return not_proven();
    }
    co_return Ev1Session(session_key(rnd_a, rnd_b));
}

/// The random numbers of an EV2 authentication and what the card said last, deciphered.
struct Ev2Proof {
    Bytes rnd_a;
    Bytes rnd_b;
    Bytes answer;
};

/// The passes of AuthenticateEV2First and NonFirst, all under an IV of zeros. `rnd_a_at` is where
/// RndA' stands in the last answer, which has `answer_size` octets.
Conversation<Result<std::optional<Ev2Proof>>> prove_ev2(RandomSource& random,
                                                        std::uint8_t instruction, Bytes request,
                                                        const AesKey& key, std::size_t rnd_a_at,
                                                        std::size_t answer_size) {
    constexpr std::size_t block = 16;
    const BlockCipher cipher = BlockCipher::aes128(key);
    const Bytes zero_iv(block, 0);
    Result<NativeAnswer> challenge = co_await send_frame(instruction, std::move(request));
    if (!challenge) {
        co_return tl::make_unexpected(std::move(challenge.error()));
    }
    if (key_refused(challenge->status)) {
        co_return std::nullopt;
    }
    if (challenge->status != Status::additional_frame || challenge->data.size() != block) {
        co_return refused("AuthenticateEV2", challenge->status);
    }
    Ev2Proof proven;
    proven.rnd_b = cipher.decrypt_cbc(zero_iv, challenge->data);
    proven.rnd_a.resize(block);
    random.fill(proven.rnd_a);

    Bytes token = cipher.encrypt_cbc(zero_iv, proof(proven.rnd_a, proven.rnd_b));
    Result<NativeAnswer> answer = co_await send_frame(ins::additional_frame, std::move(token));
    if (!answer) {
        co_return tl::make_unexpected(std::move(answer.error()));
    }
    if (key_refused(answer->status)) {
        co_return std::nullopt;
    }
    if (answer->status != Status::ok || answer->data.size() != answer_size) {
        co_return refused("AuthenticateEV2", answer->status);
    }
    proven.answer = cipher.decrypt_cbc(zero_iv, answer->data);
    if (!equal_in_constant_time(BytesView(proven.answer).subspan(rnd_a_at, block),
                                rotated_left(proven.rnd_a))) {
        co_return not_proven();
    }
    co_return proven;
}

template <class Specific>
Result<std::optional<Session>> generic(Result<std::optional<Specific>> session) {
    if (!session) {
        return tl::make_unexpected(std::move(session.error()));
    }
    if (!*session) {
        return std::nullopt;
    }
    return Session(std::move(**session));
}

}  // namespace

Conversation<Result<std::optional<Ev1Session>>> authenticate_factory_des(RandomSource& random) {
    constexpr std::size_t random_size = 8;
    return authenticate_ev1(random, ins::authenticate_iso, KeyNumber{0},
                            BlockCipher::triple_des_2key(Secret<16>()), random_size, des_session);
}

Conversation<Result<std::optional<Ev1Session>>> authenticate_aes(RandomSource& random,
                                                                 KeyNumber number,
                                                                 const AesKey& key) {
    constexpr std::size_t random_size = 16;
    return authenticate_ev1(random, ins::authenticate_aes, number, BlockCipher::aes128(key),
                            random_size, aes_session);
}

Conversation<Result<std::optional<Ev2Session>>> authenticate_ev2_first(RandomSource& random,
                                                                       KeyNumber number,
                                                                       const AesKey& key) {
    constexpr std::uint8_t no_capabilities = 0x00;
    constexpr std::size_t answer_size = 32;  // TI (4) ‖ RndA' (16) ‖ PDcap2 (6) ‖ PCDcap2 (6)
    Ev2Session::TransactionIdentifier ti{};
    Bytes request{number.value, no_capabilities};
    Result<std::optional<Ev2Proof>> proven = co_await prove_ev2(
        random, ins::authenticate_ev2_first, std::move(request), key, ti.size(), answer_size);
    if (!proven) {
        co_return tl::make_unexpected(std::move(proven.error()));
    }
    if (!*proven) {
        co_return std::nullopt;
    }
    std::copy_n((*proven)->answer.begin(), ti.size(), ti.begin());
    co_return Ev2Session::derive(key, (*proven)->rnd_a, (*proven)->rnd_b, ti);
}

Conversation<Result<std::optional<Ev2Session>>> authenticate_ev2_non_first(
    RandomSource& random, const Ev2Session& current, KeyNumber number, const AesKey& key) {
    constexpr std::size_t answer_size = 16;  // RndA'
    Bytes request{number.value};
    Result<std::optional<Ev2Proof>> proven = co_await prove_ev2(
        random, ins::authenticate_ev2_non_first, std::move(request), key, 0, answer_size);
    if (!proven) {
        co_return tl::make_unexpected(std::move(proven.error()));
    }
    if (!*proven) {
        co_return std::nullopt;
    }
    co_return Ev2Session::derive(key, (*proven)->rnd_a, (*proven)->rnd_b, current.transaction(),
                                 current.counter());
}

Conversation<Result<std::optional<Session>>> authenticate(RandomSource& random, Messaging messaging,
                                                          KeyNumber number, const AesKey& key) {
    if (messaging == Messaging::ev1) {
        Result<std::optional<Ev1Session>> session = co_await authenticate_aes(random, number, key);
        co_return generic(std::move(session));
    }
    Result<std::optional<Ev2Session>> session =
        co_await authenticate_ev2_first(random, number, key);
    co_return generic(std::move(session));
}

Conversation<Result<std::optional<Session>>> authenticate_next(RandomSource& random,
                                                               const Session& current,
                                                               KeyNumber number,
                                                               const AesKey& key) {
    const Ev2Session* const ev2 = current.ev2();
    if (ev2 == nullptr) {
        Result<std::optional<Ev1Session>> session = co_await authenticate_aes(random, number, key);
        co_return generic(std::move(session));
    }
    Result<std::optional<Ev2Session>> session =
        co_await authenticate_ev2_non_first(random, *ev2, number, key);
    co_return generic(std::move(session));
}

Conversation<Result<Session>> require_authentication(RandomSource& random, Messaging messaging,
                                                     KeyNumber number, const AesKey& key) {
    Result<std::optional<Session>> session = co_await authenticate(random, messaging, number, key);
    if (!session) {
        co_return tl::make_unexpected(std::move(session.error()));
    }
    if (!*session) {
        co_return fail(Fault::set_card_aside, "the card refuses a key that it must have");
    }
    co_return std::move(**session);
}

}  // namespace card::desfire
