#include "cardformat/crypto/ecdsa.hpp"

#include <algorithm>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "cardformat/crypto/openssl.hpp"

namespace card {
namespace {

using openssl::must;

openssl::Key public_key(const char* group, BytesView point) {
    OSSL_PARAM params[3] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(group), 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
                                          const_cast<std::uint8_t*>(point.data()), point.size()),
        OSSL_PARAM_construct_end()};
    const openssl::KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* key = nullptr;
    must(EVP_PKEY_fromdata_init(context.get()) == 1, "key from data");
    if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        return nullptr;
    }
    return openssl::Key(key);
}

/// r ‖ s of equal sizes to the DER form that OpenSSL takes.
Bytes to_der(BytesView raw) {
    const auto half = static_cast<int>(raw.size() / 2);
    openssl::Number r(BN_bin2bn(raw.data(), half, nullptr));
    openssl::Number s(BN_bin2bn(raw.data() + half, half, nullptr));
    const openssl::Signature signature(ECDSA_SIG_new());
    must(r && s && signature, "signature");
    must(ECDSA_SIG_set0(signature.get(), r.release(), s.release()) == 1, "signature parts");
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(signature.get(), &der);
    must(size > 0, "signature encoding");
    Bytes out(der, der + size);
    OPENSSL_free(der);
    return out;
}

Bytes from_der(BytesView der, std::size_t half) {
    const unsigned char* cursor = der.data();
    const openssl::Signature signature(
        d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(der.size())));
    must(signature != nullptr, "signature decoding");
    Bytes raw(half * 2);
    must(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), static_cast<int>(half)) > 0 &&
             BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + half,
                          static_cast<int>(half)) > 0,
         "signature numbers");
    return raw;
}

}  // namespace

struct Es256Key::Hidden {
    openssl::Key key;
};

Es256Key::Es256Key(std::unique_ptr<Hidden> hidden) : hidden_(std::move(hidden)) {}
Es256Key::Es256Key(Es256Key&&) noexcept = default;
Es256Key& Es256Key::operator=(Es256Key&&) noexcept = default;
Es256Key::~Es256Key() = default;

Es256Key Es256Key::generate() {
    openssl::Key key(EVP_EC_gen("P-256"));
    must(key != nullptr, "key generation");
    return Es256Key(std::make_unique<Hidden>(Hidden{std::move(key)}));
}

Result<Es256Key> Es256Key::from_pem(std::string_view pem) {
    const openssl::Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    openssl::Key key(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
    char group[32] = {};
    if (!key ||
        EVP_PKEY_get_utf8_string_param(key.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                       nullptr) != 1 ||
        std::string_view(group) != "prime256v1") {
        return fail(Fault::correct_configuration, "the signing key is no PKCS#8 PEM key on P-256");
    }
    must(EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                        OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) == 1,
         "point format");
    return Es256Key(std::make_unique<Hidden>(Hidden{std::move(key)}));
}

PersonalText Es256Key::to_pem() const {
    const openssl::Memory memory(BIO_new(BIO_s_secmem()));
    must(PEM_write_bio_PKCS8PrivateKey(memory.get(), hidden_->key.get(), nullptr, nullptr, 0,
                                       nullptr, nullptr) == 1,
         "PEM");
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return PersonalText(std::string(text, static_cast<std::size_t>(size)));
}

P256Point Es256Key::public_point() const {
    P256Point point{};
    std::size_t size = 0;
    must(EVP_PKEY_get_octet_string_param(hidden_->key.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size(), &size) == 1 &&
             size == point.size(),
         "public point");
    return point;
}

Bytes Es256Key::sign(BytesView message) const {
    const openssl::DigestContext context(EVP_MD_CTX_new());
    must(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, hidden_->key.get()) == 1,
         "sign init");
    std::size_t size = 0;
    must(EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) == 1,
         "signature size");
    Bytes der(size);
    must(EVP_DigestSign(context.get(), der.data(), &size, message.data(), message.size()) == 1,
         "sign");
    der.resize(size);
    return from_der(der, es256_signature_size / 2);
}

bool verify_es256(const P256Point& key, BytesView message, BytesView signature) {
    const openssl::Key imported = public_key("P-256", key);
    if (!imported || signature.size() != es256_signature_size) {
        return false;
    }
    const Bytes der = to_der(signature);
    const openssl::DigestContext context(EVP_MD_CTX_new());
    must(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, imported.get()) == 1,
         "verify init");
    return EVP_DigestVerify(context.get(), der.data(), der.size(), message.data(),
                            message.size()) == 1;
}

bool verify_originality(BytesView key, const CardUid& uid, BytesView signature) {
    const openssl::Key imported = public_key("secp224r1", key);
    if (!imported || signature.size() != originality_signature_size) {
        return false;
    }
    const Bytes der = to_der(signature);
    const openssl::KeyContext context(EVP_PKEY_CTX_new(imported.get(), nullptr));
    must(EVP_PKEY_verify_init(context.get()) == 1, "verify init");
    return EVP_PKEY_verify(context.get(), der.data(), der.size(), uid.octets().data(),
                           uid.octets().size()) == 1;
}

}  // namespace card
