#include <algorithm>
#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/virtual/desfire/card.hpp"
#include "tests/virtual/desfire/channel.hpp"
#include "tests/virtual/test/terminal.hpp"
#include "tests/virtual/test/vectors.hpp"

namespace virtual_card::test {
namespace {

constexpr std::size_t all_keys = 14;
constexpr std::uint8_t each_key_changes_itself = 0xEF;

/// A native frame as a wrapped APDU.
Bytes wrap(ByteView native) {
    Bytes apdu{0x90, native[0], 0x00, 0x00};
    if (native.size() > 1) {
        apdu.push_back(static_cast<std::uint8_t>(native.size() - 1));
        append(apdu, native.subspan(1));
    }
    apdu.push_back(0x00);
    return apdu;
}

/// Sends a native frame and gives the whole answer as a native one, status first.
Bytes native_answer(Card& card, ByteView frame) {
    Bytes answer = card.transceive(wrap(frame)).value();
    while (answer.back() == 0xAF && answer.size() > 2 && frame.front() != 0xAA &&
           frame.front() != 0x1A) {
        answer.resize(answer.size() - 2);
        append(answer, card.transceive(from_hex("90AF000000")).value());
    }
    const std::uint8_t status = answer.back();
    answer.resize(answer.size() - 2);
    return joined(Bytes{status}, answer);
}

/// An EV1 chip with one application of 14 zero keys of this type, selected.
struct Bench {
    Bench(KeyType type, Bytes randoms, std::uint8_t settings = factory_settings)
        : memory(start(type, settings)), card(memory, {}, scripted(std::move(randoms))) {
        card.activate();
        BOOST_REQUIRE_EQUAL(Terminal(card).select(test_aid), Status::ok);
    }
    static CardMemory start(KeyType type, std::uint8_t settings) {
        CardMemory memory = factory_card(genuine_uid(0), ev1_4k());
        memory.profile.max_command_data = 59;  // recorded native frames carry four bytes more
        memory.applications.push_back(
            {test_aid, settings, type, std::vector<Key>(all_keys, zero_key(type)), {}});
        return memory;
    }
    Key& key(std::size_t number) { return memory.applications.front().keys.at(number); }
    CardMemory memory;
    Card card;
};

KeyType type_of_category(const json::object& vector) {
    return text(vector, "category").ends_with("aes") ? KeyType::aes : KeyType::des;
}

/// RndA and RndB from which a session key of this value comes; DES: a single one.
struct Randoms {
    Bytes a;
    Bytes b;
};

Randoms randoms_for(KeyType type, ByteView session_key) {
    const std::size_t length = type == KeyType::aes ? 16 : 8;
    Randoms randoms{Bytes(length, 0x11), Bytes(length, 0x22)};
    std::copy_n(session_key.begin(), 4, randoms.a.begin());
    std::copy_n(session_key.begin() + 4, 4, randoms.b.begin());
    if (type == KeyType::aes) {
        std::copy_n(session_key.begin() + 8, 4, randoms.a.begin() + 12);
        std::copy_n(session_key.begin() + 12, 4, randoms.b.begin() + 12);
    }
    return randoms;
}

/// Opens a session whose session key is known, with a key of zeros.
void open_session(Card& card, KeyType type, std::uint8_t number, const Randoms& randoms) {
    const Bytes zeros(key_length(type), 0);
    const std::uint8_t ins = type == KeyType::aes ? 0xAA : 0x1A;
    const Bytes challenge = native_answer(card, Bytes{ins, number});
    BOOST_REQUIRE_EQUAL(challenge.front(), 0xAF);
    const Bytes iv(challenge.end() - static_cast<std::ptrdiff_t>(block_length(type)),
                   challenge.end());
    const Bytes token = cbc_encrypt(type, zeros, iv, joined(randoms.a, rotated_left(randoms.b)));
    BOOST_REQUIRE_EQUAL(native_answer(card, joined(Bytes{0xAF}, token)).front(), 0x00);
}

Bytes doubled_if_single(Bytes key) {
    return key.size() == 8 ? joined(key, key) : key;
}

Ev1Channel channel_of(KeyType type, const json::object& vector) {
    Ev1Channel channel;
    channel.key = doubled_if_single(bytes(vector, "session_key"));
    channel.type = type != KeyType::aes && channel.key.size() == 24 ? KeyType::tdes3k : type;
    channel.iv = has(vector, "iv") ? bytes(vector, "iv") : Bytes(block_length(channel.type), 0);
    return channel;
}

/// DES ignores the lowest bit of every byte of a key.
std::string key_hex(KeyType type, Bytes key) {
    for (std::uint8_t& byte : key) {
        byte = static_cast<std::uint8_t>(byte & (type == KeyType::aes ? 0xFFU : 0xFEU));
    }
    return to_hex(key);
}

/// How the chip's chain of MACs runs through the recorded steps.
void check_chain(KeyType type, const json::object& vector) {
    Ev1Channel channel = channel_of(type, vector);
    for (const json::value& value : vector.at("steps").as_array()) {
        const json::object& step = value.as_object();
        channel.mac(bytes(step, "tx"));
        const bool whole = has(step, "tx_cmac_full");
        BOOST_TEST(to_hex(channel.iv) == text(step, whole ? "tx_cmac_full" : "tx_cmac"));
        Bytes data = bytes(step, whole ? "rx" : "rx_data");
        if (whole) {
            data.erase(data.begin());
            data.resize(data.size() - mac_bytes);
        }
        channel.mac(joined(data, Bytes{0x00}));
        BOOST_TEST(to_hex(channel.iv) == text(step, whole ? "rx_cmac_full" : "rx_cmac"));
    }
}

std::string native_rx(const json::object& step) {
    return has(step, "rx") ? text(step, "rx")
                           : "00" + text(step, "rx_data") + text(step, "rx_cmac");
}

void replay_steps(Card& card, const json::object& vector) {
    for (const json::value& value : vector.at("steps").as_array()) {
        const json::object& step = value.as_object();
        BOOST_TEST(to_hex(native_answer(card, bytes(step, "tx"))) == native_rx(step));
    }
}

/// A factory card that tells the version and UID that the recorded one told.
CardMemory recorded_card(const json::object& vector) {
    for (const json::value& value : vector.at("steps").as_array()) {
        const json::object& step = value.as_object();
        if (text(step, "tx") != "60") {
            continue;
        }
        const Bytes version = bytes(step, "rx_data");
        for (const ChipProfile& profile : all_profiles()) {
            if (std::equal(profile.hardware_version.begin(), profile.hardware_version.end(),
                           version.begin()) &&
                !profile.originality_signature) {
                return factory_card(ByteView(version).subspan(14, uid_bytes), profile);
            }
        }
    }
    return factory_card(genuine_uid(0), ev1_4k());
}

/// What a command carries enciphered, behind its instruction and parameters.
void check_enciphered_command(Ev1Channel& channel, ByteView command, const Bytes& plain) {
    BOOST_TEST(to_hex(channel.decrypt(command.last(plain.size()))) == to_hex(plain));
}

}  // namespace

bool check_ev1_authentication(const json::object& vector, const std::vector<json::object>&) {
    const KeyType type = type_of_category(vector);
    const Bytes key = bytes(vector, "key");
    Bench bench(type, bytes(vector, "rndB"));
    bench.key(vector.at("key_no").to_number<std::size_t>()).value = key;
    BOOST_TEST(to_hex(native_answer(bench.card, bytes(vector, "tx1"))) == text(vector, "rx1"));
    BOOST_TEST(to_hex(native_answer(bench.card, bytes(vector, "tx2"))) == text(vector, "rx2"));
    const Ev1Channel channel = ev1_channel(type, key, bytes(vector, "rndA"), bytes(vector, "rndB"));
    BOOST_TEST(key_hex(type, channel.key) ==
               key_hex(type, doubled_if_single(bytes(vector, "session_key"))));
    return true;
}

bool check_ev1_key_change(const json::object& vector, const std::vector<json::object>&) {
    const KeyType type = type_of_category(vector);
    const Bytes session_key = bytes(vector, "session_key");
    const auto number = vector.at("key_no").to_number<std::uint8_t>();
    const bool own = !has(vector, "old_key");
    Ev1Channel channel = channel_of(type, vector);
    check_enciphered_command(channel, bytes(vector, "tx"), bytes(vector, "plain"));
    if (has(vector, "cryptogram")) {
        BOOST_TEST(text(vector, "tx").substr(4) == text(vector, "cryptogram"));
    }

    const Randoms randoms = randoms_for(type, session_key);
    Bench bench(type, randoms.b, own ? each_key_changes_itself : factory_settings);
    if (!own) {
        bench.key(number).value = bytes(vector, "old_key");
    }
    open_session(bench.card, type, own ? number : 0, randoms);
    BOOST_TEST(to_hex(native_answer(bench.card, bytes(vector, "tx"))) == text(vector, "rx"));
    BOOST_TEST(to_hex(bench.key(number).value) == text(vector, "new_key"));
    if (has(vector, "key_version")) {
        BOOST_TEST(to_hex(Bytes{bench.key(number).version}) == text(vector, "key_version"));
    }
    return true;
}

bool check_ev1_session(const json::object& vector, const std::vector<json::object>&) {
    if (!has(vector, "steps")) {
        Ev1Channel channel = channel_of(KeyType::des, vector);
        check_enciphered_command(channel, bytes(vector, "tx"), bytes(vector, "plain"));
        BOOST_TEST("00" + to_hex(channel.mac(Bytes{0x00})) == text(vector, "rx"));
        BOOST_TEST(text(vector, "plain").starts_with(text(vector, "new_settings")));
        return true;
    }
    const json::object& first = vector.at("steps").as_array().at(0).as_object();
    const KeyType type = has(first, "tx_cmac_full") ? KeyType::aes : KeyType::des;
    check_chain(type, vector);
    const Randoms randoms = randoms_for(type, bytes(vector, "session_key"));
    if (type == KeyType::aes) {
        Bench bench(type, randoms.b);
        open_session(bench.card, type, 0, randoms);
        replay_steps(bench.card, vector);
    } else {
        CardMemory memory = recorded_card(vector);
        Card card(memory, {}, scripted(randoms.b));
        card.activate();
        open_session(card, type, 0, randoms);
        replay_steps(card, vector);
    }
    return true;
}

bool check_ev1_message(const json::object& vector, const std::vector<json::object>&) {
    const KeyType type = text(vector, "algo") == "DES" ? KeyType::des : KeyType::aes;
    Ev1Channel channel = channel_of(type, vector);
    const Bytes plain = bytes(vector, "plain");
    const Bytes tx = bytes(vector, "tx");
    const Bytes rx = bytes(vector, "rx_data");
    const std::uint8_t status = bytes(vector, "status").at(0);
    if (tx.size() > plain.size()) {
        check_enciphered_command(channel, tx, plain);
        if (!rx.empty()) {
            BOOST_TEST(to_hex(channel.mac(Bytes{status})) == to_hex(rx));
        }
        return true;
    }
    // How much of it is data: all but the checksum and the zeros behind it.
    for (std::size_t length = 1; length + crc_bytes <= plain.size(); ++length) {
        const ByteView data = ByteView(plain).first(length);
        if (from_little_endian(ByteView(plain).subspan(length, crc_bytes)) ==
            crc32(joined(data, Bytes{status}))) {
            BOOST_TEST(
                to_hex(plain).ends_with(std::string(2 * (plain.size() - length - crc_bytes), '0')));
            BOOST_TEST(to_hex(channel.encrypt_answer(status, data, false)) == to_hex(rx));
            return true;
        }
    }
    BOOST_ERROR("no checksum in the plain text");
    return true;
}

}  // namespace virtual_card::test
