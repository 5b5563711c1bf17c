#include "reader/link/messages.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace card::reader {
namespace {

constexpr std::size_t length_size = 2;
constexpr std::size_t max_body_size = max_frame_size - 1;
constexpr std::size_t max_atr_size = 33;  // ISO/IEC 7816-3: TS and at most 32 more
constexpr std::size_t min_command_apdu_size = 4;

enum class Kind : std::uint8_t {
    connect = 0x01,
    transmit = 0x02,
    disconnect = 0x03,
    reader_up = 0x81,
    reader_down = 0x82,
    card_present = 0x83,
    card_removed = 0x84,
    connected = 0x85,
    response = 0x86,
    disconnected = 0x87,
    failed = 0x88,
    listed_reader = 0x91,
    list_end = 0x92,
};

Bytes frame(Kind kind, BytesView body) {
    if (body.size() > max_body_size) {
        throw std::length_error("a message of the reader link is longer than a frame");
    }
    const std::size_t length = body.size() + 1;
    Bytes framed{static_cast<std::uint8_t>(length >> 8U), static_cast<std::uint8_t>(length & 0xFFU),
                 static_cast<std::uint8_t>(kind)};
    append(framed, body);
    return framed;
}

Bytes u16_body(std::uint16_t number) {
    return {static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number & 0xFFU)};
}

bool is_printable(std::uint8_t octet) {
    return octet >= 0x20 && octet <= 0x7E;
}

// Texts end in logs and on a page, so only printable ASCII crosses the link.
void append_text(Bytes& body, std::string_view text) {
    for (const std::uint8_t octet : as_bytes(text.substr(0, max_body_size - body.size()))) {
        body.push_back(is_printable(octet) ? octet : std::uint8_t{'?'});
    }
}

Bytes text_body(std::string_view text) {
    Bytes body;
    append_text(body, text);
    return body;
}

Bytes fault_body(Fault fault, std::string_view detail) {
    Bytes body{static_cast<std::uint8_t>(fault)};
    append_text(body, detail);
    return body;
}

struct Encoder {
    Bytes operator()(const Connect& /*unused*/) const { return frame(Kind::connect, {}); }
    Bytes operator()(const Transmit& message) const { return frame(Kind::transmit, message.apdu); }
    Bytes operator()(const Disconnect& message) const {
        return frame(Kind::disconnect, Bytes{static_cast<std::uint8_t>(message.disposition),
                                             static_cast<std::uint8_t>(message.cue)});
    }
    Bytes operator()(const ReaderUp& message) const {
        return frame(Kind::reader_up, text_body(message.name));
    }
    Bytes operator()(const ReaderDown& message) const {
        return frame(Kind::reader_down, fault_body(message.why, message.detail));
    }
    Bytes operator()(const CardPresent& message) const {
        return frame(Kind::card_present, message.atr);
    }
    Bytes operator()(const CardRemoved& /*unused*/) const { return frame(Kind::card_removed, {}); }
    Bytes operator()(const Connected& message) const {
        return frame(Kind::connected, u16_body(message.largest_frame.value));
    }
    Bytes operator()(const Response& message) const { return frame(Kind::response, message.apdu); }
    Bytes operator()(const Disconnected& /*unused*/) const { return frame(Kind::disconnected, {}); }
    Bytes operator()(const Failed& message) const {
        return frame(Kind::failed, fault_body(message.fault, message.detail));
    }
};

// One octet of flags, bus and number (both 0 where there is no address), name.
constexpr std::uint8_t flag_held = 0x01;
constexpr std::uint8_t flag_address = 0x02;
constexpr std::size_t listed_reader_head_size = 3;

struct ListEncoder {
    Bytes operator()(const ListedReader& reader) const {
        const auto flags = static_cast<std::uint8_t>((reader.held ? flag_held : 0U) |
                                                     (reader.address ? flag_address : 0U));
        const UsbAddress address = reader.address.value_or(UsbAddress{0, 0});
        Bytes body{flags, address.bus, address.device};
        append_text(body, reader.name);
        return frame(Kind::listed_reader, body);
    }
    Bytes operator()(const ListEnd& /*unused*/) const { return frame(Kind::list_end, {}); }
    Bytes operator()(const Failed& message) const { return Encoder{}(message); }
};

