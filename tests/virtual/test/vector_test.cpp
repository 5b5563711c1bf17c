#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "tests/virtual/desfire/card.hpp"
#include "tests/virtual/desfire/channel.hpp"
#include "tests/virtual/test/terminal.hpp"

// Published vectors and recorded conversations with real chips, against the card's own arithmetic.

namespace virtual_card::test {
namespace {

namespace json = boost::json;

const json::array& vectors() {
    static const json::array all = [] {
        const char* const override_path =
            std::getenv("PASS_VECTORS");  // NOLINT(concurrency-mt-unsafe)
        const std::string directory = override_path != nullptr ? override_path : VECTORS_DIR;
        std::ifstream in(directory + "/desfire.json");
        std::ostringstream text;
        text << in.rdbuf();
        return json::parse(text.str()).as_object().at("vectors").as_array();
    }();
    return all;
}

const json::object& vector_named(std::string_view name) {
    for (const json::value& value : vectors()) {
        if (std::string_view(value.as_object().at("name").as_string()) == name) {
            return value.as_object();
        }
    }
    throw std::out_of_range("no vector " + std::string(name));
}

bool has(const json::object& vector, std::string_view field) {
    return vector.contains(field);
}

std::string text(const json::object& vector, std::string_view field) {
    return std::string(vector.at(field).as_string());
}

Bytes bytes(const json::object& vector, std::string_view field) {
    return from_hex(std::string_view(vector.at(field).as_string()));
}

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

/// A native answer, status first, as a wrapped one.
std::string wrapped_answer(ByteView native) {
    return to_hex(native.subspan(1)) + "91" + to_hex(native.first(1));
}

void expect(Card& card, ByteView apdu, const std::string& answer) {
    const std::optional<Bytes> got = card.transceive(apdu);
    BOOST_REQUIRE(got.has_value());
    BOOST_CHECK_EQUAL(to_hex(*got), answer);
}

/// Replays one command of a vector that records native frames.
void replay(Card& card, const json::object& vector) {
    expect(card, wrap(bytes(vector, "tx")), wrapped_answer(bytes(vector, "rx")));
}

Ev2Channel channel_of(const json::object& vector) {
    Ev2Channel channel;
    if (has(vector, "ses_auth_enc")) {
        channel.enc_key = bytes(vector, "ses_auth_enc");
    }
    channel.mac_key = bytes(vector, "ses_auth_mac");
    channel.transaction_id = bytes(vector, "ti");
    if (has(vector, "cmd_ctr")) {
        channel.counter = vector.at("cmd_ctr").to_number<std::uint16_t>();
    }
    return channel;
}

/// RndA and RndB from which AES session keys of this value come.
struct Randoms {
    Bytes a;
    Bytes b;
};

Randoms randoms_for(ByteView session_key) {
    Randoms randoms{Bytes(16, 0x11), Bytes(16, 0x22)};
    std::copy_n(session_key.begin(), 4, randoms.a.begin());
    std::copy_n(session_key.begin() + 4, 4, randoms.b.begin());
    std::copy_n(session_key.begin() + 8, 4, randoms.a.begin() + 12);
    std::copy_n(session_key.begin() + 12, 4, randoms.b.begin() + 12);
    return randoms;
}

/// Opens an EV1 session whose session key is known, with key 0 of zeros.
void open_session(Card& card, Ins ins, KeyType type, ByteView rnd_a, ByteView rnd_b) {
    const Bytes zeros(key_length(type), 0);
    Bytes iv(block_length(type), 0);
    const auto code = static_cast<std::uint8_t>(ins);
    const Bytes challenge = *card.transceive(wrap(Bytes{code, 0x00}));
    BOOST_REQUIRE_EQUAL(challenge.back(), 0xAF);
    iv.assign(challenge.end() - 2 - static_cast<std::ptrdiff_t>(iv.size()), challenge.end() - 2);
    const Bytes token = cbc_encrypt(type, zeros, iv, joined(rnd_a, rotated_left(rnd_b)));
    BOOST_REQUIRE_EQUAL(card.transceive(wrap(joined(Bytes{0xAF}, token)))->back(), 0x00);
}

void select_test_application(Card& card) {
    card.activate();
    expect(card, from_hex("905A000003F54B5000"), "9100");
}

bool verifies(ByteView public_key, ByteView message, ByteView signature) {
    std::string group = "secp224r1";
    const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> builder(
        OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, group.c_str(), 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, public_key.data(),
                                     public_key.size());
    const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> parameters(
        OSSL_PARAM_BLD_to_param(builder.get()), OSSL_PARAM_free);
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> maker(
        EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr), EVP_PKEY_CTX_free);
    EVP_PKEY* raw_key = nullptr;
    EVP_PKEY_fromdata_init(maker.get());
    BOOST_REQUIRE_EQUAL(
        EVP_PKEY_fromdata(maker.get(), &raw_key, EVP_PKEY_PUBLIC_KEY, parameters.get()), 1);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(raw_key, EVP_PKEY_free);

    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(ECDSA_SIG_new(),
                                                                     ECDSA_SIG_free);
    ECDSA_SIG_set0(pair.get(), BN_bin2bn(signature.data(), 28, nullptr),
                   BN_bin2bn(signature.data() + 28, 28, nullptr));
    unsigned char* der = nullptr;
    const int length = i2d_ECDSA_SIG(pair.get(), &der);
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new(key.get(), nullptr), EVP_PKEY_CTX_free);
    EVP_PKEY_verify_init(context.get());
    const int verdict = EVP_PKEY_verify(context.get(), der, static_cast<std::size_t>(length),
                                        message.data(), message.size());
    OPENSSL_free(der);
    return verdict == 1;
}

