#include "station/vault/key_name.hpp"

#include <charconv>

namespace card {
namespace {

constexpr std::string_view prefix = "port-pass.";
constexpr std::string_view signing = "signing";
constexpr std::string_view data = "data";

std::optional<std::uint8_t> parse_generation(std::string_view text) {
    std::uint8_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || text.front() == '0') {
        return std::nullopt;
    }
    return number;
}

struct Label {
    std::string operator()(const MasterName& key) const {
        return with_generation(name(key.slot), key.generation.value);
    }
    std::string operator()(const SigningName& key) const {
        return with_generation(signing, key.generation);
    }
    std::string operator()(const DataName&) const { return std::string(prefix).append(data); }

    static std::string with_generation(std::string_view what, std::uint8_t generation) {
        return std::string(prefix).append(what) + "." + std::to_string(generation);
    }
};

}  // namespace

std::string label(const KeyName& key) {
    return std::visit(Label{}, key);
}

std::optional<KeyName> parse_label(std::string_view text) {
    if (!text.starts_with(prefix)) {
        return std::nullopt;
    }
    text.remove_prefix(prefix.size());
    if (text == data) {
        return DataName{};
    }
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view what = text.substr(0, dot);
    const auto generation = parse_generation(text.substr(dot + 1));
    if (!generation) {
        return std::nullopt;
    }
    if (what == signing) {
        return SigningName{*generation};
    }
    for (const KeySlot slot : all_key_slots) {
        if (what == name(slot)) {
            return MasterName{slot, KeyGeneration{*generation}};
        }
    }
    return std::nullopt;
}

}  // namespace card
