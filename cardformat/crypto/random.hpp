#pragma once
// The operating system's randomness, through OpenSSL's generator.

#include "cardformat/base/ports.hpp"

namespace card {

class SystemRandom final : public RandomSource {
  public:
    void fill(std::span<std::uint8_t> octets) override;
};

}  // namespace card
