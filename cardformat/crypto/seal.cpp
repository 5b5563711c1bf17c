#include "cardformat/crypto/seal.hpp"

#include "cardformat/crypto/openssl.hpp"

namespace card {
namespace {

constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;

}  // namespace

Bytes seal(const SealingKey& key, RandomSource& random, std::string_view context, BytesView plain) {
    Bytes sealed(nonce_size + plain.size() + tag_size);
    random.fill(std::span(sealed).first(nonce_size));
    const openssl::CipherContext cipher(EVP_CIPHER_CTX_new());
    int produced = 0;
    const bool done =
        EVP_EncryptInit_ex2(cipher.get(), EVP_aes_256_gcm(), key.reveal().data(), sealed.data(),
                            nullptr) == 1 &&
        EVP_EncryptUpdate(cipher.get(), nullptr, &produced, as_bytes(context).data(),
                          static_cast<int>(context.size())) == 1 &&
        EVP_EncryptUpdate(cipher.get(), sealed.data() + nonce_size, &produced, plain.data(),
                          static_cast<int>(plain.size())) == 1 &&
        EVP_EncryptFinal_ex(cipher.get(), sealed.data() + nonce_size + plain.size(), &produced) ==
            1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag_size),
                            sealed.data() + nonce_size + plain.size()) == 1;
    openssl::must(done, "AES-256-GCM");
    return sealed;
}

Result<Bytes> open_sealed(const SealingKey& key, std::string_view context, BytesView sealed) {
    const auto refuse = [&] {
        return fail(Fault::stop_station,
                    "the sealed value of " + std::string(context) + " does not open with this key");
    };
    if (sealed.size() < nonce_size + tag_size) {
        return refuse();
    }
    const std::size_t plain_size = sealed.size() - nonce_size - tag_size;
    Bytes plain(plain_size);
    Bytes tag(sealed.end() - static_cast<std::ptrdiff_t>(tag_size), sealed.end());
    const openssl::CipherContext cipher(EVP_CIPHER_CTX_new());
    int produced = 0;
    const bool done =
        EVP_DecryptInit_ex2(cipher.get(), EVP_aes_256_gcm(), key.reveal().data(), sealed.data(),
                            nullptr) == 1 &&
        EVP_DecryptUpdate(cipher.get(), nullptr, &produced, as_bytes(context).data(),
                          static_cast<int>(context.size())) == 1 &&
        EVP_DecryptUpdate(cipher.get(), plain.data(), &produced, sealed.data() + nonce_size,
                          static_cast<int>(plain_size)) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_size),
                            tag.data()) == 1;
    if (!done || EVP_DecryptFinal_ex(cipher.get(), plain.data() + plain_size, &produced) != 1) {
        return refuse();
    }
    return plain;
}

}  // namespace card
