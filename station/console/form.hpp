#pragma once
// A request's body: a JSON object of texts, each of a name that the request has. Strict, since
// what is misspelt would otherwise be taken as not said.

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cardformat/base/result.hpp"

namespace card::console {

inline constexpr std::size_t max_form_text = 2048;  ///< octets of one text

class Form {
  public:
    /// `correct_input` naming the member that is unknown, too long or no text. No body at all is an
    /// empty form.
    static Result<Form> read(std::string_view body, std::initializer_list<std::string_view> known);
    Form(Form&&) = default;
    Form& operator=(Form&&) = default;
    Form(const Form&) = delete;
    Form& operator=(const Form&) = delete;
    /// Scans may be among the texts.
    ~Form();

    [[nodiscard]] std::optional<std::string> text(std::string_view name) const;

  private:
    Form() = default;
    std::map<std::string, std::string, std::less<>> texts_;
};

}  // namespace card::console
