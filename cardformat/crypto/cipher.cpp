#include "cardformat/crypto/cipher.hpp"

#include <algorithm>

#include "cardformat/crypto/openssl.hpp"

namespace card {

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
    const EVP_CIPHER* cipher = EVP_aes_128_cbc();
    if (!aes_) {
        cipher = key_size_ == 24 ? EVP_des_ede3_cbc() : EVP_des_ede_cbc();
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
