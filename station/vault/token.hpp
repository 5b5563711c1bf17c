#pragma once
// The token that a TokenSpec names, logged in, and which of our keys are in it.

#include <map>

#include "station/vault/generations.hpp"
#include "station/vault/pkcs11_module.hpp"

namespace card {

/// A module, a session and a login. Made anew after a loss: some drivers see a token that is
/// plugged in again only when they are started again.
class Token {
  public:
    /// Tries the PIN once, and not at all where the token says that it is locked or that one try is
    /// left. `insert_key_token` where no token fits; `correct_configuration` where more than one
    /// does, the PIN is refused, or the token cannot do what keys are needed for.
    static Result<Token> open(const TokenSpec& spec, pkcs11::Access access);

    [[nodiscard]] pkcs11::Session& session() const { return *session_; }
    /// For people: label, serial number and maker.
    [[nodiscard]] const std::string& description() const { return description_; }

  private:
    Token(std::unique_ptr<pkcs11::Module> module, std::unique_ptr<pkcs11::Session> session,
          std::string description)
        : module_(std::move(module)),
          session_(std::move(session)),
          description_(std::move(description)) {}

    std::unique_ptr<pkcs11::Module> module_;
    std::unique_ptr<pkcs11::Session> session_;
    std::string description_;
};

/// One key of ours in a token.
struct TokenKey {
    CK_OBJECT_HANDLE object;
    bool made_in_token;  ///< never known outside; false for an imported one
};

/// Our keys, by label, and everything that is wrong with them.
struct TokenKeys {
    std::map<MasterName, TokenKey> masters;
    std::map<SigningName, TokenKey> private_keys;
    std::map<SigningName, P256Point> public_keys;
    std::optional<TokenKey> data;
    std::vector<std::string> problems;

    [[nodiscard]] Generations generations() const;
    /// The newest signing key with both halves.
    [[nodiscard]] std::optional<SigningName> signing() const;
    /// What a station needs and is not there, by label.
    [[nodiscard]] std::vector<std::string> lacking() const;
    [[nodiscard]] std::vector<VaultNotice> notices() const;
};

/// Keys that are not sensitive, extractable, usable without login, of the wrong kind, or that share
/// a label are problems, and whoever uses keys refuses the store for them.
[[nodiscard]] Result<TokenKeys> read_keys(pkcs11::Session& session);

/// AN10922 in the token: CMAC over 01 ‖ input, whose 17 to 32 octets both pad alike.
[[nodiscard]] Result<AesKey> diversify_in_token(pkcs11::Session& session, CK_OBJECT_HANDLE master,
                                                BytesView input);
/// CMAC over 16 octets of zeros of every master: shows which are equal, and nothing else about
/// them. An equal pair is added to the problems.
[[nodiscard]] Result<std::map<MasterName, Bytes>> check_values(pkcs11::Session& session,
                                                               TokenKeys& keys);
/// SP 800-108r1, 4.1: counter mode with CMAC, two blocks, counter and length of 32 bits, label
/// "port-pass data", context empty.
[[nodiscard]] Result<SealingKey> derive_sealing_key(pkcs11::Session& session,
                                                    CK_OBJECT_HANDLE data);
/// ES256 over `message`, hashed here.
[[nodiscard]] Result<Bytes> sign_in_token(pkcs11::Session& session, CK_OBJECT_HANDLE key,
                                          BytesView message);

/// Makes a key as a sensitive, non-extractable, private object of the token under its label.
[[nodiscard]] Result<void> make_key(pkcs11::Session& session, const KeyName& key);

}  // namespace card