BOOST_AUTO_TEST_SUITE(vectors_and_recordings)

BOOST_AUTO_TEST_CASE(cmac_agrees_with_the_published_examples) {
    const Bytes zeros(16, 0);
    for (const std::string_view name :
         {"aes_cmac_nist_len0", "aes_cmac_nist_len16", "aes_cmac_nist_len40"}) {
        const json::object& vector = vector_named(name);
        BOOST_CHECK_EQUAL(
            to_hex(cmac(KeyType::aes, bytes(vector, "key"), zeros, bytes(vector, "msg"))),
            text(vector, "cmac"));
    }
}

BOOST_AUTO_TEST_CASE(ev2_first_authentication_answers_as_published) {
    const json::object& vector = vector_named("ev2_first_an12196_t14");
    CardMemory memory = prepared_card();
    Card card(memory, {}, scripted(joined(bytes(vector, "rndB"), bytes(vector, "ti"))));
    card.activate();
    expect(card, bytes(vector, "c1"), text(vector, "r1"));
    expect(card, bytes(vector, "c2"), text(vector, "r2"));
}

BOOST_AUTO_TEST_CASE(ev2_session_keys_come_out_as_published) {
    for (const std::string_view name :
         {"ev2_first_an12196_t14", "ev2_nonfirst_an12196_t23", "ev2_session_keys_an12343"}) {
        const json::object& vector = vector_named(name);
        const Ev2Channel channel = ev2_channel(bytes(vector, "key"), bytes(vector, "rndA"),
                                               bytes(vector, "rndB"), Bytes(4, 0), 0);
        BOOST_CHECK_EQUAL(to_hex(channel.enc_key), text(vector, "ses_auth_enc"));
        BOOST_CHECK_EQUAL(to_hex(channel.mac_key), text(vector, "ses_auth_mac"));
    }
}

