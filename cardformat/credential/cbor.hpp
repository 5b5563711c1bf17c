#pragma once
// The part of CBOR (RFC 8949) that credentials use, in deterministic encoding (4.2.1): integers,
// octet and text strings, arrays, maps with integer keys. Decoding accepts exactly what encoding
// makes: whatever is decoded is encoded again and must be the same octets. Tags are the caller's.
// libcbor's tree of items is not used: it takes memory for as many elements as a head claims.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cardformat/base/bytes.hpp"
#include "cardformat/base/result.hpp"

namespace card::cbor {

inline constexpr std::size_t max_size = 4096;  ///< octets that `decode` reads
inline constexpr int max_depth = 8;

struct Value;
using Array = std::vector<Value>;
/// In the order of RFC 8949 4.2.1 when encoded, whatever the order here.
using Map = std::map<std::int64_t, Value>;

struct Value {
    std::variant<std::int64_t, Bytes, std::string, Array, Map> is;

    template <class T>
    [[nodiscard]] const T* as() const {
        return std::get_if<T>(&is);
    }
};

[[nodiscard]] Bytes encode(const Value& value);
/// `correct_input` for anything that `encode` would not have made.
[[nodiscard]] Result<Value> decode(BytesView octets);

}  // namespace card::cbor
