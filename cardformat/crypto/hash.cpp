#include "cardformat/crypto/hash.hpp"

#include "cardformat/crypto/openssl.hpp"

namespace card {

Sha256 sha256(BytesView data) {
    Sha256 digest;
    openssl::must(
        EVP_Digest(data.data(), data.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1,
        "SHA-256");
    return digest;
}

Bytes desfire_crc32(BytesView data) {
    constexpr std::uint32_t reflected_polynomial = 0xEDB88320;
    std::uint32_t crc = 0xFFFFFFFF;
    for (const std::uint8_t octet : data) {
        crc ^= octet;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? reflected_polynomial : 0U);
        }
    }
    return {static_cast<std::uint8_t>(crc), static_cast<std::uint8_t>(crc >> 8U),
            static_cast<std::uint8_t>(crc >> 16U), static_cast<std::uint8_t>(crc >> 24U)};
}

}  // namespace card
