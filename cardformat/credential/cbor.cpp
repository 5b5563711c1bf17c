#include "cardformat/credential/cbor.hpp"

#include <algorithm>
#include <utility>

#include <cbor.h>

namespace card::cbor {
namespace {

constexpr std::size_t max_head_size = 9;

/// libcbor's writers of heads, which choose the shortest form.
template <class Number>
void append_head(Bytes& out, std::size_t (*write)(Number, unsigned char*, std::size_t),
                 Number number) {
    std::uint8_t head[max_head_size];
    append(out, BytesView(head, write(number, head, sizeof head)));
}

struct Encoder {
    Bytes& out;

    void operator()(std::int64_t number) const {
        if (number < 0) {
            append_head<std::uint64_t>(out, cbor_encode_negint,
                                       static_cast<std::uint64_t>(-(number + 1)));
        } else {
            append_head<std::uint64_t>(out, cbor_encode_uint, static_cast<std::uint64_t>(number));
        }
    }
    void operator()(const Bytes& octets) const {
        append_head<std::size_t>(out, cbor_encode_bytestring_start, octets.size());
        append(out, octets);
    }
    void operator()(const std::string& text) const {
        append_head<std::size_t>(out, cbor_encode_string_start, text.size());
        append(out, as_bytes(text));
    }
    void operator()(const Array& array) const {
        append_head<std::size_t>(out, cbor_encode_array_start, array.size());
        for (const Value& element : array) {
            std::visit(*this, element.is);
        }
    }
    void operator()(const Map& map) const {
        append_head<std::size_t>(out, cbor_encode_map_start, map.size());
        // Deterministic order is that of the encoded keys.
        std::vector<std::pair<Bytes, const Value*>> ordered;
        for (const auto& [key, content] : map) {
            ordered.emplace_back(encode(Value{key}), &content);
        }
        std::sort(ordered.begin(), ordered.end());
        for (const auto& [encoded_key, content] : ordered) {
            append(out, encoded_key);
            std::visit(*this, content->is);
        }
    }
};

tl::unexpected<Failure> malformed(const char* what) {
    return fail(Fault::correct_input, what);
}

/// An array or map that begins, with as many elements or pairs as it claims.
struct ArrayStart {
    std::size_t count;
};
struct MapStart {
    std::size_t count;
};
/// What stands next. Nothing for an integer beyond int64, and for what credentials do not use, for
/// which libcbor calls nobody.
using Next = std::variant<std::monostate, std::int64_t, Bytes, std::string, ArrayStart, MapStart>;

void take_integer(void* next, std::uint64_t magnitude, bool negative) {
    if (magnitude <= static_cast<std::uint64_t>(INT64_MAX)) {
        const auto number = static_cast<std::int64_t>(magnitude);
        *static_cast<Next*>(next) = negative ? -number - 1 : number;
    }
}

template <class Width>
void take_unsigned(void* next, Width magnitude) {
    take_integer(next, magnitude, false);
}

template <class Width>
void take_negative(void* next, Width magnitude) {
    take_integer(next, magnitude, true);
}

template <class Text>
void take_string(void* next, cbor_data octets, std::size_t size) {
    *static_cast<Next*>(next) = Text(octets, octets + size);
}

template <class Start>
void take_start(void* next, std::size_t count) {
    *static_cast<Next*>(next) = Start{count};
}

cbor_callbacks callbacks() {
    cbor_callbacks calls = cbor_empty_callbacks;
    calls.uint8 = take_unsigned<std::uint8_t>;
    calls.uint16 = take_unsigned<std::uint16_t>;
    calls.uint32 = take_unsigned<std::uint32_t>;
    calls.uint64 = take_unsigned<std::uint64_t>;
    calls.negint8 = take_negative<std::uint8_t>;
    calls.negint16 = take_negative<std::uint16_t>;
    calls.negint32 = take_negative<std::uint32_t>;
    calls.negint64 = take_negative<std::uint64_t>;
    calls.byte_string = take_string<Bytes>;
    calls.string = take_string<std::string>;
    calls.array_start = take_start<ArrayStart>;
    calls.map_start = take_start<MapStart>;
    return calls;
}

/// Reads head by head, so that a claimed count takes no memory before its elements are there.
class Decoder {
  public:
    explicit Decoder(BytesView octets) : rest_(octets) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    Result<Value> value(int depth) {
        if (depth > max_depth) {
            return malformed("CBOR: nested too deep");
        }
        Next next;
        const cbor_decoder_result decoded =
            cbor_stream_decode(rest_.data(), rest_.size(), &callbacks_, &next);
        if (decoded.status != CBOR_DECODER_FINISHED) {
            return malformed("CBOR: malformed or cut off");
        }
        rest_ = rest_.subspan(decoded.read);
        if (const auto* array_start = std::get_if<ArrayStart>(&next); array_start != nullptr) {
            return array(array_start->count, depth);
        }
        if (const auto* map_start = std::get_if<MapStart>(&next); map_start != nullptr) {
            return map(map_start->count, depth);
        }
        if (auto* number = std::get_if<std::int64_t>(&next); number != nullptr) {
            return Value{*number};
        }
        if (auto* octets = std::get_if<Bytes>(&next); octets != nullptr) {
            return Value{std::move(*octets)};
        }
        if (auto* text = std::get_if<std::string>(&next); text != nullptr) {
            return Value{std::move(*text)};
        }
        return malformed("CBOR: a type that credentials do not use, or an integer too large");
    }

  private:
    Result<Value> array(std::size_t count, int depth) {
        Array elements;
        for (std::size_t i = 0; i < count; ++i) {
            auto element = value(depth + 1);
            if (!element) {
                return element;
            }
            elements.push_back(std::move(*element));
        }
        return Value{std::move(elements)};
    }

    Result<Value> map(std::size_t count, int depth) {
        Map entries;
        for (std::size_t i = 0; i < count; ++i) {
            auto key = value(depth + 1);
            if (!key) {
                return key;
            }
            auto content = value(depth + 1);
            if (!content) {
                return content;
            }
            const auto* number = key->as<std::int64_t>();
            if (number == nullptr || !entries.emplace(*number, std::move(*content)).second) {
                return malformed("CBOR: a map key is repeated or no integer");
            }
        }
        return Value{std::move(entries)};
    }

    BytesView rest_;
    cbor_callbacks callbacks_ = callbacks();
};

}  // namespace

Bytes encode(const Value& value) {
    Bytes octets;
    std::visit(Encoder{octets}, value.is);
    return octets;
}

Result<Value> decode(BytesView octets) {
    if (octets.empty() || octets.size() > max_size) {
        return malformed("CBOR: empty or too long");
    }
    Decoder decoder(octets);
    auto value = decoder.value(0);
    if (!value) {
        return value;
    }
    const Bytes again = encode(*value);
    if (!decoder.at_end() ||
        !std::equal(octets.begin(), octets.end(), again.begin(), again.end())) {
        return malformed("CBOR: not in deterministic encoding, or followed by something else");
    }
    return value;
}

}  // namespace card::cbor
