#include "tests/virtual/test/terminal.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include <boost/test/unit_test.hpp>

namespace virtual_card::test {
namespace {

const Bytes zero_iv(16, 0);

Bytes view_to_bytes(ByteView view) {
    return {view.begin(), view.end()};
}

Bytes padded_80(ByteView data) {
    Bytes plain = view_to_bytes(data);
    plain.push_back(0x80);
    plain.resize(round_up(plain.size(), 16), 0);
    return plain;
}

Bytes ev2_iv(const Ev2Channel& channel, std::uint8_t first, std::uint8_t second) {
    Bytes block{first, second};
    append(block, channel.transaction_id);
    append(block, to_little_endian(channel.counter, 2));
    block.resize(16, 0);
    return cbc_encrypt(KeyType::aes, channel.enc_key, zero_iv, block);
}

}  // namespace

Bytes joined(ByteView first, ByteView second) {
    Bytes all = view_to_bytes(first);
    append(all, second);
    return all;
}

Bytes counting(std::size_t count, std::uint8_t first) {
    Bytes bytes(count);
    std::iota(bytes.begin(), bytes.end(), first);
    return bytes;
}

Bytes range(std::uint8_t file, std::uint32_t offset, std::uint32_t length) {
    Bytes header{file};
    append(header, to_little_endian(offset, 3));
    append(header, to_little_endian(length, 3));
    return header;
}

std::ostream& operator<<(std::ostream& out, Status status) {
    const auto byte = static_cast<std::uint8_t>(status);
    return out << to_hex(ByteView(&byte, 1));
}

Randomness scripted(Bytes bytes) {
    struct State {
        Bytes script;
        std::size_t used = 0;
    };
    auto state = std::make_shared<State>(State{std::move(bytes)});
    return [state](std::span<std::uint8_t> out) {
        for (std::uint8_t& byte : out) {
            byte = state->used < state->script.size() ? state->script[state->used]
                                                      : static_cast<std::uint8_t>(state->used);
            ++state->used;
        }
    };
}

CardMemory prepared_card(std::uint8_t settings) {
    CardMemory memory = factory_card(genuine_uid(0));
    memory.picc_key_type = KeyType::aes;
    memory.picc_key = zero_key(KeyType::aes);
    memory.used_bytes = application_cost(KeyType::aes, 3);
    memory.applications.push_back(
        {test_aid, settings, KeyType::aes, std::vector<Key>(3, zero_key(KeyType::aes)), {}});
    return memory;
}

void add_file(CardMemory& memory, std::uint8_t number, FileType type, CommMode comm,
              std::uint16_t access_rights, std::size_t size) {
    memory.applications.front().files.push_back(
        {number, type, comm, access_rights, Bytes(size, 0)});
}

Bytes Terminal::apdu(ByteView apdu) {
    std::optional<Bytes> answer = card_.transceive(apdu);
    if (!answer) {
        throw CardLeft{};
    }
    observer_();
    return *std::move(answer);
}

Reply Terminal::frame(Ins ins, ByteView data) {
    Bytes command{0x90, static_cast<std::uint8_t>(ins), 0x00, 0x00};
    if (!data.empty()) {
        command.push_back(static_cast<std::uint8_t>(data.size()));
        append(command, data);
    }
    command.push_back(0x00);
    Bytes answer = apdu(command);
    BOOST_REQUIRE_GE(answer.size(), 2U);
    BOOST_REQUIRE_EQUAL(answer[answer.size() - 2], 0x91);
    const auto status = static_cast<Status>(answer.back());
    answer.resize(answer.size() - 2);
    return {status, std::move(answer)};
}

Reply Terminal::plain(Ins ins, ByteView data) {
    const std::size_t limit = command_limit_;
    Reply reply = frame(ins, data.first(std::min(limit, data.size())));
    data = data.subspan(std::min(limit, data.size()));
    while (!data.empty() && reply.status == Status::additional_frame) {
        reply = frame(Ins::additional_frame, data.first(std::min(limit, data.size())));
        data = data.subspan(std::min(limit, data.size()));
    }
    Bytes collected = reply.data;
    while (reply.status == Status::additional_frame && !collected.empty()) {
        reply = frame(Ins::additional_frame);
        append(collected, reply.data);
    }
    return {reply.status, std::move(collected)};
}

Bytes Terminal::protected_command(Ins ins, ByteView header, ByteView data, CommMode mode) {
    const auto code = static_cast<std::uint8_t>(ins);
    Bytes clear = joined(header, data);
    if (Ev1Channel* const channel = ev1()) {
        const Bytes message = joined(Bytes{code}, clear);
        if (mode != CommMode::full) {
            const Bytes mac = channel->mac(message);
            return mode == CommMode::mac && ins == Ins::write_data ? joined(clear, mac) : clear;
        }
        Bytes plain = joined(data, to_little_endian(crc32(message), 4));
        plain.resize(round_up(plain.size(), block_length(channel->type)), 0);
        const Bytes cipher = cbc_encrypt(channel->type, channel->key, channel->iv, plain);
        channel->iv.assign(cipher.end() - static_cast<std::ptrdiff_t>(channel->iv.size()),
                           cipher.end());
        return joined(header, cipher);
    }
    const Ev2Channel* const channel = ev2();
    BOOST_REQUIRE(channel != nullptr);
    if (mode == CommMode::plain) {
        return clear;
    }
    Bytes content = clear;
    if (mode == CommMode::full) {
        const Bytes iv = ev2_iv(*channel, 0xA5, 0x5A);
        content = joined(header, cbc_encrypt(KeyType::aes, channel->enc_key, iv, padded_80(data)));
    }
    return joined(content, channel->mac(code, content));
}

Reply Terminal::secured(Ins ins, ByteView header, ByteView data, CommMode mode,
                        CommMode answer_mode) {
    Reply reply = plain(ins, protected_command(ins, header, data, mode));
    if (reply.status != Status::ok && reply.status != Status::signature_ok) {
        session_.reset();
        return reply;
    }
    reply.data = unprotected(reply.status, reply.data, answer_mode);
    return reply;
}

Bytes Terminal::unprotected(Status status, ByteView data, CommMode mode) {
    const auto code = static_cast<std::uint8_t>(status);
    if (Ev1Channel* const channel = ev1()) {
        if (mode == CommMode::full && !data.empty() && data.size() > mac_bytes) {
            return checked_ev1(channel->decrypt(data), code);
        }
        BOOST_REQUIRE_GE(data.size(), mac_bytes);
        const ByteView content = data.first(data.size() - mac_bytes);
        const Bytes mac = channel->mac(joined(content, Bytes{code}));
        BOOST_CHECK_EQUAL(to_hex(mac), to_hex(data.last(mac_bytes)));
        return view_to_bytes(content);
    }
    Ev2Channel* const channel = ev2();
    ++channel->counter;
    if (mode == CommMode::plain) {
        return view_to_bytes(data);
    }
    BOOST_REQUIRE_GE(data.size(), mac_bytes);
    const ByteView content = data.first(data.size() - mac_bytes);
    BOOST_CHECK_EQUAL(to_hex(channel->mac(code, content)), to_hex(data.last(mac_bytes)));
    if (mode != CommMode::full || content.empty()) {
        return view_to_bytes(content);
    }
    Bytes plain =
        cbc_decrypt(KeyType::aes, channel->enc_key, ev2_iv(*channel, 0x5A, 0xA5), content);
    while (plain.back() == 0) {
        plain.pop_back();
    }
    BOOST_CHECK_EQUAL(plain.back(), 0x80);
    plain.pop_back();
    return plain;
}

Bytes Terminal::checked_ev1(ByteView plain, std::uint8_t status) {
    for (std::size_t length = 1; length + crc_bytes <= plain.size(); ++length) {
        const ByteView data = plain.first(length);
        if (from_little_endian(plain.subspan(length, crc_bytes)) ==
            crc32(joined(data, Bytes{status}))) {
            padding_ = view_to_bytes(plain.subspan(length + crc_bytes));
            return view_to_bytes(data);
        }
    }
    BOOST_ERROR("no checksum in the answer");
    return {};
}

Status Terminal::authenticate(Ins ins, ByteView request, KeyType type, ByteView key) {
    const bool chained = ins == Ins::authenticate_iso || ins == Ins::authenticate_aes;
    std::optional<Ev2Channel> former;
    if (ins == Ins::authenticate_ev2_non_first && ev2() != nullptr) {
        former = *ev2();
    }
    session_.reset();
    const Reply challenge = frame(ins, request);
    if (challenge.status != Status::additional_frame) {
        return challenge.status;
    }
    Bytes iv(block_length(type), 0);
    const auto advance = [&](const Bytes& cipher) {
        if (chained) {
            iv.assign(cipher.end() - static_cast<std::ptrdiff_t>(iv.size()), cipher.end());
        }
    };
    const Bytes rnd_b = cbc_decrypt(type, key, iv, challenge.data);
    advance(challenge.data);
    const Bytes rnd_a = counting(rnd_b.size(), 0xA0);
    const Bytes token = cbc_encrypt(type, key, iv, joined(rnd_a, rotated_left(rnd_b)));
    const Reply proof = frame(Ins::additional_frame, token);
    if (proof.status != Status::ok) {
        return proof.status;
    }
    advance(token);
    const Bytes plain = cbc_decrypt(type, key, iv, proof.data);
    if (chained) {
        BOOST_CHECK_EQUAL(to_hex(plain), to_hex(rotated_left(rnd_a)));
        session_ = ev1_channel(type, key, rnd_a, rnd_b);
    } else if (former) {
        BOOST_CHECK_EQUAL(to_hex(plain), to_hex(rotated_left(rnd_a)));
        session_ = ev2_channel(key, rnd_a, rnd_b, former->transaction_id, former->counter);
    } else {
        BOOST_CHECK_EQUAL(to_hex(ByteView(plain).subspan(4, 16)), to_hex(rotated_left(rnd_a)));
        session_ = ev2_channel(key, rnd_a, rnd_b, ByteView(plain).first(4), 0);
    }
    return proof.status;
}

Status Terminal::authenticate_iso(ByteView key, std::uint8_t number) {
    return authenticate(Ins::authenticate_iso, Bytes{number}, KeyType::des, key);
}

Status Terminal::authenticate_aes(ByteView key, std::uint8_t number) {
    return authenticate(Ins::authenticate_aes, Bytes{number}, KeyType::aes, key);
}

Status Terminal::authenticate_ev2(ByteView key, std::uint8_t number) {
    return authenticate(Ins::authenticate_ev2_first, Bytes{number, 0}, KeyType::aes, key);
}

Status Terminal::authenticate_ev2_non_first(ByteView key, std::uint8_t number) {
    return authenticate(Ins::authenticate_ev2_non_first, Bytes{number}, KeyType::aes, key);
}

Status Terminal::select(const Aid& aid) {
    session_.reset();
    return plain(Ins::select_application, aid).status;
}

void Terminal::change_key(std::uint8_t number, ByteView fresh, std::uint8_t version,
                          std::optional<Bytes> old_key) {
    Bytes content = view_to_bytes(fresh);
    if (old_key) {
        for (std::size_t i = 0; i < content.size(); ++i) {
            content[i] = static_cast<std::uint8_t>(content[i] ^ (*old_key)[i]);
        }
    }
    content.push_back(version);
    if (ev1() != nullptr && old_key) {
        // The second checksum stands behind the one that protected_command() adds.
        Bytes command{static_cast<std::uint8_t>(Ins::change_key), number};
        append(command, content);
        append(content, to_little_endian(crc32(command), 4));
        append(content, to_little_endian(crc32(fresh), 4));
        content.resize(round_up(content.size(), block_length(ev1()->type)), 0);
        const Bytes cipher = cbc_encrypt(ev1()->type, ev1()->key, ev1()->iv, content);
        ev1()->iv.assign(cipher.end() - static_cast<std::ptrdiff_t>(ev1()->iv.size()),
                         cipher.end());
        const Reply reply = plain(Ins::change_key, joined(Bytes{number}, cipher));
        BOOST_REQUIRE_EQUAL(reply.status, Status::ok);
        unprotected(reply.status, reply.data, CommMode::mac);
        return;
    }
    if (ev2() != nullptr && old_key) {
        append(content, to_little_endian(crc32(fresh), 4));
    }
    if (old_key) {
        BOOST_REQUIRE_EQUAL(secured(Ins::change_key, Bytes{number}, content, CommMode::full).status,
                            Status::ok);
        return;
    }
    const Bytes command =
        protected_command(Ins::change_key, Bytes{number}, content, CommMode::full);
    const Reply reply = plain(Ins::change_key, command);
    BOOST_REQUIRE_EQUAL(reply.status, Status::ok);
    BOOST_CHECK(reply.data.empty());
    session_.reset();
}

}  // namespace virtual_card::test
