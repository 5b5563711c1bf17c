#pragma once
// A PKCS #11 module and one session with a token, owned. Thin: each call is checked and named, what
// a module gives is bounded, nothing is decided here. PKCS #11 2.40; one thread.

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "cardformat/base/bytes.hpp"
#include "station/vault/pin.hpp"
#include "station/vault/pkcs11_error.hpp"

namespace card::pkcs11 {

/// A loaded and initialised module. Initialisation is one for a process: where another part of it
/// has done it, this leaves ending it to that part.
class Module {
  public:
    /// `correct_configuration` where the file is missing or no PKCS #11 module.
    static Result<std::unique_ptr<Module>> load(const std::string& path);
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;
    ~Module();

    [[nodiscard]] CK_FUNCTION_LIST& calls() const { return *calls_; }
    /// Slots that have a token in them.
    [[nodiscard]] Result<std::vector<CK_SLOT_ID>> slots();
    [[nodiscard]] Result<CK_TOKEN_INFO> token_info(CK_SLOT_ID slot);
    /// Whether the token in the slot offers the mechanism for the use (a CKF_ flag).
    [[nodiscard]] bool offers(CK_SLOT_ID slot, CK_MECHANISM_TYPE mechanism, CK_FLAGS use);

  private:
    explicit Module(void* library) : library_(library) {}
    [[nodiscard]] Result<void> initialise(const std::string& path);

    void* library_;
    CK_FUNCTION_LIST* calls_ = nullptr;
    bool ours_to_finalise_ = false;
};

enum class Access : std::uint8_t { read, write };

/// Attributes for a search or a new object; they point at values that outlive them.
using Template = std::span<CK_ATTRIBUTE>;

class Session {
  public:
    static Result<std::unique_ptr<Session>> open(Module& module, CK_SLOT_ID slot, Access access);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    [[nodiscard]] Result<void> login(const Pin& pin);
    [[nodiscard]] Result<std::vector<CK_OBJECT_HANDLE>> find(Template wanted);
    /// Nothing where the object does not have it, does not give it, or it is longer than 256
    /// octets.
    [[nodiscard]] Result<std::optional<Bytes>> attribute(CK_OBJECT_HANDLE object,
                                                         CK_ATTRIBUTE_TYPE type);
    /// C_Sign in one part; the answer must be as long as `signature`.
    [[nodiscard]] Result<void> sign(CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE key,
                                    BytesView message, std::span<std::uint8_t> signature);
    [[nodiscard]] Result<void> generate(CK_MECHANISM_TYPE mechanism, Template key);
    [[nodiscard]] Result<void> generate_pair(CK_MECHANISM_TYPE mechanism, Template public_key,
                                             Template private_key);

  private:
    Session(Module& module, CK_SESSION_HANDLE handle) : module_(&module), handle_(handle) {}

    Module* module_;
    CK_SESSION_HANDLE handle_;
};

}  // namespace card::pkcs11
