#pragma once
// What the fuzz targets share. A target returns 0 always; a broken rule ends the process.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cardformat/base/bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

inline void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// Input eaten from the front.
class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

    [[nodiscard]] bool empty() const { return rest_.empty(); }
    std::uint8_t octet() { return rest_.empty() ? std::uint8_t{0} : take(1).front(); }
    card::BytesView take(std::size_t size) {
        const card::BytesView part = rest_.first(size < rest_.size() ? size : rest_.size());
        rest_ = rest_.subspan(part.size());
        return part;
    }
    std::string_view text() {
        const card::BytesView all = take(rest_.size());
        return {reinterpret_cast<const char*>(all.data()), all.size()};
    }

  private:
    card::BytesView rest_;
};
