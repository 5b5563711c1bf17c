#pragma once
// Ownership of OpenSSL objects; private to this module.

#include <memory>
#include <stdexcept>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "cardformat/base/deleter.hpp"

namespace card::openssl {

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Deleter<EVP_CIPHER_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;
using Memory = std::unique_ptr<BIO, Deleter<BIO_free_all>>;

/// For calls that fail only when memory is short or this module has a defect.
inline void must(bool succeeded, const char* what) {
    if (!succeeded) {
        throw std::runtime_error(std::string("OpenSSL: ") + what);
    }
}

}  // namespace card::openssl
