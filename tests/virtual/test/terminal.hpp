#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <utility>
#include <variant>

#include "tests/virtual/desfire/card.hpp"
#include "tests/virtual/desfire/channel.hpp"
#include "tests/virtual/desfire/status.hpp"

namespace virtual_card::test {

struct Reply {
    Status status = Status::ok;
    Bytes data;
};

/// The card is not in the field any more.
struct CardLeft {};

/// The reader's side of a conversation, as far as these tests need it.
class Terminal {
  public:
    /// `command_limit`: most data bytes in one APDU.
    explicit Terminal(Card& card, std::size_t command_limit = 55)
        : card_(card), command_limit_(command_limit) {}

    void after_each_apdu(std::function<void()> observer) { observer_ = std::move(observer); }

    /// One APDU as given; throws CardLeft.
    Bytes apdu(ByteView apdu);
    Reply frame(Ins ins, ByteView data = {});
    /// A whole command without secure messaging, chained in both directions.
    Reply plain(Ins ins, ByteView data = {});
    /// A whole command in a session. `mode` protects the command's data behind `header`,
    /// `answer_mode` the answer, whose MAC is checked.
    Reply secured(Ins ins, ByteView header = {}, ByteView data = {}, CommMode mode = CommMode::mac,
                  CommMode answer_mode = CommMode::mac);
    /// The bytes of that command as they go over the air, before cutting.
    Bytes protected_command(Ins ins, ByteView header, ByteView data, CommMode mode);

    Status authenticate_iso(ByteView key, std::uint8_t number = 0);
    Status authenticate_aes(ByteView key, std::uint8_t number = 0);
    Status authenticate_ev2(ByteView key, std::uint8_t number = 0);
    Status authenticate_ev2_non_first(ByteView key, std::uint8_t number = 0);
    Status select(const Aid& aid);
    void change_key(std::uint8_t number, ByteView fresh, std::uint8_t version,
                    std::optional<Bytes> old_key);
    void forget_session() { session_.reset(); }
    /// What stood behind data and checksum in the last enciphered EV1 answer.
    const Bytes& padding() const { return padding_; }

  private:
    Status authenticate(Ins ins, ByteView request, KeyType type, ByteView key);
    Bytes unprotected(Status status, ByteView data, CommMode mode);
    Bytes checked_ev1(ByteView plain, std::uint8_t status);
    Ev1Channel* ev1() { return session_ ? std::get_if<Ev1Channel>(&*session_) : nullptr; }
    Ev2Channel* ev2() { return session_ ? std::get_if<Ev2Channel>(&*session_) : nullptr; }

    Card& card_;
    std::size_t command_limit_;
    Bytes padding_;
    std::function<void()> observer_ = [] {};
    std::optional<std::variant<Ev1Channel, Ev2Channel>> session_;
};

constexpr Aid test_aid{0xF5, 0x4B, 0x50};
constexpr Aid picc_level{0, 0, 0};

/// Gives the listed bytes in order, then counts up.
Randomness scripted(Bytes bytes);

Bytes joined(ByteView first, ByteView second);

/// A card with an AES PICC key of zeros and one AES application of three zero keys.
CardMemory prepared_card(std::uint8_t settings = factory_settings);
/// Adds a file to that application.
void add_file(CardMemory& memory, std::uint8_t number, FileType type, CommMode comm,
              std::uint16_t access_rights, std::size_t size);
/// File number, offset and length as ReadData and WriteData carry them.
Bytes range(std::uint8_t file, std::uint32_t offset, std::uint32_t length);

/// Bytes that count up from `first`.
Bytes counting(std::size_t count, std::uint8_t first = 1);

std::ostream& operator<<(std::ostream& out, Status status);

}  // namespace virtual_card::test

namespace virtual_card {
inline std::ostream& operator<<(std::ostream& out, Status status) {
    return test::operator<<(out, status);
}
}  // namespace virtual_card
