#pragma once
// Strict reading of one JSON object: each member is asked for by name, the first thing wrong is
// remembered, and what nobody asked for is wrong too. Details name members, never values.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "cardformat/base/bytes.hpp"
#include "cardformat/base/result.hpp"
#include "cardformat/base/strong.hpp"
#include "cardformat/base/time.hpp"

namespace card::wire {

namespace json = boost::json;

inline constexpr std::size_t max_json_depth = 8;

/// `correct_input` for what is not one JSON value in UTF-8, is too long or nests too deep.
[[nodiscard]] Result<json::value> parse_json(std::string_view text, std::size_t max_size);

class Members {
  public:
    /// `where` names the object in details, as in `renewals[]`.
    Members(const json::value& value, std::string where);

    // Required members. After a failure these give an empty value; `end` tells.
    std::string text(std::string_view name, std::size_t max_size);
    std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max);
    bool boolean(std::string_view name);
    Uuid uuid(std::string_view name);
    CardUid card_uid(std::string_view name);
    Timestamp time(std::string_view name);
    Bytes hex(std::string_view name, std::size_t min_size, std::size_t max_size);
    /// The elements of an array, or an empty list after a failure.
    const json::array& array(std::string_view name, std::size_t max_elements);
    std::vector<std::string> texts(std::string_view name, std::size_t max_elements,
                                   std::size_t max_size);

    /// Text turned into a T by `parse`, which gives an optional or a Result.
    template <class Parse>
    auto parsed(std::string_view name, std::size_t max_size, Parse parse) {
        using Parsed = decltype(parse(std::string_view()));
        using T = typename Parsed::value_type;
        const std::string raw = text(name, max_size);
        if (failure_) {
            return std::optional<T>();
        }
        const Parsed value = parse(std::string_view(raw));
        if (!value) {
            refuse(name, "does not have the right form");
            return std::optional<T>();
        }
        return std::optional<T>(*value);
    }

    [[nodiscard]] bool has(std::string_view name) const;
    /// The member's value, or null after a failure.
    const json::value& value(std::string_view name);
    void refuse(std::string_view name, std::string_view why);
    /// The first failure, or an unknown member.
    Result<void> end();
    /// The first failure; members that nobody asked for are let be.
    Result<void> end_of_open_object();

  private:
    const json::value* find(std::string_view name);

    const json::object* object_ = nullptr;
    std::string where_;
    std::vector<std::string_view> asked_;
    std::optional<Failure> failure_;
};

/// A list of strings as JSON.
[[nodiscard]] json::array to_json(const std::vector<std::string>& texts);

}  // namespace card::wire
