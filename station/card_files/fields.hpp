#pragma once
// The fields of a JSON object in a file that a person or an earlier run wrote: all of them known,
// every one of the right type. `correct_input` with the field's name, or the line, otherwise.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "cardformat/base/result.hpp"

namespace card::cardtool {

class Fields {
  public:
    /// One object whose fields are all in `known`.
    static Result<Fields> parse(std::string_view text,
                                std::initializer_list<std::string_view> known);

    [[nodiscard]] bool has(std::string_view name) const { return object_.contains(name); }
    [[nodiscard]] Result<std::string> text(std::string_view name) const;
    /// From 1 to `max`.
    [[nodiscard]] Result<std::int64_t> number(std::string_view name, std::int64_t max) const;
    [[nodiscard]] Result<std::vector<std::string>> texts(std::string_view name) const;

  private:
    explicit Fields(boost::json::object object) : object_(std::move(object)) {}
    boost::json::object object_;
};

}  // namespace card::cardtool
