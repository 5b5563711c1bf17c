#include <string>

#include <boost/test/unit_test.hpp>

#include "tests/virtual/desfire/card.hpp"
#include "tests/virtual/desfire/channel.hpp"
#include "tests/virtual/test/terminal.hpp"
#include "tests/virtual/test/vectors.hpp"

namespace virtual_card::test {
namespace {

constexpr std::size_t all_keys = 14;
const Bytes zero_aes_key(16, 0);

/// An EV2 chip with one application of 14 zero AES keys, selected.
struct Bench {
    explicit Bench(Bytes randoms) : card(memory, {}, scripted(std::move(randoms))) {
        memory.applications.front().keys.assign(all_keys, zero_key(KeyType::aes));
        card.activate();
        BOOST_REQUIRE_EQUAL(terminal.select(test_aid), Status::ok);
    }
    Key& key(const json::object& vector) {
        return memory.applications.front().keys.at(vector.at("key_no").to_number<std::size_t>());
    }
    void expect(const json::object& vector, std::string_view command, std::string_view answer) {
        BOOST_TEST(to_hex(card.transceive(bytes(vector, command)).value()) == text(vector, answer));
    }
    CardMemory memory = prepared_card();
    Card card;
    Terminal terminal{card};
};

Ev2Channel channel_of(const json::object& vector) {
    Ev2Channel channel;
    if (has(vector, "ses_auth_enc")) {
        channel.enc_key = bytes(vector, "ses_auth_enc");
    }
    if (has(vector, "ses_auth_mac")) {
        channel.mac_key = bytes(vector, "ses_auth_mac");
    }
    channel.transaction_id = bytes(vector, "ti");
    if (has(vector, "cmd_ctr")) {
        channel.counter = vector.at("cmd_ctr").to_number<std::uint16_t>();
    }
    return channel;
}

/// A session that the chip opens with the published challenges of NonFirst.
void open_published(Bench& bench, const json::object& vector) {
    BOOST_REQUIRE_EQUAL(bench.terminal.authenticate_ev2(zero_aes_key), Status::ok);
    bench.key(vector).value = bytes(vector, "key");
    bench.expect(vector, "c1", "r1");
    bench.expect(vector, "c2", "r2");
}

Bytes randoms_of_non_first(const json::object& vector) {
    return joined(joined(Bytes(16, 0x33), bytes(vector, "ti_kept")), bytes(vector, "rndB"));
}

/// Commands that change nothing until the counter stands where the vector's does.
void count_up(Card& card, const json::object& vector) {
    Ev2Channel channel = channel_of(vector);
    const std::uint16_t wanted = channel.counter;
    for (channel.counter = 0; channel.counter < wanted; ++channel.counter) {
        const Bytes data = joined(Bytes{0x00}, channel.mac(0x64, Bytes{0x00}));
        Bytes apdu{0x90, 0x64, 0x00, 0x00, static_cast<std::uint8_t>(data.size())};
        append(apdu, data);
        apdu.push_back(0x00);
        BOOST_REQUIRE_EQUAL(card.transceive(apdu).value().back(), 0x00);
    }
}

/// The command's and the answer's arithmetic; true if the vector has a command to hold it against.
bool check_message(const json::object& vector) {
    Ev2Channel channel = channel_of(vector);
    const std::uint8_t ins = bytes(vector, "cmd").at(0);
    const Bytes cipher = has(vector, "enc_data") ? bytes(vector, "enc_data") : Bytes{};
    const Bytes body = joined(bytes(vector, "header"), cipher);
    const Bytes mac = channel.mac(ins, body);
    BOOST_TEST(to_hex(mac) == text(vector, "mact"));
    if (has(vector, "cmac")) {
        BOOST_TEST(to_hex(truncated_mac(bytes(vector, "cmac"))) == to_hex(mac));
    }
    if (!cipher.empty()) {
        const std::string data = has(vector, "data")
                                     ? text(vector, "data")
                                     : text(vector, "tmac_key") + text(vector, "key_version");
        BOOST_TEST(to_hex(channel.decrypt_command(cipher).value()) == data);
        const Bytes with_published_iv =
            cbc_decrypt(KeyType::aes, channel.enc_key, bytes(vector, "iv_cmd"), cipher);
        BOOST_TEST(to_hex(with_published_iv).starts_with(data));
    }
    if (has(vector, "body")) {
        BOOST_TEST(to_hex(joined(body, mac)) == text(vector, "body"));
    }
    if (has(vector, "c_apdu")) {
        const Bytes apdu = bytes(vector, "c_apdu");
        BOOST_TEST(to_hex(ByteView(apdu).subspan(5, apdu.size() - 6)) == to_hex(joined(body, mac)));
    }
    return has(vector, "c_apdu") || has(vector, "body");
}

}  // namespace

bool check_ev2_first(const json::object& vector, const std::vector<json::object>& all) {
    Bench bench(joined(bytes(vector, "rndB"), bytes(vector, "ti")));
    bench.key(vector).value = bytes(vector, "key");
    bench.expect(vector, "c1", "r1");
    bench.expect(vector, "c2", "r2");
    return check_ev2_session_keys(vector, all);
}

bool check_ev2_non_first(const json::object& vector, const std::vector<json::object>& all) {
    Bench bench(randoms_of_non_first(vector));
    open_published(bench, vector);
    return check_ev2_session_keys(vector, all);
}

bool check_ev2_session_keys(const json::object& vector, const std::vector<json::object>&) {
    const Ev2Channel channel = ev2_channel(bytes(vector, "key"), bytes(vector, "rndA"),
                                           bytes(vector, "rndB"), Bytes(4, 0), 0);
    BOOST_TEST(to_hex(channel.enc_key) == text(vector, "ses_auth_enc"));
    BOOST_TEST(to_hex(channel.mac_key) == text(vector, "ses_auth_mac"));
    return true;
}

bool check_ev2_iv(const json::object& vector, const std::vector<json::object>&) {
    const Ev2Channel channel = channel_of(vector);
    const Bytes data = counting(15);
    const Bytes cipher =
        cbc_encrypt(KeyType::aes, channel.enc_key, bytes(vector, "iv"), joined(data, Bytes{0x80}));
    BOOST_TEST(to_hex(channel.decrypt_command(cipher).value_or(Bytes{})) == to_hex(data));
    return true;
}

bool check_ev2_full(const json::object& vector, const std::vector<json::object>&) {
    if (!check_message(vector)) {
        return false;
    }
    if (has(vector, "r_apdu")) {
        Ev2Channel channel = channel_of(vector);
        ++channel.counter;
        Bytes content;
        if (has(vector, "r_plain")) {
            const Bytes padded = bytes(vector, "r_plain");
            const ByteView data = ByteView(padded).first(uid_bytes);
            BOOST_TEST(to_hex(padded) == to_hex(data) + "800000000000000000");
            content = channel.encrypt_answer(data);
        }
        BOOST_TEST(to_hex(joined(content, channel.mac(0x00, content))) + "9100" ==
                   text(vector, "r_apdu"));
    }
    return true;
}

bool check_ev2_key_change(const json::object& vector, const std::vector<json::object>& all) {
    if (!check_message(vector)) {
        return false;
    }
    for (const json::object& session : all) {
        if (text(session, "category") != "ev2-auth-nonfirst" ||
            text(session, "ses_auth_mac") != text(vector, "ses_auth_mac")) {
            continue;
        }
        Bench bench(randoms_of_non_first(session));
        open_published(bench, session);
        count_up(bench.card, vector);
        bench.expect(vector, "c_apdu", "r_apdu");
        const Key& key = bench.memory.applications.front().keys.at(bytes(vector, "header").at(0));
        BOOST_TEST(to_hex(key.value) == text(vector, "data").substr(0, 32));
        BOOST_TEST(key.version == bytes(vector, "data").at(16));
    }
    return true;
}

bool check_ev2_mac(const json::object& vector, const std::vector<json::object>&) {
    Ev2Channel channel = channel_of(vector);
    for (const json::value& value : vector.at("steps").as_array()) {
        const json::object& step = value.as_object();
        channel.counter = step.at("cmd_ctr").to_number<std::uint16_t>();
        const Bytes data = has(step, "data") ? bytes(step, "data") : Bytes{};
        std::uint8_t first = 0x00;
        if (has(step, "cmd")) {  // "WriteData 8D"
            const std::string command = text(step, "cmd");
            first = from_hex(command.substr(command.rfind(' ') + 1)).at(0);
        }
        BOOST_TEST(to_hex(channel.mac(first, data)) == text(step, "mact"));
    }
    return true;
}

bool check_ev2_plain(const json::object& vector, const std::vector<json::object>&) {
    // The instruction of a chained WriteData, 8D, is none of the card's: 3D carries the same.
    constexpr std::size_t header_bytes = 7;
    constexpr std::size_t file_bytes = 64;
    const Bytes apdu = bytes(vector, "c_apdu");
    const ByteView body = ByteView(apdu).subspan(5, apdu.size() - 6);
    Bench bench(Bytes{});
    add_file(bench.memory, body[0], FileType::standard, CommMode::plain, 0x0000, file_bytes);
    BOOST_REQUIRE_EQUAL(bench.terminal.authenticate_ev2(zero_aes_key), Status::ok);
    for (int i = 0; i < vector.at("cmd_ctr").to_number<int>(); ++i) {
        bench.terminal.secured(Ins::get_key_version, Bytes{0});
    }
    const ByteView data = body.subspan(header_bytes);
    BOOST_TEST(to_hex(bench.terminal.protected_command(Ins::write_data, body.first(header_bytes),
                                                       data, CommMode::plain)) == to_hex(body));
    const Reply reply = bench.terminal.secured(Ins::write_data, body.first(header_bytes), data,
                                               CommMode::plain, CommMode::plain);
    BOOST_TEST(to_hex(reply.data) + "91" + to_hex(Bytes{static_cast<std::uint8_t>(reply.status)}) ==
               text(vector, "r_apdu"));
    // The counter went on: the next MAC fits.
    BOOST_TEST(bench.terminal.secured(Ins::get_key_version, Bytes{0}).status == Status::ok);
    return true;
}

}  // namespace virtual_card::test
