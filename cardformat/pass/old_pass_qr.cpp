#include "cardformat/pass/old_pass_qr.hpp"

#include <algorithm>
#include <optional>

namespace card {
namespace {

std::optional<std::string_view> query_parameter(std::string_view url, std::string_view name) {
    url = url.substr(0, url.find('#'));
    const std::size_t question = url.find('?');
    if (!(url.starts_with("https://") || url.starts_with("http://")) ||
        question == std::string_view::npos) {
        return std::nullopt;
    }
    std::string_view rest = url.substr(question + 1);
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
        const std::size_t equals = pair.find('=');
        if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
            return pair.substr(equals + 1);
        }
    }
    return std::nullopt;
}

struct Recognise {
    std::string_view text;

    Result<PassNumber> operator()(const PlainNumber&) const { return PassNumber::parse(text); }
    Result<PassNumber> operator()(const UrlParameter& parameter) const {
        const auto value = query_parameter(text, parameter.name);
        return value ? PassNumber::parse(*value)
                     : fail(Fault::correct_input, "no URL with parameter " + parameter.name);
    }
};

}  // namespace

Result<PassNumber> recognise_old_pass(std::string_view scanned,
                                      const std::vector<OldPassRecogniser>& known) {
    while (scanned.ends_with('\n') || scanned.ends_with('\r')) {
        scanned.remove_suffix(1);
    }
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    };
    if (scanned.size() > max_old_pass_qr_size ||
        std::any_of(scanned.begin(), scanned.end(), is_control)) {
        return fail(Fault::correct_input, "the scanned text is too long or has control characters");
    }
    for (const OldPassRecogniser& recogniser : known) {
        if (auto number = std::visit(Recognise{scanned}, recogniser)) {
            return number;
        }
    }
    return fail(Fault::correct_input, "no configured form of an old pass fits the scanned text");
}

}  // namespace card
