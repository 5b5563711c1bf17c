#include "cardformat/pass/pass_number.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace card {
namespace {

constexpr int max_serial = 999'999;
constexpr int min_roc_year = 100;
constexpr int max_roc_year = 999;
// KHPS110-000038
constexpr std::size_t year_at = 4;
constexpr std::size_t year_size = 3;
constexpr std::size_t series_size = year_at + year_size;
constexpr std::size_t serial_at = series_size + 1;
constexpr std::size_t serial_size = 6;
constexpr std::size_t minted_size = serial_at + serial_size;

bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

Result<Port> Port::parse(std::string_view text) {
    if (text.size() != 2 || !std::all_of(text.begin(), text.end(), is_upper)) {
        return fail(Fault::correct_input, "a port code is two capital letters, such as KH");
    }
    return Port(std::string(text));
}

std::string Port::name() const {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> known{
        {{"KL", "基隆港"},
         {"TP", "臺北港"},
         {"SA", "蘇澳港"},
         {"TC", "臺中港"},
         {"KH", "高雄港"},
         {"AP", "安平港"},
         {"HL", "花蓮港"}}};
    const auto* found = std::find_if(known.begin(), known.end(),
                                     [this](const auto& port) { return port.first == code_; });
    return found == known.end() ? code_ : std::string(found->second);
}

Result<PassNumber> PassNumber::parse(std::string_view text) {
    const auto allowed = [](char c) { return is_upper(c) || is_digit(c) || c == '-'; };
    if (text.empty() || text.size() > max_size || !std::all_of(text.begin(), text.end(), allowed)) {
        return fail(Fault::correct_input,
                    "a pass number is 1 to 32 capital letters, digits and hyphens");
    }
    return PassNumber(std::string(text));
}

Result<PassNumber> PassNumber::mint(const Port& port, int roc_year, int serial) {
    if (serial < 1 || serial > max_serial || roc_year < min_roc_year || roc_year > max_roc_year) {
        return fail(Fault::report_defect, "the series " + port.text() + "PS" +
                                              std::to_string(roc_year) + " has no number " +
                                              std::to_string(serial));
    }
    char tail[16];
    (void)std::snprintf(tail, sizeof tail, "PS%03d-%06d", roc_year, serial);
    return PassNumber(port.text() + tail);
}

std::optional<MintedParts> minted_parts(const PassNumber& number) {
    const std::string& text = number.text();
    const auto digits = [&text](std::size_t from, std::size_t size) {
        return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(from),
                           text.begin() + static_cast<std::ptrdiff_t>(from + size), is_digit);
    };
    if (text.size() != minted_size || !digits(year_at, year_size) ||
        !digits(serial_at, serial_size)) {
        return std::nullopt;
    }
    const auto port = Port::parse(text.substr(0, 2));
    const int serial = std::stoi(text.substr(serial_at));
    if (!port ||
        PassNumber::mint(*port, std::stoi(text.substr(year_at, year_size)), serial) != number) {
        return std::nullopt;
    }
    return MintedParts{text.substr(0, series_size), serial};
}

}  // namespace card
