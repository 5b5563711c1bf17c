#include "cardformat/base/utf8.hpp"

#include <algorithm>

#include <boost/locale/utf.hpp>

namespace card {
namespace {

using Utf8 = boost::locale::utf::utf_traits<char>;

/// Moves `at` behind the next character. False where there is none; `at` moves all the same.
bool next_character(std::string_view::const_iterator& at, std::string_view::const_iterator end) {
    const auto code_point = Utf8::decode(at, end);
    return code_point != boost::locale::utf::illegal &&
           code_point != boost::locale::utf::incomplete;
}

}  // namespace

bool is_utf8(std::string_view text) {
    for (auto at = text.begin(); at != text.end();) {
        if (!next_character(at, text.end())) {
            return false;
        }
    }
    return true;
}

std::string to_utf8(std::string_view text) {
    std::string whole;
    for (auto at = text.begin(); at != text.end();) {
        const auto from = at;
        if (next_character(at, text.end())) {
            whole.append(from, at);
        } else {
            whole += "\xEF\xBF\xBD";
            // Whatever was skipped may begin a character of its own.
            at = from + 1;
        }
    }
    return whole;
}

}  // namespace card
