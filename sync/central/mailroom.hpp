#pragma once
// Sends the letters that are due, one after the other, in a thread of its own: drawing and mailing
// block. A letter stays due until it is known to be out, so after a crash it goes out again under
// the same name.

#include "cardformat/credential/letter_qr.hpp"
#include "sync/central/central.hpp"
#include "sync/letter/delivery.hpp"

namespace card::central {

class Mailroom {
  public:
    /// Both must outlive the mailroom.
    Mailroom(Central& central, letter::Delivery delivery);
    ~Mailroom();
    Mailroom(const Mailroom&) = delete;
    Mailroom& operator=(const Mailroom&) = delete;

    /// Looks what is due: at the start, and whenever a letter may have become due.
    void wake();

  private:
    void send_next();
    void sent(const Letter& letter, const Result<void>& result);

    struct Hidden;
    std::unique_ptr<Hidden> hidden_;
};

/// The central's key for letters, from a PEM file; made with mode 0600 where there is none.
class LetterKey {
  public:
    static Result<LetterKey> open(const std::string& path);

    [[nodiscard]] SigningKeyId id() const { return id_; }
    [[nodiscard]] wire::LetterKeys public_keys() const;
    /// Signs with this key, which lives as long as the signer.
    [[nodiscard]] LetterSigner signer() const;

  private:
    explicit LetterKey(Es256Key key);
    std::shared_ptr<const Es256Key> key_;
    SigningKeyId id_;
};

}  // namespace card::central
