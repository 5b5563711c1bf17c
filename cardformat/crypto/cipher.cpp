#include "cardformat/crypto/cipher.hpp"

#include <algorithm>

#include "cardformat/crypto/openssl.hpp"

namespace card {
namespace {

using Algorithm = std::unique_ptr<EVP_CIPHER, Deleter<EVP_CIPHER_free>>;

/// Looked up once: a look-up costs several times as much as the few blocks of one command.
Algorithm fetched(const char* name) {
    Algorithm algorithm(EVP_CIPHER_fetch(nullptr, name, nullptr));
    openssl::must(algorithm != nullptr, name);
    return algorithm;
}

const EVP_CIPHER* aes_128_cbc() {
    static const Algorithm algorithm = fetched("AES-128-CBC");
    return algorithm.get();
}
const EVP_CIPHER* triple_des_2key_cbc() {
    static const Algorithm algorithm = fetched("DES-EDE-CBC");
    return algorithm.get();
}
const EVP_CIPHER* triple_des_3key_cbc() {
    static const Algorithm algorithm = fetched("DES-EDE3-CBC");
    return algorithm.get();
}

}  // namespace

BlockCipher::BlockCipher(bool aes, BytesView key) : aes_(aes), key_size_(key.size()) {
    std::copy(key.begin(), key.end(), key_.fill().begin());
}

BlockCipher BlockCipher::aes128(const AesKey& key) {
    return {true, key.reveal()};
}

BlockCipher BlockCipher::triple_des_2key(const Secret<16>& key) {
    return {false, key.reveal()};
}

BlockCipher BlockCipher::triple_des_3key(const Secret<24>& key) {
    return {false, key.reveal()};
}

Bytes BlockCipher::encrypt_cbc(BytesView iv, BytesView data) const {
    return run(true, iv, data);
}

Bytes BlockCipher::decrypt_cbc(BytesView iv, BytesView data) const {
    return run(false, iv, data);
}

Bytes BlockCipher::encrypt_block(BytesView block) const {
    return run(true, Bytes(block_size(), 0), block);
}

Bytes BlockCipher::run(bool encrypt, BytesView iv, BytesView data) const {
    openssl::must(iv.size() == block_size() && data.size() % block_size() == 0, "CBC sizes");
    const EVP_CIPHER* cipher = aes_128_cbc();
    if (!aes_) {
        cipher = key_size_ == 24 ? triple_des_3key_cbc() : triple_des_2key_cbc();
    }
    const openssl::CipherContext context(EVP_CIPHER_CTX_new());
    openssl::must(EVP_CipherInit_ex2(context.get(), cipher, key_.reveal().data(), iv.data(),
                                     encrypt ? 1 : 0, nullptr) == 1,
                  "cipher init");
    EVP_CIPHER_CTX_set_padding(context.get(), 0);
    Bytes out(data.size());
    int produced = 0;
    openssl::must(EVP_CipherUpdate(context.get(), out.data(), &produced, data.data(),
                                   static_cast<int>(data.size())) == 1,
                  "cipher update");
    openssl::must(static_cast<std::size_t>(produced) == data.size(), "cipher output");
    return out;
}

}  // namespace card