BOOST_AUTO_TEST_CASE(ev2_non_first_then_both_key_changes_answer_as_published) {
    const json::object& non_first = vector_named("ev2_nonfirst_an12196_t23");
    const json::object& other = vector_named("ev2_changekey_other_an12196_t25");
    const json::object& own = vector_named("ev2_changekey_same_an12196_t26");
    CardMemory memory = prepared_card();
    Bytes script = joined(Bytes(16, 0x33), bytes(non_first, "ti_kept"));
    append(script, bytes(non_first, "rndB"));
    Card card(memory, {}, scripted(script));
    select_test_application(card);
    Terminal terminal(card);
    const Bytes zeros(16, 0);
    BOOST_REQUIRE_EQUAL(terminal.authenticate_ev2(zeros), Status::ok);
    // The published counter stands at 2 when the first key change comes.
    for (int i = 0; i < 2; ++i) {
        BOOST_REQUIRE_EQUAL(terminal.secured(Ins::get_key_version, Bytes{0}).status, Status::ok);
    }
    expect(card,
           from_hex("9077000001"
                    "0000"),
           text(non_first, "r1"));
    expect(card, bytes(non_first, "c2"), text(non_first, "r2"));
    expect(card, bytes(other, "c_apdu"), text(other, "r_apdu"));
    expect(card, bytes(own, "c_apdu"), text(own, "r_apdu"));

    const std::vector<Key>& keys = memory.applications.front().keys;
    BOOST_CHECK_EQUAL(to_hex(keys[2].value) + "01", text(other, "data").substr(0, 34));
    BOOST_CHECK_EQUAL(keys[2].version, 1);
    BOOST_CHECK_EQUAL(to_hex(keys[0].value) + "01", text(own, "data"));
    BOOST_CHECK_EQUAL(keys[1].version, 0);
}

BOOST_AUTO_TEST_CASE(ev2_enciphered_commands_and_answers_are_read_and_made_as_published) {
    int seen = 0;
    for (const json::value& value : vectors()) {
        const json::object& vector = value.as_object();
        if (text(vector, "category") != "ev2-full" || !has(vector, "c_apdu")) {
            continue;
        }
        Ev2Channel channel = channel_of(vector);
        const std::uint8_t ins = bytes(vector, "cmd")[0];
        const Bytes cipher = has(vector, "enc_data") ? bytes(vector, "enc_data") : Bytes{};
        BOOST_CHECK_EQUAL(to_hex(channel.mac(ins, joined(bytes(vector, "header"), cipher))),
                          text(vector, "mact"));
        if (!cipher.empty()) {
            const std::optional<Bytes> plain = channel.decrypt_command(cipher);
            BOOST_REQUIRE(plain.has_value());
            BOOST_CHECK_EQUAL(to_hex(*plain), text(vector, "data"));
        }
        ++channel.counter;
        if (has(vector, "r_apdu")) {
            Bytes content;
            if (has(vector, "r_plain")) {
                content = channel.encrypt_answer(ByteView(bytes(vector, "r_plain")).first(7));
            }
            BOOST_CHECK_EQUAL(to_hex(joined(content, channel.mac(0x00, content))) + "9100",
                              text(vector, "r_apdu"));
        }
        ++seen;
    }
    BOOST_CHECK_GE(seen, 4);
}

BOOST_AUTO_TEST_CASE(ev2_macs_are_made_as_published) {
    const json::object& vector = vector_named("ev2_mac_write_read_an12343");
    Ev2Channel channel = channel_of(vector);
    for (const json::value& value : vector.at("steps").as_array()) {
        const json::object& step = value.as_object();
        channel.counter = step.at("cmd_ctr").to_number<std::uint16_t>();
        const Bytes data = has(step, "data") ? bytes(step, "data") : Bytes{};
        std::uint8_t first = 0;
        if (has(step, "cmd")) {
            first = text(step, "cmd").starts_with("WriteData") ? 0x8D : 0xAD;
        }
        BOOST_CHECK_EQUAL(to_hex(channel.mac(first, data)), text(step, "mact"));
    }
}

