#pragma once
// EV2 secure messaging (AN12196 and AN12343; the same on DESFire EV2, EV3, Light and NTAG 424 DNA).
// Octets in, octets out; the only state is the command counter.

#include "cardformat/base/result.hpp"
#include "cardformat/desfire/types.hpp"

namespace card::desfire {

class Ev2Session {
  public:
    static constexpr std::size_t mac_size = 8;
    using TransactionIdentifier = std::array<std::uint8_t, 4>;

    Ev2Session(AesKey encryption, AesKey mac, TransactionIdentifier ti, std::uint16_t counter = 0);

    /// SV1 and SV2 of the authentication's random numbers, AN12196 6.6.
    static Ev2Session derive(const AesKey& key, BytesView rnd_a, BytesView rnd_b,
                             TransactionIdentifier ti, std::uint16_t counter = 0);

    /// What follows INS on the wire. Nothing is changed; `open` counts the command.
    [[nodiscard]] Bytes protect(std::uint8_t ins, BytesView header, BytesView data,
                                CommMode mode) const;

    /// Checks and takes apart a successful answer. `set_card_aside` for a missing or wrong MAC or
    /// padding: an answer inside a session is never believed without.
    [[nodiscard]] Result<Bytes> open(Status status, BytesView received, CommMode mode);

    /// The IV that enciphers the next command's data.
    [[nodiscard]] Bytes command_iv() const { return iv(0xA5, 0x5A, counter_); }
    [[nodiscard]] TransactionIdentifier transaction() const { return ti_; }
    [[nodiscard]] std::uint16_t counter() const { return counter_; }
    [[nodiscard]] const AesKey& encryption_key() const { return encryption_; }
    [[nodiscard]] const AesKey& mac_key() const { return mac_; }

  private:
    [[nodiscard]] Bytes mac_over(std::uint8_t first, std::uint16_t counter, BytesView data) const;
    [[nodiscard]] Bytes iv(std::uint8_t first, std::uint8_t second, std::uint16_t counter) const;

    AesKey encryption_;
    AesKey mac_;
    TransactionIdentifier ti_;
    std::uint16_t counter_;
};

}  // namespace card::desfire
