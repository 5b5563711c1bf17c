#pragma once

#include <cstdint>
#include <optional>

#include "tests/virtual/desfire/bytes.hpp"
#include "tests/virtual/desfire/crypto.hpp"

namespace virtual_card {

constexpr std::size_t mac_bytes = 8;
constexpr std::size_t crc_bytes = 4;
constexpr std::size_t legacy_crc_bytes = 2;

/// EV1 secure messaging (after 1A or AA): one IV runs through all commands and answers.
struct Ev1Channel {
    KeyType type = KeyType::aes;
    Bytes key;
    Bytes iv;

    /// The MAC over a message; moves the IV.
    Bytes mac(ByteView message);
    /// What the terminal enciphered; moves the IV.
    Bytes decrypt(ByteView cipher);
    /// Data with CRC and padding as the card enciphers it; moves the IV. `marked`: the terminal
    /// did not say a length, so the padding starts with 80.
    Bytes encrypt_answer(std::uint8_t status, ByteView data, bool marked);
};

/// Session key of 1A or AA from both random numbers.
Ev1Channel ev1_channel(KeyType type, ByteView key, ByteView rnd_a, ByteView rnd_b);

/// What EV2 sends of a CMAC: every second byte, from the second on.
Bytes truncated_mac(ByteView whole);

/// EV2 secure messaging (after 71 or 77).
struct Ev2Channel {
    Bytes enc_key;
    Bytes mac_key;
    Bytes transaction_id;
    std::uint16_t counter = 0;

    /// MAC over a command with the present counter, or over an answer: INS or status, then data.
    Bytes mac(std::uint8_t first, ByteView data) const;
    /// Nothing when the padding is wrong.
    std::optional<Bytes> decrypt_command(ByteView cipher) const;
    /// To be called when the counter has already moved on.
    Bytes encrypt_answer(ByteView data) const;
};

Ev2Channel ev2_channel(ByteView key, ByteView rnd_a, ByteView rnd_b, ByteView transaction_id,
                       std::uint16_t counter);

/// The legacy protocol (after 0A), in which the card only ever enciphers. What needs no protection
/// goes as it is; MACs and enciphered answers are not modelled.
struct LegacyChannel {
    Bytes key;

    /// What the terminal "deciphered": data, CRC_A, zeros. Nothing where that is not so.
    std::optional<Bytes> decrypt_command(ByteView cipher, std::size_t plain_length) const;
};

LegacyChannel legacy_channel(ByteView key, ByteView rnd_a, ByteView rnd_b);

/// The plain text of what a terminal made with C[i] = D(P[i] ^ C[i-1]).
Bytes undo_decipherment(ByteView des_key, ByteView cipher);

}  // namespace virtual_card
