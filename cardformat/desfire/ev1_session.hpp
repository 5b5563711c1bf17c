#pragma once
// EV1 secure messaging after AuthenticateISO (1A) or AuthenticateAES (AA): one IV runs through
// every command and answer. EV1 chips have nothing else, and every new card needs it once, under
// the factory's DES key.

#include "cardformat/base/result.hpp"
#include "cardformat/desfire/types.hpp"

namespace card::desfire {

class Ev1Session {
  public:
    static constexpr std::size_t mac_size = 8;

    /// `cipher` has the session key; `iv` is zeros right after the authentication.
    explicit Ev1Session(BlockCipher cipher);
    Ev1Session(BlockCipher cipher, Bytes iv);

    /// What follows INS on the wire for a command whose parameters go in the clear. Their CMAC is
    /// not sent but moves the IV.
    [[nodiscard]] Bytes protect_plain(std::uint8_t ins, BytesView parameters);

    /// header ‖ E(data ‖ CRC32(ins ‖ header ‖ data) ‖ after_crc ‖ zeros). `after_crc` is the new
    /// key's CRC of a ChangeKey for another key, else empty.
    [[nodiscard]] Bytes protect_full(std::uint8_t ins, BytesView header, BytesView data,
                                     BytesView after_crc = {});

    /// Takes data ‖ CMAC apart; the CMAC is over data ‖ status. `set_card_aside` without a right
    /// one.
    [[nodiscard]] Result<Bytes> open_mac(Status status, BytesView received);

    /// Deciphers data ‖ CRC32(data ‖ status) ‖ zeros of `size` octets of data. With a `size` of 0
    /// the card decided how much it sends, and the padding may begin with 80. `set_card_aside` for
    /// another length or check sum.
    [[nodiscard]] Result<Bytes> open_full(Status status, BytesView received, std::size_t size);

  private:
    BlockCipher cipher_;
    Bytes iv_;
};

}  // namespace card::desfire
