#include "sync/wire/members.hpp"

#include <algorithm>

#include <boost/json/parse.hpp>

namespace card::wire {

Result<json::value> parse_json(std::string_view text, std::size_t max_size) {
    if (text.size() > max_size) {
        return fail(Fault::correct_input, "the JSON text is too long");
    }
    json::parse_options options;
    options.max_depth = max_json_depth;
    boost::system::error_code error;
    json::value value = json::parse({text.data(), text.size()}, error, {}, options);
    if (error) {
        return fail(Fault::correct_input, "not JSON: " + error.message());
    }
    return value;
}

Members::Members(const json::value& value, std::string where)
    : object_(value.if_object()), where_(std::move(where)) {
    if (object_ == nullptr) {
        failure_ = Failure{Fault::correct_input, where_ + " is not an object"};
    }
}

void Members::refuse(std::string_view name, std::string_view why) {
    if (!failure_) {
        failure_ = Failure{Fault::correct_input,
                           where_ + "." + std::string(name) + " " + std::string(why)};
    }
}

bool Members::has(std::string_view name) const {
    return object_ != nullptr && object_->contains({name.data(), name.size()});
}

const json::value* Members::find(std::string_view name) {
    asked_.push_back(name);
    if (failure_) {
        return nullptr;
    }
    const json::value* value = object_->if_contains({name.data(), name.size()});
    if (value == nullptr) {
        refuse(name, "is missing");
    }
    return value;
}

std::string Members::text(std::string_view name, std::size_t max_size) {
    const json::value* value = find(name);
    if (value == nullptr) {
        return {};
    }
    const json::string* text = value->if_string();
    if (text == nullptr || text->size() > max_size) {
        refuse(name, text == nullptr ? "is not a string" : "is too long");
        return {};
    }
    return {text->data(), text->size()};
}

std::int64_t Members::integer(std::string_view name, std::int64_t min, std::int64_t max) {
    const json::value* value = find(name);
    if (value == nullptr) {
        return 0;
    }
    const std::int64_t* integer = value->if_int64();
    if (integer == nullptr || *integer < min || *integer > max) {
        refuse(name, integer == nullptr ? "is not an integer" : "is out of range");
        return 0;
    }
    return *integer;
}

bool Members::boolean(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) {
        return false;
    }
    if (!value->is_bool()) {
        refuse(name, "is not true or false");
        return false;
    }
    return value->get_bool();
}

Uuid Members::uuid(std::string_view name) {
    constexpr std::size_t text_size = 36;
    const auto canonical = [](std::string_view raw) {
        const auto value = Uuid::parse(raw);
        return value && value->text() == raw ? value : std::nullopt;
    };
    return parsed(name, text_size, canonical).value_or(Uuid());
}

CardUid Members::card_uid(std::string_view name) {
    const auto canonical = [](std::string_view raw) {
        const auto value = CardUid::parse(raw);
        return value && value->hex() == raw ? value : std::nullopt;
    };
    return parsed(name, CardUid::size * 2, canonical).value_or(CardUid());
}

Timestamp Members::time(std::string_view name) {
    constexpr std::size_t text_size = 24;
    return parsed(name, text_size, parse_rfc3339).value_or(Timestamp());
}

const json::value& Members::value(std::string_view name) {
    static const json::value null;
    const json::value* found = find(name);
    return found == nullptr ? null : *found;
}

Bytes Members::hex(std::string_view name, std::size_t min_size, std::size_t max_size) {
    const auto canonical = [min_size](std::string_view raw) {
        const auto value = from_hex(raw);
        return value && value->size() >= min_size && to_hex(*value) == raw ? value : std::nullopt;
    };
    return parsed(name, max_size * 2, canonical).value_or(Bytes());
}

const json::array& Members::array(std::string_view name, std::size_t max_elements) {
    static const json::array none;
    const json::value* value = find(name);
    if (value == nullptr) {
        return none;
    }
    const json::array* array = value->if_array();
    if (array == nullptr || array->size() > max_elements) {
        refuse(name, array == nullptr ? "is not an array" : "has too many elements");
        return none;
    }
    return *array;
}

std::vector<std::string> Members::texts(std::string_view name, std::size_t max_elements,
                                        std::size_t max_size) {
    std::vector<std::string> texts;
    for (const json::value& element : array(name, max_elements)) {
        const json::string* text = element.if_string();
        if (text == nullptr || text->size() > max_size) {
            refuse(name, "has an element that is not a short string");
            return {};
        }
        texts.emplace_back(text->data(), text->size());
    }
    return texts;
}

Result<void> Members::end_of_open_object() {
    return failure_ ? tl::make_unexpected(*failure_) : Result<void>();
}

Result<void> Members::end() {
    if (auto read = end_of_open_object(); !read) {
        return read;
    }
    for (const auto& member : *object_) {
        const std::string_view key{member.key().data(), member.key().size()};
        if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) {
            return fail(Fault::correct_input, where_ + " has a member that is not known");
        }
    }
    return {};
}

json::array to_json(const std::vector<std::string>& texts) {
    json::array array;
    for (const std::string& text : texts) {
        array.emplace_back(text);
    }
    return array;
}

}  // namespace card::wire
