// Published vectors. Every file of the folder is read: `tests/vectors`, or the one that the
// environment variable PASS_VECTORS names. A vector is dispatched by its `category`, so further
// ones need no code; a category without code here is counted and reported, never silently passed.

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "cardformat/crypto/cmac.hpp"
#include "cardformat/crypto/ecdsa.hpp"
#include "cardformat/crypto/hash.hpp"
#include "cardformat/desfire/authentication.hpp"

namespace card {
namespace {

namespace json = boost::json;
using namespace desfire;

/// One vector with its members as octets.
class Vector {
  public:
    explicit Vector(const json::object& object) : object_(&object) {}
    [[nodiscard]] bool has(std::string_view key) const { return object_->contains(key); }
    [[nodiscard]] std::string text(std::string_view key) const {
        const json::value* value = object_->if_contains(key);
        return value == nullptr || !value->is_string() ? "" : std::string(value->get_string());
    }
    [[nodiscard]] Bytes octets(std::string_view key) const {
        const auto parsed = from_hex(text(key));
        BOOST_REQUIRE_MESSAGE(parsed, text("name") << ": " << key << " is no hexadecimal");
        return *parsed;
    }
    [[nodiscard]] std::int64_t number(std::string_view key) const {
        return object_->at(key).to_number<std::int64_t>();
    }
    [[nodiscard]] std::vector<Vector> steps() const {
        std::vector<Vector> all;
        for (const json::value& step : object_->at("steps").as_array()) {
            all.emplace_back(step.as_object());
        }
        return all;
    }

  private:
    const json::object* object_;
};

template <std::size_t N>
Secret<N> secret(const Bytes& octets) {
    Secret<N> key;
    BOOST_REQUIRE(octets.size() == N);
    std::ranges::copy(octets, key.fill().begin());
    return key;
}

/// The cipher of an EV1 session key: 8 octets are single DES, 16 AES or two-key DES, 24 three-key.
BlockCipher session_cipher(const Vector& vector) {
    Bytes key = vector.octets("session_key");
    const bool des =
        vector.text("algo") == "DES" || vector.text("name").find("des") != std::string::npos;
    if (key.size() == 8) {
        const Bytes half = key;
        append(key, half);
        return BlockCipher::triple_des_2key(secret<16>(key));
    }
    if (key.size() == 24) {
        return BlockCipher::triple_des_3key(secret<24>(key));
    }
    return des ? BlockCipher::triple_des_2key(secret<16>(key))
               : BlockCipher::aes128(secret<16>(key));
}

Ev1Session ev1_session(const Vector& vector) {
    BlockCipher cipher = session_cipher(vector);
    Bytes iv = vector.has("iv") ? vector.octets("iv") : Bytes(cipher.block_size(), 0);
    return {std::move(cipher), std::move(iv)};
}

Ev2Session ev2_session(const Vector& vector) {
    Ev2Session::TransactionIdentifier ti{};
    if (vector.has("ti")) {
        std::ranges::copy(vector.octets("ti"), ti.begin());
    }
    const Bytes mac = vector.has("ses_auth_mac") ? vector.octets("ses_auth_mac") : Bytes(16, 0);
    const Bytes encryption =
        vector.has("ses_auth_enc") ? vector.octets("ses_auth_enc") : Bytes(16, 0);
    const auto counter =
        vector.has("cmd_ctr") ? static_cast<std::uint16_t>(vector.number("cmd_ctr")) : 0;
    return {secret<16>(encryption), secret<16>(mac), ti, static_cast<std::uint16_t>(counter)};
}

void check(const Bytes& made, const Bytes& published) {
    BOOST_TEST(to_hex(made) == to_hex(published));
}

/// A random source that gives what the vector's reader drew.
class ScriptedRandom final : public RandomSource {
  public:
    explicit ScriptedRandom(Bytes octets) : octets_(std::move(octets)) {}
    void fill(std::span<std::uint8_t> target) override {
        BOOST_REQUIRE(target.size() == octets_.size());
        std::ranges::copy(octets_, target.begin());
    }

