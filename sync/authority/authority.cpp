#include "sync/authority/authority.hpp"

#include <array>
#include <stdexcept>

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "cardformat/base/bytes.hpp"
#include "cardformat/base/deleter.hpp"
#include "sync/http/tls.hpp"

namespace card::authority {
namespace {

using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Memory = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;

constexpr int serial_bits = 127;  // positive, and no more than 20 octets (RFC 5280, 4.1.2.2)

/// For calls that fail only when memory is short or this module has a defect.
void must(bool succeeded, const char* what) {
    if (!succeeded) {
        throw std::runtime_error(std::string("OpenSSL: ") + what);
    }
}

/// An extension in the words of x509v3_config(5).
struct Wanted {
    int nid;
    std::string value;
};

std::time_t seconds(Timestamp time) {
    return std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
}

std::string text_of(BIO* memory) {
    char* octets = nullptr;
    const long size = BIO_get_mem_data(memory, &octets);
    return {octets, static_cast<std::size_t>(size)};
}

/// Signed by `issuer_key` in the name of `issuer`, or by itself where there is none.
Certificate signed_certificate(const std::string& common_name,
                               const std::vector<Wanted>& extensions, Validity validity,
                               EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
    Certificate made(X509_new());
    must(made && X509_set_version(made.get(), X509_VERSION_3) == 1, "certificate");
    const Number serial(BN_new());
    must(serial && BN_rand(serial.get(), serial_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
             BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(made.get())) != nullptr,
         "serial number");
    must(ASN1_TIME_set(X509_getm_notBefore(made.get()), seconds(validity.from)) != nullptr &&
             ASN1_TIME_set(X509_getm_notAfter(made.get()), seconds(validity.until)) != nullptr,
         "validity");
    X509_NAME* subject = X509_get_subject_name(made.get());
    must(X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                    as_bytes(common_name).data(),
                                    static_cast<int>(common_name.size()), -1, 0) == 1,
         "subject");
    X509* signer = issuer == nullptr ? made.get() : issuer;
    must(X509_set_issuer_name(made.get(), X509_get_subject_name(signer)) == 1 &&
             X509_set_pubkey(made.get(), key) == 1,
         "issuer");
    X509V3_CTX context{};
    X509V3_set_ctx(&context, signer, made.get(), nullptr, nullptr, 0);
    for (const Wanted& wanted : extensions) {
        const Extension extension(
            X509V3_EXT_conf_nid(nullptr, &context, wanted.nid, wanted.value.c_str()));
        must(extension && X509_add_ext(made.get(), extension.get(), -1) == 1, "extension");
    }
    must(X509_sign(made.get(), issuer_key, EVP_sha256()) > 0, "signature");
    return made;
}

Issued as_pem(X509* certificate, EVP_PKEY* key) {
    const Memory certificate_text(BIO_new(BIO_s_mem()));
    const Memory key_text(BIO_new(BIO_s_secmem()));
    must(PEM_write_bio_X509(certificate_text.get(), certificate) == 1 &&
             PEM_write_bio_PKCS8PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr,
                                           nullptr) == 1,
         "PEM");
    return {text_of(certificate_text.get()), KeyText(text_of(key_text.get()))};
}

Key fresh_key() {
    Key key(EVP_EC_gen("P-256"));
    must(key != nullptr, "EC key");
    return key;
}

bool is_address(const std::string& name) {
    std::array<std::uint8_t, sizeof(in6_addr)> octets{};
    return ::inet_pton(AF_INET, name.c_str(), octets.data()) == 1 ||
           ::inet_pton(AF_INET6, name.c_str(), octets.data()) == 1;
}

}  // namespace

struct Authority::Root {
    Certificate certificate;
    Key key;

    [[nodiscard]] Issued issue(const std::string& common_name, const std::string& use,
                               const std::string& alternative_names, Validity validity) const {
        const Key subject_key = fresh_key();
        const Certificate made =
            signed_certificate(common_name,
                               {{NID_basic_constraints, "critical,CA:FALSE"},
                                {NID_key_usage, "critical,digitalSignature"},
                                {NID_ext_key_usage, use},
                                {NID_subject_key_identifier, "hash"},
                                {NID_authority_key_identifier, "keyid:always"},
                                {NID_subject_alt_name, alternative_names}},
                               validity, subject_key.get(), certificate.get(), key.get());
        return as_pem(made.get(), subject_key.get());
    }
};

Issued Authority::create(Validity validity) {
    const Key key = fresh_key();
    const Certificate made =
        signed_certificate("Card station development CA",
                           {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                            {NID_key_usage, "critical,keyCertSign,cRLSign"},
                            {NID_subject_key_identifier, "hash"}},
                           validity, key.get(), nullptr, key.get());
    return as_pem(made.get(), key.get());
}

Result<Authority> Authority::read(const std::string& certificate, std::string_view key) {
    const Memory certificate_text(
        BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size())));
    const Memory key_text(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
    must(certificate_text && key_text, "memory");
    auto root = std::make_shared<Root>();
    root->certificate.reset(PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr));
    root->key.reset(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
    if (!root->certificate || !root->key ||
        X509_check_private_key(root->certificate.get(), root->key.get()) != 1) {
        return fail(Fault::correct_input, "no CA certificate with its private key");
    }
    return Authority(std::move(root));
}

Issued Authority::station(const http::StationName& name, Validity validity) const {
    return root_->issue("Station " + name.text(), "clientAuth",
                        "URI:" + std::string(http::station_uri_prefix) + name.text(), validity);
}

Issued Authority::server(const std::vector<std::string>& names, Validity validity) const {
    std::string alternative_names;
    for (const std::string& name : names) {
        alternative_names += (alternative_names.empty() ? "" : ",") +
                             std::string(is_address(name) ? "IP:" : "DNS:") + name;
    }
    return root_->issue("Central", "serverAuth", alternative_names, validity);
}

}  // namespace card::authority
