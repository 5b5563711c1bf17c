#include "tests/virtual/pn532/frame.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace virtual_card {
namespace {

constexpr std::uint8_t from_host = 0xD4;
constexpr std::uint8_t to_host = 0xD5;
constexpr std::array<std::uint8_t, 2> start_code{0x00, 0xFF};
constexpr std::size_t max_normal_length = 255;  // TFI and data of a frame with one length octet
constexpr std::size_t header_size = 2;          // LEN LCS
constexpr std::size_t extended_header_size = 5;
constexpr std::size_t trailer_size = 2;  // DCS and postamble

/// What has to be added to the octets' sum to make it 0 modulo 256.
std::uint8_t checksum(ByteView octets) {
    const unsigned sum = std::accumulate(octets.begin(), octets.end(), 0U);
    return static_cast<std::uint8_t>(0U - sum);
}

}  // namespace

void HostStream::feed(ByteView octets) {
    append(pending_, octets);
}

void HostStream::drop(std::size_t count) {
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
}

std::optional<FromHost> HostStream::next() {
    while (!pending_.empty()) {
        const auto start =
            std::search(pending_.begin(), pending_.end(), start_code.begin(), start_code.end());
        const auto wakeup = std::find(pending_.begin(), start, 0x55);
        if (wakeup != start) {
            const auto rest = std::find_if(wakeup, start, [](auto octet) { return octet != 0x55; });
            drop(static_cast<std::size_t>(rest - pending_.begin()));
            return Wakeup{};
        }
        if (start == pending_.end()) {
            drop(pending_.size() - (pending_.back() == start_code[0] ? 1 : 0));
            return std::nullopt;
        }
        drop(static_cast<std::size_t>(start - pending_.begin()));
        const std::size_t before = pending_.size();
        std::optional<FromHost> message = frame_at(start_code.size());
        if (message || pending_.size() == before) {
            return message;
        }
    }
    return std::nullopt;
}

/// The frame whose length octets begin there, taken out of what is pending. Nothing, with nothing
/// taken out, while it is not whole; nothing, with its start taken out, where it is no frame.
std::optional<FromHost> HostStream::frame_at(std::size_t begin) {
    if (pending_.size() < begin + header_size) {
        return std::nullopt;
    }
    const auto octet = [&](std::size_t i) { return pending_[begin + i]; };
    if (octet(0) == 0x00 && octet(1) == 0xFF) {
        drop(begin + header_size);
        return Abort{};
    }
    std::size_t header = header_size;
    std::size_t length = octet(0);
    bool sound = static_cast<std::uint8_t>(octet(0) + octet(1)) == 0;
    if (octet(0) == 0xFF && octet(1) == 0xFF) {
        header = extended_header_size;
        if (pending_.size() < begin + header) {
            return std::nullopt;
        }
        length = static_cast<std::size_t>(octet(2)) << 8U | octet(3);
        sound = static_cast<std::uint8_t>(octet(2) + octet(3) + octet(4)) == 0;
    }
    if (!sound || length < 2) {
        drop(begin);
        return std::nullopt;
    }
    if (pending_.size() < begin + header + length + trailer_size - 1) {
        return std::nullopt;
    }
    const ByteView body = ByteView(pending_).subspan(begin + header, length + 1);
    const bool whole = checksum(body) == 0 && body[0] == from_host;
    Command command{body[1], Bytes(body.begin() + 2, body.end() - 1)};
    drop(begin + header + length + 1);
    return whole ? std::optional<FromHost>(std::move(command)) : std::nullopt;
}

Bytes acknowledgement() {
    return {0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00};
}

Bytes error_frame() {
    return {0x00, 0x00, 0xFF, 0x01, 0xFF, 0x7F, 0x81, 0x00};
}

Bytes answer_frame(std::uint8_t command, ByteView data) {
    Bytes body{to_host, static_cast<std::uint8_t>(command + 1)};
    append(body, data);
    const auto low = static_cast<std::uint8_t>(body.size());
    Bytes frame{0x00, start_code[0], start_code[1]};
    if (body.size() <= max_normal_length) {
        append(frame, Bytes{low, checksum(Bytes{low})});
    } else {
        const auto high = static_cast<std::uint8_t>(body.size() >> 8U);
        append(frame, Bytes{0xFF, 0xFF, high, low, checksum(Bytes{high, low})});
    }
    append(frame, body);
    append(frame, Bytes{checksum(body), 0x00});
    return frame;
}

}  // namespace virtual_card
