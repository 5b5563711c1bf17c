#include "cardformat/crypto/random.hpp"

#include <openssl/rand.h>

#include "cardformat/crypto/openssl.hpp"

namespace card {

void SystemRandom::fill(std::span<std::uint8_t> octets) {
    openssl::must(RAND_bytes(octets.data(), static_cast<int>(octets.size())) == 1, "randomness");
}

}  // namespace card
