#pragma once
// A token's PIN: read where it is needed, wiped after, never printed.

#include "cardformat/base/bytes.hpp"
#include "cardformat/base/secret.hpp"
#include "station/vault/store_spec.hpp"

namespace card {

class Pin {
  public:
    static constexpr std::size_t max_size = 255;

    /// Nothing where `text` is empty or too long.
    static std::optional<Pin> from(std::string_view text);
    [[nodiscard]] BytesView reveal() const { return octets_.reveal().first(size_); }

  private:
    Secret<max_size> octets_;
    std::size_t size_ = 0;
};

/// From the file, without the line end at its end, or the environment. `correct_configuration`
/// where it is missing, empty, longer than 255 octets, or the file can be read by everybody.
[[nodiscard]] Result<Pin> read_pin(const PinSource& source);

}  // namespace card
