#include "station/console/form.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include "cardformat/base/secret.hpp"

namespace card::console {

namespace json = boost::json;

Result<Form> Form::read(std::string_view body, std::initializer_list<std::string_view> known) {
    Form form;
    if (body.empty()) {
        return form;
    }
    boost::system::error_code error;
    const json::value value = json::parse(body, error);
    if (error || !value.is_object()) {
        return fail(Fault::correct_input, "the body is no JSON object");
    }
    for (const auto& [key, member] : value.get_object()) {
        const std::string name(key);
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            return fail(Fault::correct_input, "unknown member " + name);
        }
        if (!member.is_string() || member.get_string().size() > max_form_text) {
            return fail(Fault::correct_input, name + " is no text, or too long");
        }
        form.texts_.emplace(name, member.get_string());
    }
    return form;
}

Form::~Form() {
    for (auto& [name, text] : texts_) {
        wipe_octets(text);
    }
}

std::optional<std::string> Form::text(std::string_view name) const {
    const auto found = texts_.find(name);
    return found == texts_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace card::console
