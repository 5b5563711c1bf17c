#pragma once
// What pure code asks of the world: randomness and the time. Both are passed in.

#include <cstdint>
#include <span>

#include "cardformat/base/strong.hpp"
#include "cardformat/base/time.hpp"

namespace card {

class RandomSource {
  public:
    RandomSource() = default;
    RandomSource(const RandomSource&) = delete;
    RandomSource& operator=(const RandomSource&) = delete;
    virtual ~RandomSource() = default;
    virtual void fill(std::span<std::uint8_t> octets) = 0;
};

class Clock {
  public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;
    [[nodiscard]] virtual Timestamp now() const = 0;
};

/// A new id, version 7, for a thing that begins now.
[[nodiscard]] Uuid new_uuid(RandomSource& random, Timestamp now);

}  // namespace card