tl::unexpected<Failure> malformed(std::string what) {
    return fail(Fault::restart_worker, "reader link: " + std::move(what));
}

tl::unexpected<Failure> malformed_body(std::string_view message, BytesView body) {
    return malformed(std::string(message) + " with a body of " + std::to_string(body.size()) +
                     " octets that cannot be read");
}

Bytes copy(BytesView octets) {
    return {octets.begin(), octets.end()};
}

std::optional<std::string> read_text(BytesView octets) {
    if (!std::all_of(octets.begin(), octets.end(), is_printable)) {
        return std::nullopt;
    }
    return std::string(octets.begin(), octets.end());
}

// What a worker can know of. Verdicts on a card, the ledger or the program are not its to give.
bool worker_may_report(Fault fault) {
    switch (fault) {
        case Fault::present_same_card_again:
        case Fault::set_card_aside:
        case Fault::wait_for_reader:
        case Fault::start_pcscd:
        case Fault::grant_reader_access:
        case Fault::restart_worker:
        case Fault::correct_configuration:
            return true;
        default:
            return false;
    }
}

bool explains_reader_down(Fault fault) {
    return fault == Fault::wait_for_reader || fault == Fault::start_pcscd ||
           fault == Fault::grant_reader_access || fault == Fault::correct_configuration;
}

std::optional<Failure> read_failure(BytesView body) {
    if (body.empty()) {
        return std::nullopt;
    }
    const auto fault = static_cast<Fault>(body[0]);
    std::optional<std::string> detail = read_text(body.subspan(1));
    if (!detail || !worker_may_report(fault)) {
        return std::nullopt;
    }
    return Failure{fault, std::move(*detail)};
}

/// Checks what all contents have in common and gives the kind's octet.
Result<std::uint8_t> read_kind(BytesView content) {
    if (content.empty() || content.size() > max_frame_size) {
        return malformed("a content of " + std::to_string(content.size()) + " octets");
    }
    return content[0];
}

Result<ToWorker> read_disconnect(BytesView body) {
    if (body.size() != 2 || body[0] > static_cast<std::uint8_t>(Disposition::reset) ||
        body[1] > static_cast<std::uint8_t>(Cue::refusal)) {
        return malformed_body("Disconnect", body);
    }
    return ToWorker(Disconnect{static_cast<Disposition>(body[0]), static_cast<Cue>(body[1])});
}

template <class Message>
Result<FromWorker> read_empty(std::string_view name, BytesView body) {
    if (!body.empty()) {
        return malformed_body(name, body);
    }
    return FromWorker(Message{});
}

Result<FromWorker> read_reader_up(BytesView body) {
    std::optional<std::string> name = read_text(body);
    if (!name || name->empty()) {
        return malformed_body("ReaderUp", body);
    }
    return FromWorker(ReaderUp{std::move(*name)});
}

Result<FromWorker> read_reader_down(BytesView body) {
    std::optional<Failure> failure = read_failure(body);
    if (!failure || !explains_reader_down(failure->fault)) {
        return malformed_body("ReaderDown", body);
    }
    return FromWorker(ReaderDown{failure->fault, std::move(failure->detail)});
}

Result<FromWorker> read_card_present(BytesView body) {
    if (body.size() > max_atr_size) {
        return malformed_body("CardPresent", body);
    }
    return FromWorker(CardPresent{copy(body)});
}

Result<FromWorker> read_connected(BytesView body) {
    if (body.size() != 2) {
        return malformed_body("Connected", body);
    }
    const FrameSize size{static_cast<std::uint16_t>(body[0] << 8U | body[1])};
    if (size < min_frame_size_on_air || size > max_frame_size_on_air) {
        return malformed("Connected to a reader with frames of " + std::to_string(size.value) +
                         " octets");
    }
    return FromWorker(Connected{size});
}

Result<FromWorker> read_failed(BytesView body) {
    std::optional<Failure> failure = read_failure(body);
    if (!failure) {
        return malformed_body("Failed", body);
    }
    return FromWorker(Failed{failure->fault, std::move(failure->detail)});
}

