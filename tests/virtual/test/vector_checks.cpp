#include <algorithm>
#include <memory>
#include <string>

#include <boost/test/unit_test.hpp>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "tests/virtual/desfire/card.hpp"
#include "tests/virtual/desfire/channel.hpp"
#include "tests/virtual/test/terminal.hpp"
#include "tests/virtual/test/vectors.hpp"

namespace virtual_card::test {
namespace {

const Bytes zero_block(16, 0);

Bytes exclusive_or(Bytes left, ByteView right) {
    for (std::size_t i = 0; i < left.size(); ++i) {
        left[i] = static_cast<std::uint8_t>(left[i] ^ right[i]);
    }
    return left;
}

/// A subkey shows in the MAC: the last block is enciphered with it added.
void check_subkeys(const json::object& vector) {
    const Bytes key = bytes(vector, "key");
    const Bytes whole_block(16, 0x5C);
    Bytes padding(16, 0);
    padding.front() = 0x80;
    BOOST_TEST(to_hex(cmac(KeyType::aes, key, zero_block, whole_block)) ==
               to_hex(cbc_encrypt(KeyType::aes, key, zero_block,
                                  exclusive_or(whole_block, bytes(vector, "k1")))));
    BOOST_TEST(to_hex(cmac(KeyType::aes, key, zero_block, {})) ==
               to_hex(cbc_encrypt(KeyType::aes, key, zero_block,
                                  exclusive_or(padding, bytes(vector, "k2")))));
}

void check_answer(Card& card, std::string_view apdu, const std::string& answer) {
    BOOST_TEST(to_hex(card.transceive(from_hex(apdu)).value()) == answer);
}

/// A backup file that was written and not committed shows zeros after SelectApplication.
void check_lost_write() {
    CardMemory memory = prepared_card();
    add_file(memory, 3, FileType::backup, CommMode::plain, 0xEEEE, 8);
    Card card(memory);
    card.activate();
    Terminal terminal(card);
    terminal.select(test_aid);
    BOOST_TEST(terminal.plain(Ins::write_data, joined(range(3, 0, 2), Bytes{7, 7})).status ==
               Status::ok);
    terminal.select(test_aid);
    BOOST_TEST(terminal.authenticate_ev2(Bytes(16, 0)) == Status::ok);
    terminal.forget_session();
    BOOST_TEST(to_hex(terminal.plain(Ins::read_data, range(3, 0, 2)).data) == "0000");
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

}  // namespace

bool check_cmac(const json::object& vector, const std::vector<json::object>&) {
    if (has(vector, "mact")) {
        BOOST_TEST(to_hex(truncated_mac(bytes(vector, "cmac"))) == text(vector, "mact"));
    } else if (has(vector, "k1") && has(vector, "k2")) {
        check_subkeys(vector);
    } else if (has(vector, "msg")) {
        BOOST_TEST(to_hex(cmac(KeyType::aes, bytes(vector, "key"), zero_block,
                               bytes(vector, "msg"))) == text(vector, "cmac"));
    } else {
        return false;
    }
    return true;
}

bool check_crc(const json::object& vector, const std::vector<json::object>&) {
    if (!has(vector, "crc32")) {
        return false;
    }
    // As GetCardUID answers it in an EV1 session, the status behind the data.
    const Bytes checked = joined(bytes(vector, "uid"), Bytes{0x00});
    BOOST_TEST(to_hex(to_little_endian(crc32(checked), 4)) == text(vector, "crc32"));
    return true;
}

bool check_originality(const json::object& vector, const std::vector<json::object>&) {
    if (text(vector, "curve") != "secp224r1") {
        return false;
    }
    const Bytes uid = bytes(vector, "uid");
    CardMemory memory = factory_card(uid);
    if (memory.signature) {
        BOOST_TEST(to_hex(*memory.signature) == text(vector, "signature"));
    }
    memory.signature = bytes(vector, "signature");
    Card card(memory);
    card.activate();
    const Bytes answer = card.transceive(from_hex("903C0000010000")).value();
    BOOST_REQUIRE_EQUAL(answer.size(), signature_bytes + 2);
    BOOST_TEST(to_hex(ByteView(answer).last(2)) == "9190");
    const ByteView signature = ByteView(answer).first(signature_bytes);
    BOOST_TEST(verifies(bytes(vector, "public_key"), uid, signature));
    BOOST_TEST(!verifies(bytes(vector, "public_key"), rotated_left(uid), signature));
    return true;
}

bool check_behaviour(const json::object& vector, const std::vector<json::object>&) {
    if (text(vector, "name") == "real_backup_write_lost") {  // told in words
        check_lost_write();
        return true;
    }
    if (has(vector, "tx1") && has(vector, "rx3")) {
        CardMemory memory = factory_card(ByteView(bytes(vector, "rx3")).first(uid_bytes));
        Card card(memory);
        card.activate();
        check_answer(card, text(vector, "tx1"), text(vector, "rx1"));
        check_answer(card, "90AF000000", text(vector, "rx2"));
        check_answer(card, "90AF000000", text(vector, "rx3"));
        return true;
    }
    if (!has(vector, "tx")) {
        return false;
    }
    CardMemory memory = factory_card(genuine_uid(0));
    Card card(memory);
    card.activate();
    check_answer(card, text(vector, "tx"), text(vector, "rx"));
    return true;
}

}  // namespace virtual_card::test
