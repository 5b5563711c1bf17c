#include "cardformat/credential/cbor.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <cbor.h>

namespace card::cbor {
namespace {

struct ItemRelease {
    void operator()(cbor_item_t* item) const { cbor_decref(&item); }
};
using Item = std::unique_ptr<cbor_item_t, ItemRelease>;

tl::unexpected<Failure> malformed(const char* what) {
    return fail(Fault::correct_input, what);
}

Item build(const Value& value);

Item build_integer(std::int64_t number) {
    const bool negative = number < 0;
    const auto magnitude =
        negative ? static_cast<std::uint64_t>(-(number + 1)) : static_cast<std::uint64_t>(number);
    Item item;
    if (magnitude <= 0xFF) {
        item.reset(cbor_build_uint8(static_cast<std::uint8_t>(magnitude)));
    } else if (magnitude <= 0xFFFF) {
        item.reset(cbor_build_uint16(static_cast<std::uint16_t>(magnitude)));
    } else if (magnitude <= 0xFFFFFFFF) {
        item.reset(cbor_build_uint32(static_cast<std::uint32_t>(magnitude)));
    } else {
        item.reset(cbor_build_uint64(magnitude));
    }
    if (negative) {
        cbor_mark_negint(item.get());
    }
    return item;
}

Item build_map(const Map& map) {
    // Deterministic order is that of the encoded keys.
    std::vector<std::pair<Bytes, const Map::value_type*>> ordered;
    for (const auto& entry : map) {
        ordered.emplace_back(encode(Value{entry.first}), &entry);
    }
    std::sort(ordered.begin(), ordered.end());
    Item item(cbor_new_definite_map(map.size()));
    for (const auto& [encoded_key, entry] : ordered) {
        const Item key = build_integer(entry->first);
        const Item content = build(entry->second);
        (void)cbor_map_add(item.get(), {key.get(), content.get()});
    }
    return item;
}

struct Build {
    Item operator()(std::int64_t number) const { return build_integer(number); }
    Item operator()(const Bytes& octets) const {
        return Item(cbor_build_bytestring(octets.data(), octets.size()));
    }
    Item operator()(const std::string& text) const {
        return Item(cbor_build_stringn(text.data(), text.size()));
    }
    Item operator()(const Array& array) const {
        Item item(cbor_new_definite_array(array.size()));
        for (const Value& element : array) {
            const Item built = build(element);
            (void)cbor_array_push(item.get(), built.get());
        }
        return item;
    }
    Item operator()(const Map& map) const { return build_map(map); }
};

Item build(const Value& value) {
    return std::visit(Build{}, value.is);
}

Result<Value> take(cbor_item_t* item, int depth);

Result<Value> take_integer(cbor_item_t* item) {
    const std::uint64_t magnitude = cbor_get_int(item);
    if (magnitude > static_cast<std::uint64_t>(INT64_MAX)) {
        return malformed("CBOR: an integer is too large");
    }
    const auto number = static_cast<std::int64_t>(magnitude);
    return Value{cbor_isa_negint(item) ? -number - 1 : number};
}

Result<Value> take_array(cbor_item_t* item, int depth) {
    Array array;
    for (std::size_t i = 0; i < cbor_array_size(item); ++i) {
        auto element = take(cbor_array_handle(item)[i], depth + 1);
        if (!element) {
            return element;
        }
        array.push_back(std::move(*element));
    }
    return Value{std::move(array)};
}

Result<Value> take_map(cbor_item_t* item, int depth) {
    Map map;
    for (std::size_t i = 0; i < cbor_map_size(item); ++i) {
        const cbor_pair& pair = cbor_map_handle(item)[i];
        auto key = take(pair.key, depth + 1);
        auto content = take(pair.value, depth + 1);
        if (!key) {
            return key;
        }
        if (!content) {
            return content;
        }
        const auto* number = key->as<std::int64_t>();
        if (number == nullptr || !map.emplace(*number, std::move(*content)).second) {
            return malformed("CBOR: a map key is repeated or no integer");
        }
    }
    return Value{std::move(map)};
}

Result<Value> take(cbor_item_t* item, int depth) {
    if (depth > max_depth) {
        return malformed("CBOR: nested too deep");
    }
    switch (cbor_typeof(item)) {
        case CBOR_TYPE_UINT:
        case CBOR_TYPE_NEGINT:
            return take_integer(item);
        case CBOR_TYPE_BYTESTRING:
            if (cbor_bytestring_is_indefinite(item)) {
                return malformed("CBOR: a string of indefinite length");
            }
            return Value{Bytes(cbor_bytestring_handle(item),
                               cbor_bytestring_handle(item) + cbor_bytestring_length(item))};
        case CBOR_TYPE_STRING:
            if (cbor_string_is_indefinite(item)) {
                return malformed("CBOR: a string of indefinite length");
            }
            return Value{std::string(reinterpret_cast<const char*>(cbor_string_handle(item)),
                                     cbor_string_length(item))};
        case CBOR_TYPE_ARRAY:
            return take_array(item, depth);
        case CBOR_TYPE_MAP:
            return take_map(item, depth);
        case CBOR_TYPE_TAG:
        case CBOR_TYPE_FLOAT_CTRL:
            break;
    }
    return malformed("CBOR: a type that credentials do not use");
}

}  // namespace

Bytes encode(const Value& value) {
    const Item item = build(value);
    Bytes octets(max_size);
    octets.resize(cbor_serialize(item.get(), octets.data(), octets.size()));
    return octets;
}

Result<Value> decode(BytesView octets) {
    if (octets.empty() || octets.size() > max_size) {
        return malformed("CBOR: empty or too long");
    }
    cbor_load_result loaded{};
    const Item item(cbor_load(octets.data(), octets.size(), &loaded));
    if (!item || loaded.read != octets.size()) {
        return malformed("CBOR: malformed, or followed by something else");
    }
    auto value = take(item.get(), 0);
    if (!value) {
        return value;
    }
    const Bytes again = encode(*value);
    if (!std::equal(octets.begin(), octets.end(), again.begin(), again.end())) {
        return malformed("CBOR: not in deterministic encoding");
    }
    return value;
}

}  // namespace card::cbor
