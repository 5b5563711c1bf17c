#pragma once
// Key material and personal text: wiped when destroyed, never printable.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <string.h>

namespace card {

/// Overwrites octets that were a secret or personal, so that the compiler does not leave it out.
template <class Octets>
void wipe_octets(Octets& octets) {
    if (octets.size() > 0) {
        explicit_bzero(octets.data(), octets.size());
    }
}

/// N octets of key material. Not copyable, so every place that holds a key is visible as a move;
/// no stream operator, no comparison.
template <std::size_t N>
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::span<const std::uint8_t, N> octets) {
        std::copy(octets.begin(), octets.end(), octets_.begin());
    }
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    Secret(Secret&& other) noexcept : octets_(other.octets_) { other.wipe(); }
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            octets_ = other.octets_;
            other.wipe();
        }
        return *this;
    }
    ~Secret() { wipe(); }

    [[nodiscard]] std::span<const std::uint8_t, N> reveal() const { return octets_; }
    [[nodiscard]] std::span<std::uint8_t, N> fill() { return octets_; }
    /// A second holder of the same key, on purpose.
    [[nodiscard]] Secret duplicate() const { return Secret(reveal()); }

  private:
    void wipe() { wipe_octets(octets_); }
    std::array<std::uint8_t, N> octets_{};
};

/// A name, an ID number: text about a person. Wiped when destroyed; `reveal` is the word to search
/// for when asking where personal data is used.
class PersonalText {
  public:
    PersonalText() = default;
    explicit PersonalText(std::string text) : text_(std::move(text)) {}
    PersonalText(const PersonalText&) = default;
    PersonalText& operator=(const PersonalText& other) {
        if (this != &other) {
            wipe();
            text_ = other.text_;
        }
        return *this;
    }
    // Copied, for a short string that is moved from keeps its octets with no length to wipe them
    // by. NOLINTNEXTLINE(performance-move-constructor-init,cert-oop11-cpp)
    PersonalText(PersonalText&& other) noexcept : text_(other.text_) { other.wipe(); }
    PersonalText& operator=(PersonalText&& other) noexcept {
        std::swap(text_, other.text_);
        other.wipe();
        return *this;
    }
    ~PersonalText() { wipe(); }

    [[nodiscard]] std::string_view reveal() const { return text_; }
    /// Nothing but white space; the octets of U+3000, the ideographic space, count as white.
    [[nodiscard]] bool blank() const {
        return text_.find_first_not_of(" \t\xE3\x80") == std::string::npos;
    }

  private:
    void wipe() {
        wipe_octets(text_);
        text_.clear();
    }
    std::string text_;
};

}  // namespace card
