#include <algorithm>
#include <utility>

#include "tests/virtual/desfire/chip.hpp"
#include "tests/virtual/desfire/refused.hpp"

namespace virtual_card {
namespace {

constexpr std::size_t transaction_id_bytes = 4;
constexpr std::size_t capability_bytes = 6;
constexpr std::size_t short_random_bytes = 8;
constexpr std::size_t long_random_bytes = 16;
constexpr std::uint32_t refusals_per_delay = 2;

/// In EV1 the three messages of an authentication are one CBC stream, in EV2 each stands alone.
void chain(Bytes& iv, ByteView cipher) {
    const ByteView last = cipher.last(iv.size());
    iv.assign(last.begin(), last.end());
}

}  // namespace

Frame Chip::authenticate_legacy(ByteView data) {
    require(data.size() == 1, Status::length_error);
    key(data[0]);
    require(level_key_type() == KeyType::des, Status::authentication_error);
    PendingAuthentication pending;
    pending.method = Method::legacy;
    pending.key_number = data[0];
    pending.rnd_b.resize(short_random_bytes);
    return begin(std::move(pending));
}

Frame Chip::authenticate_iso(ByteView data) {
    require(data.size() == 1, Status::length_error);
    key(data[0]);
    require(level_key_type() != KeyType::aes, Status::authentication_error);
    PendingAuthentication pending;
    pending.method = Method::iso;
    pending.key_number = data[0];
    pending.rnd_b.resize(level_key_type() == KeyType::des ? short_random_bytes : long_random_bytes);
    return begin(std::move(pending));
}

Frame Chip::authenticate_aes(ByteView data) {
    require(data.size() == 1, Status::length_error);
    key(data[0]);
    require(level_key_type() == KeyType::aes, Status::authentication_error);
    PendingAuthentication pending;
    pending.method = Method::aes;
    pending.key_number = data[0];
    pending.rnd_b.resize(long_random_bytes);
    return begin(std::move(pending));
}

Frame Chip::authenticate_ev2_first(ByteView data) {
    require(memory_.profile.ev2_messaging, Status::illegal_command);
    require(data.size() >= 2 && data[1] <= capability_bytes && data.size() == 2U + data[1],
            Status::length_error);
    key(data[0]);
    require(level_key_type() == KeyType::aes, Status::authentication_error);
    PendingAuthentication pending;
    pending.method = Method::ev2_first;
    pending.key_number = data[0];
    pending.rnd_b.resize(long_random_bytes);
    std::copy(data.begin() + 2, data.end(), pending.terminal_capabilities.begin());
    return begin(std::move(pending));
}

Frame Chip::authenticate_ev2_non_first(ByteView data) {
    require(memory_.profile.ev2_messaging, Status::illegal_command);
    require(data.size() == 1, Status::length_error);
    const auto* const ev2 = session_ ? std::get_if<Ev2Channel>(&session_->channel) : nullptr;
    require(ev2 != nullptr, Status::permission_denied);
    key(data[0]);
    PendingAuthentication pending;
    pending.method = Method::ev2_non_first;
    pending.key_number = data[0];
    pending.rnd_b.resize(long_random_bytes);
    pending.transaction_id = ev2->transaction_id;
    pending.counter = ev2->counter;
    return begin(std::move(pending));
}

Frame Chip::begin(PendingAuthentication pending) {
    end_session();
    if (delayed_authentications_ > 0) {
        --delayed_authentications_;
        throw Refused{Status::authentication_delay};
    }
    const KeyType type = level_key_type();
    randomness_(pending.rnd_b);
    pending.iv.assign(block_length(type), 0);
    Bytes cipher = cbc_encrypt(type, key(pending.key_number).value, pending.iv, pending.rnd_b);
    if (pending.method == Method::iso || pending.method == Method::aes) {
        chain(pending.iv, cipher);
    }
    pending_ = std::move(pending);
    return {static_cast<std::uint8_t>(Status::additional_frame), std::move(cipher)};
}

Frame Chip::finish(const PendingAuthentication& pending, ByteView cryptogram) {
    const std::size_t length = pending.rnd_b.size();
    require(cryptogram.size() == 2 * length, Status::length_error);
    const KeyType type = level_key_type();
    const Bytes& value = key(pending.key_number).value;
    const Bytes plain = pending.method == Method::legacy
                            ? undo_decipherment(value, cryptogram)
                            : cbc_decrypt(type, value, pending.iv, cryptogram);
    const ByteView rnd_a = ByteView(plain).first(length);
    if (!equal_in_constant_time(ByteView(plain).last(length), rotated_left(pending.rnd_b))) {
        fail_authentication();
    }
    failed_authentications_ = 0;
    return {static_cast<std::uint8_t>(Status::ok), conclude(pending, cryptogram, rnd_a)};
}

void Chip::fail_authentication() {
    ++failed_authentications_;
    const std::uint32_t limit = memory_.profile.failures_before_delay;
    if (limit > 0 && failed_authentications_ >= limit) {
        delayed_authentications_ = refusals_per_delay;
    }
    throw Refused{Status::authentication_error};
}

Bytes Chip::conclude(const PendingAuthentication& pending, ByteView cryptogram, ByteView rnd_a) {
    const KeyType type = level_key_type();
    const Bytes& value = key(pending.key_number).value;
    Bytes iv = pending.iv;
    Bytes plain = rotated_left(rnd_a);
    if (pending.method == Method::iso || pending.method == Method::aes) {
        chain(iv, cryptogram);
        session_ = Session{pending.key_number, ev1_channel(type, value, rnd_a, pending.rnd_b)};
        return cbc_encrypt(type, value, iv, plain);
    }
    Bytes transaction_id = pending.transaction_id;
    if (pending.method == Method::legacy) {
        session_ = Session{pending.key_number, legacy_channel(value, rnd_a, pending.rnd_b)};
        return cbc_encrypt(type, value, iv, plain);
    }
    if (pending.method == Method::ev2_first) {
        transaction_id.resize(transaction_id_bytes);
        randomness_(transaction_id);
        Bytes message = transaction_id;
        append(message, plain);
        append(message, Bytes(capability_bytes, 0));  // of the card: nothing special
        append(message, pending.terminal_capabilities);
        plain = std::move(message);
    }
    session_ = Session{pending.key_number,
                       ev2_channel(value, rnd_a, pending.rnd_b, transaction_id, pending.counter)};
    return cbc_encrypt(type, value, iv, plain);
}

}  // namespace virtual_card