Result<FromLister> read_listed_reader(BytesView body) {
    if (body.size() <= listed_reader_head_size || (body[0] & ~(flag_held | flag_address)) != 0) {
        return malformed_body("ListedReader", body);
    }
    std::optional<std::string> name = read_text(body.subspan(listed_reader_head_size));
    if (!name) {
        return malformed_body("ListedReader", body);
    }
    ListedReader reader{std::move(*name), std::nullopt, (body[0] & flag_held) != 0};
    if ((body[0] & flag_address) != 0) {
        reader.address = UsbAddress{body[1], body[2]};
    } else if (body[1] != 0 || body[2] != 0) {
        return malformed_body("ListedReader", body);
    }
    return FromLister(std::move(reader));
}

}  // namespace

Bytes encode(const ToWorker& message) {
    return std::visit(Encoder{}, message);
}

Bytes encode(const FromWorker& message) {
    return std::visit(Encoder{}, message);
}

Bytes encode_from_lister(const FromLister& message) {
    return std::visit(ListEncoder{}, message);
}

Result<ToWorker> decode_to_worker(BytesView content) {
    const Result<std::uint8_t> kind = read_kind(content);
    if (!kind) {
        return tl::make_unexpected(kind.error());
    }
    const BytesView body = content.subspan(1);
    switch (static_cast<Kind>(*kind)) {
        case Kind::connect:
            if (!body.empty()) {
                return malformed_body("Connect", body);
            }
            return ToWorker(Connect{});
        case Kind::transmit:
            if (body.size() < min_command_apdu_size || body.size() > max_command_apdu_size) {
                return malformed_body("Transmit", body);
            }
            return ToWorker(Transmit{copy(body)});
        case Kind::disconnect:
            return read_disconnect(body);
        default:
            return malformed("no message to a worker is of kind " + std::to_string(*kind));
    }
}

Result<FromWorker> decode_from_worker(BytesView content) {
    const Result<std::uint8_t> kind = read_kind(content);
    if (!kind) {
        return tl::make_unexpected(kind.error());
    }
    const BytesView body = content.subspan(1);
    switch (static_cast<Kind>(*kind)) {
        case Kind::reader_up:
            return read_reader_up(body);
        case Kind::reader_down:
            return read_reader_down(body);
        case Kind::card_present:
            return read_card_present(body);
        case Kind::card_removed:
            return read_empty<CardRemoved>("CardRemoved", body);
        case Kind::connected:
            return read_connected(body);
        case Kind::response:
            return FromWorker(Response{copy(body)});
        case Kind::disconnected:
            return read_empty<Disconnected>("Disconnected", body);
        case Kind::failed:
            return read_failed(body);
        default:
            return malformed("no message from a worker is of kind " + std::to_string(*kind));
    }
}

Result<FromLister> decode_from_lister(BytesView content) {
    const Result<std::uint8_t> kind = read_kind(content);
    if (!kind) {
        return tl::make_unexpected(kind.error());
    }
    const BytesView body = content.subspan(1);
    switch (static_cast<Kind>(*kind)) {
        case Kind::listed_reader:
            return read_listed_reader(body);
        case Kind::list_end:
            if (!body.empty()) {
                return malformed_body("ListEnd", body);
            }
            return FromLister(ListEnd{});
        case Kind::failed: {
            const std::optional<Failure> failure = read_failure(body);
            if (!failure) {
                return malformed_body("Failed", body);
            }
            return FromLister(Failed{failure->fault, failure->detail});
        }
        default:
            return malformed("no message of a list is of kind " + std::to_string(*kind));
    }
}

void FrameReader::feed(BytesView octets) {
    append(pending_, octets);
}

Result<std::optional<Bytes>> FrameReader::next() {
    if (pending_.size() < length_size) {
        return std::nullopt;
    }
    const auto length = static_cast<std::size_t>(pending_[0] << 8U | pending_[1]);
    if (length == 0 || length > max_frame_size) {
        return malformed("a frame of " + std::to_string(length) + " octets");
    }
    if (pending_.size() < length_size + length) {
        return std::nullopt;
    }
    const auto begin = pending_.begin() + static_cast<std::ptrdiff_t>(length_size);
    const auto end = begin + static_cast<std::ptrdiff_t>(length);
    Bytes content(begin, end);
    pending_.erase(pending_.begin(), end);
    return std::optional<Bytes>(std::move(content));
}

}  // namespace card::reader