BOOST_AUTO_TEST_CASE(a_recorded_des_session_on_a_factory_card_replays_byte_for_byte) {
    const json::object& authentication = vector_named("ev1_auth_iso_des_zero_key");
    const json::object& session = vector_named("ev1_iso_des_cmac_session_chain");
    ChipProfile chip = ev1_4k();  // the recorded one is an 8K chip
    chip.hardware_version = from_hex("04010101001A05");
    chip.software_version = from_hex("04010101041A05");
    CardMemory memory = factory_card(from_hex("04063F72633480"), chip);
    Card card(memory, {}, scripted(bytes(authentication, "rndB")));
    card.activate();
    expect(card, wrap(bytes(authentication, "tx1")), wrapped_answer(bytes(authentication, "rx1")));
    expect(card, wrap(bytes(authentication, "tx2")), wrapped_answer(bytes(authentication, "rx2")));
    for (const json::value& value : session.at("steps").as_array()) {
        const json::object& step = value.as_object();
        Bytes answer = *card.transceive(wrap(bytes(step, "tx")));
        while (answer.back() == 0xAF) {
            answer.resize(answer.size() - 2);
            append(answer, *card.transceive(from_hex("90AF000000")));
        }
        BOOST_CHECK_EQUAL(to_hex(answer), text(step, "rx_data") + text(step, "rx_cmac") + "9100");
    }
}

BOOST_AUTO_TEST_CASE(a_recorded_aes_session_with_files_replays_byte_for_byte) {
    const json::object& session = vector_named("ev1_aes_cmac_session_chain");
    const Randoms randoms = randoms_for(bytes(session, "session_key"));
    CardMemory memory = prepared_card();
    memory.profile.max_command_data = 59;  // native frames carried four bytes more
    Card card(memory, {}, scripted(randoms.b));
    select_test_application(card);
    open_session(card, Ins::authenticate_aes, KeyType::aes, randoms.a, randoms.b);
    for (const json::value& value : session.at("steps").as_array()) {
        replay(card, value.as_object());
    }
}

BOOST_AUTO_TEST_CASE(recorded_aes_authentication_and_own_key_change_replay_byte_for_byte) {
    const json::object& authentication = vector_named("ev1_auth_aes_zero_key");
    const json::object& change = vector_named("ev1_changekey_aes_same_1");
    CardMemory memory = prepared_card();
    Card card(memory, {}, scripted(bytes(authentication, "rndB")));
    select_test_application(card);
    expect(card, wrap(bytes(authentication, "tx1")), wrapped_answer(bytes(authentication, "rx1")));
    expect(card, wrap(bytes(authentication, "tx2")), wrapped_answer(bytes(authentication, "rx2")));
    replay(card, change);
    BOOST_CHECK_EQUAL(to_hex(memory.applications.front().keys[0].value), text(change, "new_key"));
    BOOST_CHECK_EQUAL(memory.applications.front().keys[0].version, 0x10);
}

BOOST_AUTO_TEST_CASE(a_recorded_aes_change_of_another_key_replays_byte_for_byte) {
    const json::object& change = vector_named("ev1_changekey_aes_other_1");
    const Randoms randoms = randoms_for(bytes(change, "session_key"));
    CardMemory memory = prepared_card();
    Card card(memory, {}, scripted(randoms.b));
    select_test_application(card);
    open_session(card, Ins::authenticate_aes, KeyType::aes, randoms.a, randoms.b);
    replay(card, change);
    BOOST_CHECK_EQUAL(to_hex(memory.applications.front().keys[1].value), text(change, "new_key"));
}

BOOST_AUTO_TEST_CASE(recorded_des_key_changes_replay_byte_for_byte) {
    for (const std::string_view name :
         {"ev1_changekey_2k3des_other", "ev1_changekey_2k3des_same"}) {
        const json::object& change = vector_named(name);
        const Bytes session_key = bytes(change, "session_key");
        const Bytes rnd_a = joined(ByteView(session_key).first(4), Bytes(4, 0x11));
        const Bytes rnd_b = joined(ByteView(session_key).last(4), Bytes(4, 0x22));
        CardMemory memory = prepared_card();
        Application& application = memory.applications.front();
        application.key_type = KeyType::des;
        application.keys.assign(3, zero_key(KeyType::des));
        Card card(memory, {}, scripted(rnd_b));
        select_test_application(card);
        open_session(card, Ins::authenticate_iso, KeyType::des, rnd_a, rnd_b);
        replay(card, change);
        const auto number = change.at("key_no").to_number<std::size_t>();
        BOOST_CHECK_EQUAL(to_hex(application.keys[number].value), text(change, "new_key"));
    }
}

