#pragma once
// What the station and a reader-worker tell each other over the worker's socket. PC/SC and libnfc
// look the same from here. The worker sees APDUs and reader names only: no keys, no people.
//
// On the wire a message is a frame: length of the rest (u16, big endian), kind (u8), body.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "cardformat/apdu/apdu.hpp"
#include "cardformat/base/bytes.hpp"
#include "cardformat/base/result.hpp"
#include "reader/link/frame_size.hpp"

namespace card::reader {

inline constexpr std::size_t max_frame_size = 1024;  ///< octets of a frame without its length

/// How the card is left when a connection ends.
enum class Disposition : std::uint8_t {
    leave,  ///< as it is
    reset,  ///< field off and on: the card forgets every session
};

/// What the person at the reader hears and sees of it, where the reader can do that.
enum class Cue : std::uint8_t {
    none,
    success,
    refusal,  ///< stop, and look at the screen
};

// Station to worker.
struct Connect {};
struct Transmit {
    Bytes apdu;
};
struct Disconnect {
    Disposition disposition;
    /// Given before the connection ends, so never in the middle of what is done to the card. Best
    /// effort: the answer is the same whether the reader can or not.
    Cue cue = Cue::none;
};
using ToWorker = std::variant<Connect, Transmit, Disconnect>;

// Worker to station. `ReaderUp`, `ReaderDown`, `CardPresent` and `CardRemoved` come by themselves
// while no connection is open; `Connected`, `Response`, `Disconnected` and `Failed` answer, one
// answer to each message in order.
struct ReaderUp {
    std::string name;  ///< as the reader stack names it
};
struct ReaderDown {
    Fault why;  ///< wait_for_reader, start_pcscd, grant_reader_access or correct_configuration
    std::string detail;
};
struct CardPresent {
    Bytes atr;
};
struct CardRemoved {};
struct Connected {
    FrameSize largest_frame = smallest_common_frame;  ///< of reader and driver, not of the card
};
struct Response {
    Bytes apdu;
};
struct Disconnected {};
struct Failed {
    Fault fault;
    std::string detail;
};
using FromWorker = std::variant<ReaderUp, ReaderDown, CardPresent, CardRemoved, Connected, Response,
                                Disconnected, Failed>;

// Worker to station, from a worker that was only started to list the readers of the PC/SC service:
// one for each reader and then the end, or a failure.

/// Bus and number of a USB device, as in /dev/bus/usb/001/004. New each time it is plugged in.
struct UsbAddress {
    std::uint8_t bus;
    std::uint8_t device;

    auto operator<=>(const UsbAddress&) const = default;
};
struct ListedReader {
    std::string name;                   ///< as the service calls it
    std::optional<UsbAddress> address;  ///< nothing for a reader that is no USB device, or is held
    bool held = false;                  ///< another program has an exclusive connection
};
struct ListEnd {};
using FromLister = std::variant<ListedReader, ListEnd, Failed>;

/// A whole frame with its length in front.
[[nodiscard]] Bytes encode(const ToWorker& message);
[[nodiscard]] Bytes encode(const FromWorker& message);
[[nodiscard]] Bytes encode_from_lister(const FromLister& message);

/// Reads the frame's content (without the length). `restart_worker` for anything malformed.
[[nodiscard]] Result<ToWorker> decode_to_worker(BytesView content);
[[nodiscard]] Result<FromWorker> decode_from_worker(BytesView content);
[[nodiscard]] Result<FromLister> decode_from_lister(BytesView content);

/// Cuts a stream of octets into frames' contents.
class FrameReader {
  public:
    void feed(BytesView octets);
    /// The next whole content, nothing when more octets are needed, `restart_worker` for a length
    /// of zero or above the limit.
    [[nodiscard]] Result<std::optional<Bytes>> next();

  private:
    Bytes pending_;
};

}  // namespace card::reader