  private:
    Bytes octets_;
};

/// Native frames of a vector, or APDUs already wrapped, as APDUs.
Bytes as_command(const Bytes& frame) {
    if (frame.at(0) == 0x90) {
        return frame;
    }
    const auto apdu = CommandApdu::with_data(0x90, frame[0], 0, 0, BytesView(frame).subspan(1));
    return {apdu.encoded().begin(), apdu.encoded().end()};
}

Bytes as_answer(const Bytes& frame, bool wrapped) {
    if (wrapped) {
        return frame;
    }
    Bytes apdu(frame.begin() + 1, frame.end());
    append(apdu, Bytes{0x91, frame[0]});
    return apdu;
}

/// Plays both sides of a two-step authentication.
template <class T>
T authenticate(Conversation<T> conversation, const Bytes& c1, const Bytes& r1, const Bytes& c2,
               const Bytes& r2) {
    const bool wrapped = c1.at(0) == 0x90;
    auto command = conversation.start();
    const std::deque<std::pair<Bytes, Bytes>> script{{c1, r1}, {c2, r2}};
    for (const auto& [sent, answered] : script) {
        BOOST_REQUIRE(command);
        check(Bytes(command->encoded().begin(), command->encoded().end()), as_command(sent));
        command = conversation.answer(ResponseApdu::parse(as_answer(answered, wrapped)));
    }
    BOOST_REQUIRE(!command);
    return conversation.take();
}

// One function for each category.

bool aes_cmac(const Vector& v) {
    if (v.has("mact")) {
        check(truncated_mac(v.octets("cmac")), v.octets("mact"));
        return true;
    }
    const BlockCipher cipher = BlockCipher::aes128(secret<16>(v.octets("key")));
    if (v.has("k1")) {
        const CmacSubkeys subkeys = cmac_subkeys(cipher);
        check(subkeys.k1, v.octets("k1"));
        check(subkeys.k2, v.octets("k2"));
        return true;
    }
    check(cmac(cipher, v.octets("msg")), v.octets("cmac"));
    return true;
}

bool an10922(const Vector& v) {
    const std::string note = v.text("note");
    if (note.starts_with("WRONG") || note.starts_with("non-AN10922")) {
        return false;  // a deployed deviation, which must not be made
    }
    const AesKey made = diversify_aes128(secret<16>(v.octets("master_key")), v.octets("div_input"));
    check(Bytes(made.reveal().begin(), made.reveal().end()), v.octets("diversified_key"));
    return true;
}

/// ChangeKey under EV1: the cryptogram from the published plain text's own parts.
bool ev1_change_key(const Vector& v) {
    Ev1Session session = ev1_session(v);
    const Bytes tx = v.octets("tx");
    Bytes data = v.octets("new_key");
    Bytes after_crc;
    if (v.has("old_key")) {
        const Bytes old = v.octets("old_key");
        after_crc = desfire_crc32(data);
        for (std::size_t i = 0; i < data.size(); ++i) {
            data[i] ^= old[i];
        }
    }
    if (v.has("key_version")) {
        append(data, v.octets("key_version"));
    }
    Bytes made{tx[0]};
    append(made, session.protect_full(tx[0], BytesView(tx).subspan(1, 1), data, after_crc));
    check(made, tx);
    if (v.has("rx_full_cmac")) {
        const Bytes rx = v.octets("rx");
        BOOST_TEST(session.open_mac(Status::ok, BytesView(rx).subspan(1)).has_value());
    }
    return true;
}

bool ev1_chain(const Vector& v) {
    if (!v.has("steps")) {
        Ev1Session session = ev1_session(v);
        const Bytes tx = v.octets("tx");
        const Bytes rx = v.octets("rx");
        Bytes made{tx[0]};
        append(made, session.protect_full(tx[0], {}, v.octets("new_settings")));
        check(made, tx);
        BOOST_TEST(session.open_mac(Status::ok, BytesView(rx).subspan(1)).has_value());
        return true;
    }
    Ev1Session session = ev1_session(v);
    for (const Vector& step : v.steps()) {
        const Bytes tx = step.octets("tx");
        (void)session.protect_plain(tx[0], BytesView(tx).subspan(1));
        Bytes received;
        if (step.has("rx")) {
            const Bytes rx = step.octets("rx");
            received.assign(rx.begin() + 1, rx.end());
        } else {
            received = step.octets("rx_data");
            append(received, step.octets("rx_cmac"));
        }
        BOOST_TEST(session.open_mac(Status::ok, received).has_value(), step.text("cmd"));
    }
    return true;
}

struct FullShape {
    std::size_t header;
    std::size_t data;
};

/// Header and data sizes of an enciphered command, by its INS.
FullShape shape_of(const Bytes& tx) {
    const auto u24 = [&](std::size_t at) {
        return static_cast<std::size_t>(tx[at] | tx[at + 1] << 8 | tx[at + 2] << 16);
    };
    switch (tx[0]) {
        case 0x3D:
        case 0x3B:
            return {7, u24(5)};
        case 0x54:
            return {0, 1};
        default:
            return {1, 4};
    }
}

bool ev1_real(const Vector& v) {
    Ev1Session session = ev1_session(v);
    const Bytes tx = v.octets("tx");
    const Bytes plain = v.octets("plain");
    const Bytes rx = v.octets("rx_data");
    if (tx[0] == 0xC4) {
        const std::size_t key_size = v.text("algo") == "AES" ? 17 : plain.size() - 8;
        Bytes made{tx[0], tx[1]};
        const Bytes header{tx[1]};
        const Bytes payload = session.protect_full(tx[0], header, BytesView(plain).first(key_size));
        append(made, BytesView(payload).subspan(1));
        check(made, tx);
        return true;
    }
    if (tx[0] == 0xBD || tx[0] == 0xBB || tx[0] == 0x6C) {
        // The published IV is the one that the command's CMAC left behind.
        const std::size_t size = tx[0] == 0xBD ? tx[5] : (tx[0] == 0x6C ? 4 : rx.size() - 16);
        for (std::size_t length = size; length + 4 <= plain.size(); ++length) {
            Ev1Session again = ev1_session(v);
            if (const auto data = again.open_full(Status::ok, rx, length)) {
                check(*data,
                      Bytes(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(length)));
                return true;
            }
        }
        BOOST_TEST(false, "no length opens the answer");
        return true;
    }
    const FullShape shape = shape_of(tx);
    Bytes made{tx[0]};
    append(made, session.protect_full(tx[0], BytesView(tx).subspan(1, shape.header),
                                      BytesView(plain).first(shape.data)));
    check(made, tx);
    BOOST_TEST(session.open_mac(Status::ok, rx).has_value());
    return true;
}

bool ev1_auth_iso_des(const Vector& v) {
    if (v.octets("key") != Bytes(8, 0) && v.octets("key") != Bytes(16, 0)) {
        return false;  // the client knows the factory key only
    }
    ScriptedRandom random(v.octets("rndA"));
    auto outcome = authenticate(authenticate_factory_des(random), v.octets("tx1"), v.octets("rx1"),
                                v.octets("tx2"), v.octets("rx2"));
    BOOST_REQUIRE((outcome && *outcome));
    // The session key shows in what the session makes: it must be the published key's.
    Ev1Session published(BlockCipher::triple_des_2key(secret<16>(v.octets("session_key"))));
    const Bytes probe{0x0F};
    check((*outcome)->protect_full(0x54, {}, probe), published.protect_full(0x54, {}, probe));
    return true;
}

bool ev1_auth_aes(const Vector& v) {
    ScriptedRandom random(v.octets("rndA"));
    const AesKey key = secret<16>(v.octets("key"));
    const KeyNumber number{static_cast<std::uint8_t>(v.number("key_no"))};
    auto outcome = authenticate(authenticate_aes(random, number, key), v.octets("tx1"),
                                v.octets("rx1"), v.octets("tx2"), v.octets("rx2"));
    BOOST_REQUIRE((outcome && *outcome));
    Ev1Session published(BlockCipher::aes128(secret<16>(v.octets("session_key"))));
    const Bytes probe{0x0F};
    check((*outcome)->protect_full(0x54, {}, probe), published.protect_full(0x54, {}, probe));
    return true;
}

void check_keys(const Ev2Session& session, const Vector& v) {
    const auto encryption = session.encryption_key().reveal();
    const auto mac = session.mac_key().reveal();
    check(Bytes(encryption.begin(), encryption.end()), v.octets("ses_auth_enc"));
    check(Bytes(mac.begin(), mac.end()), v.octets("ses_auth_mac"));
}

bool ev2_auth_first(const Vector& v) {
    ScriptedRandom random(v.octets("rndA"));
    const AesKey key = secret<16>(v.octets("key"));
    const KeyNumber number{static_cast<std::uint8_t>(v.number("key_no"))};
    auto outcome = authenticate(authenticate_ev2_first(random, number, key), v.octets("c1"),
                                v.octets("r1"), v.octets("c2"), v.octets("r2"));
    BOOST_REQUIRE((outcome && *outcome));
    check_keys(**outcome, v);
    return true;
}

bool ev2_auth_non_first(const Vector& v) {
    constexpr std::uint16_t counter = 5;
    ScriptedRandom random(v.octets("rndA"));
    const AesKey key = secret<16>(v.octets("key"));
    const KeyNumber number{static_cast<std::uint8_t>(v.number("key_no"))};
    Ev2Session::TransactionIdentifier ti{};
    std::ranges::copy(v.octets("ti_kept"), ti.begin());
    const Ev2Session current(AesKey(), AesKey(), ti, counter);
    auto outcome = authenticate(authenticate_ev2_non_first(random, current, number, key),
                                v.octets("c1"), v.octets("r1"), v.octets("c2"), v.octets("r2"));
    BOOST_REQUIRE((outcome && *outcome));
    check_keys(**outcome, v);
    BOOST_TEST(((*outcome)->transaction() == ti));
    BOOST_TEST((*outcome)->counter() == counter);
    return true;
}

bool ev2_keys(const Vector& v) {
    check_keys(
        Ev2Session::derive(secret<16>(v.octets("key")), v.octets("rndA"), v.octets("rndB"), {}), v);
    return true;
}

bool ev2_iv(const Vector& v) {
    check(ev2_session(v).command_iv(), v.octets("iv"));
    return true;
}

/// C-APDU and R-APDU of a command in full mode.
bool ev2_full(const Vector& v) {
    Ev2Session session = ev2_session(v);
    const std::uint8_t ins = v.octets("cmd").at(0);
    Bytes data = v.has("data") ? v.octets("data") : Bytes{};
    if (v.has("tmac_key")) {
        data = v.octets("tmac_key");
        append(data, v.octets("key_version"));
    }
    const Bytes payload = session.protect(ins, v.octets("header"), data, CommMode::full);
    if (v.has("body")) {
        check(payload, v.octets("body"));
        return true;
    }
    const auto apdu = CommandApdu::with_data(0x90, ins, 0, 0, payload);
    check(Bytes(apdu.encoded().begin(), apdu.encoded().end()), v.octets("c_apdu"));
    const Bytes answer = v.has("r_apdu") ? v.octets("r_apdu") : Bytes{};
    if (answer.size() <= 2) {
        return true;  // none recorded, or ChangeKey of the own key: no MAC, the session is gone
    }
    const auto opened =
        session.open(Status::ok, BytesView(answer).first(answer.size() - 2), CommMode::full);
    BOOST_REQUIRE(opened);
    if (v.has("r_plain")) {
        Bytes padded = *opened;
        padded.push_back(0x80);
        padded.resize((padded.size() + 15) / 16 * 16, 0);
        check(padded, v.octets("r_plain"));
    }
    return true;
}

bool ev2_mac(const Vector& v) {
    Ev2Session session = ev2_session(v);
    for (const Vector& step : v.steps()) {
        const Bytes data = step.has("data") ? step.octets("data") : Bytes{};
        if (step.has("resp_of")) {
            Bytes received = data;
            append(received, step.octets("mact"));
            BOOST_TEST(session.open(Status::ok, received, CommMode::mac).has_value());
            continue;
        }
        const std::string command = step.text("cmd");
        const std::uint8_t ins = from_hex(command.substr(command.size() - 2)).value().at(0);
        Bytes expected = data;
        append(expected, step.octets("mact"));
        check(session.protect(ins, data, {}, CommMode::mac), expected);
    }
    return true;
}

bool ev2_plain(const Vector& v) {
    Ev2Session session = ev2_session(v);
    const Bytes command = v.octets("c_apdu");
    const Bytes data(command.begin() + 5, command.end() - 1);
    check(session.protect(command[1], data, {}, CommMode::plain), data);
    BOOST_TEST(session.open(Status::ok, {}, CommMode::plain).has_value());
    BOOST_TEST(session.counter() == v.number("cmd_ctr") + 1);
    return true;
}

bool originality(const Vector& v) {
    const auto uid = CardUid::from(v.octets("uid"));
    if (!uid || v.text("curve") != "secp224r1") {
        return false;
    }
    BOOST_TEST(verify_originality(v.octets("public_key"), *uid, v.octets("signature")));
    Bytes wrong = v.octets("signature");
    wrong.back() ^= 1U;
    BOOST_TEST(!verify_originality(v.octets("public_key"), *uid, wrong));
    return true;
}

bool crc(const Vector& v) {
    if (!v.has("crc32")) {
        return false;  // CRC16 belongs to D40, which the client does not speak
    }
    Bytes message = v.octets("uid");
    message.push_back(0x00);
    // Published as a number, most significant octet first, or as on the wire.
    Bytes made = desfire_crc32(message);
    const Bytes published = v.octets("crc32");
    BOOST_TEST((made == published || Bytes(made.rbegin(), made.rend()) == published));
    return true;
}

using Runner = bool (*)(const Vector&);
const std::map<std::string, Runner>& runners() {
    static const std::map<std::string, Runner> all{{"aes-cmac", aes_cmac},
                                                   {"an10922-aes128", an10922},
                                                   {"ev1-changekey-aes", ev1_change_key},
                                                   {"ev1-secure-messaging", ev1_chain},
                                                   {"ev1-secure-messaging-real", ev1_real},
                                                   {"ev1-auth-iso-des", ev1_auth_iso_des},
                                                   {"ev1-auth-aes", ev1_auth_aes},
                                                   {"ev2-auth-nonfirst", ev2_auth_non_first},
                                                   {"ev2-auth-first", ev2_auth_first},
                                                   {"ev2-keys", ev2_keys},
                                                   {"ev2-iv", ev2_iv},
                                                   {"ev2-full", ev2_full},
                                                   {"ev2-changekey", ev2_full},
                                                   {"ev2-mac", ev2_mac},
                                                   {"ev2-plain", ev2_plain},
                                                   {"originality-ecdsa", originality},
                                                   {"crc", crc}};
    return all;
}

std::string folder() {
    const char* given = std::getenv("PASS_VECTORS");  // NOLINT(concurrency-mt-unsafe)
    return given == nullptr ? VECTORS_DIR : given;
}

struct Tally {
    int run = 0;
    int no_code = 0;
};

void run_file(const std::filesystem::path& path, std::map<std::string, Tally>& tallies) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    const json::value parsed = json::parse(text.str());
    const json::value* vectors =
        parsed.is_object() ? parsed.get_object().if_contains("vectors") : nullptr;
    if (vectors == nullptr) {
        return;
    }
    for (const json::value& entry : vectors->as_array()) {
        const Vector vector(entry.as_object());
        BOOST_TEST_CONTEXT(path.filename().string() << ": " << vector.text("name")) {
            const auto runner = runners().find(vector.text("category"));
            const bool ran = runner != runners().end() && runner->second(vector);
            Tally& tally = tallies[vector.text("category")];
            ++(ran ? tally.run : tally.no_code);
        }
    }
}

BOOST_AUTO_TEST_CASE(published_vectors_come_out_as_published) {
    std::map<std::string, Tally> tallies;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
        if (entry.path().extension() == ".json") {
            run_file(entry.path(), tallies);
        }
    }
    int run = 0;
    for (const auto& [category, tally] : tallies) {
        std::cout << category << ": " << tally.run << " run, " << tally.no_code
                  << " without code\n";
        run += tally.run;
    }
    BOOST_TEST(run > 0, "no vector was run");
}

}  // namespace
}  // namespace card