BOOST_AUTO_TEST_CASE(real_chips_enciphered_ev1_messages_are_read_and_made_alike) {
    int commands = 0;
    int answers = 0;
    for (const json::value& value : vectors()) {
        const json::object& vector = value.as_object();
        if (text(vector, "category") != "ev1-secure-messaging-real") {
            continue;
        }
        Ev1Channel channel;
        channel.key = bytes(vector, "session_key");
        if (text(vector, "algo") == "DES") {
            channel.type = channel.key.size() == 24 ? KeyType::tdes3k : KeyType::des;
        }
        channel.iv = has(vector, "iv") ? bytes(vector, "iv") : Bytes(block_length(channel.type), 0);
        const Bytes plain = bytes(vector, "plain");
        const Bytes tx = bytes(vector, "tx");
        const Bytes rx = has(vector, "rx_data") ? bytes(vector, "rx_data") : Bytes{};
        if (tx.size() > plain.size()) {
            BOOST_CHECK_EQUAL(to_hex(channel.decrypt(ByteView(tx).last(plain.size()))),
                              to_hex(plain));
            if (!rx.empty()) {
                BOOST_CHECK_EQUAL(to_hex(channel.mac(Bytes{0x00})), to_hex(rx));
            }
            ++commands;
            continue;
        }
        // How much of it is data: all but the checksum and the zeros behind it.
        for (std::size_t length = 1; length < plain.size(); ++length) {
            Ev1Channel attempt = channel;
            const ByteView data = ByteView(plain).first(length);
            if (from_little_endian(ByteView(plain).subspan(length, 4)) ==
                crc32(joined(data, Bytes{0x00}))) {
                BOOST_CHECK_EQUAL(to_hex(attempt.encrypt_answer(0x00, data, false)), to_hex(rx));
                ++answers;
                break;
            }
        }
    }
    BOOST_CHECK_GE(commands, 10);
    BOOST_CHECK_GE(answers, 6);
}

BOOST_AUTO_TEST_CASE(a_real_ev2_answers_get_version_in_these_three_frames) {
    const json::object& vector = vector_named("real_getversion_ev2_4k");
    CardMemory memory = factory_card(from_hex("041A561A995B80"));
    Card card(memory);
    card.activate();
    expect(card, bytes(vector, "tx1"), text(vector, "rx1"));
    expect(card, from_hex("90AF000000"), text(vector, "rx2"));
    expect(card, from_hex("90AF000000"), text(vector, "rx3"));
}

BOOST_AUTO_TEST_CASE(what_a_real_ev2_refuses_is_refused_with_the_same_status) {
    CardMemory memory = factory_card(genuine_uid(0));
    Card card(memory);
    card.activate();
    for (const std::string_view name : {"real_commit_nothing", "real_delete_missing_app"}) {
        const json::object& vector = vector_named(name);
        expect(card, bytes(vector, "tx"), text(vector, "rx"));
    }
}

BOOST_AUTO_TEST_CASE(the_signatures_of_genuine_cards_verify_and_no_other_does) {
    const Bytes maker_key =
        bytes(vector_named("originality_DESFire_EV2_042A41CAE45380"), "public_key");
    for (std::size_t n = 0; n < 3; ++n) {
        const Bytes uid = n < 2 ? genuine_uid(n) : from_hex("04000000000001");
        CardMemory memory = factory_card(uid);
        Card card(memory);
        card.activate();
        Bytes answer = *card.transceive(from_hex("903C0000010000"));
        BOOST_REQUIRE_EQUAL(answer.size(), 58U);
        BOOST_CHECK_EQUAL(to_hex(ByteView(answer).last(2)), "9190");
        BOOST_CHECK_EQUAL(verifies(maker_key, uid, ByteView(answer).first(56)), n < 2);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace virtual_card::test
