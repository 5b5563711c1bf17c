#pragma once
// A PKCS #11 module that hands every call to SoftHSM, unless it was told to fail it. Loaded by path
// as any module, and linked by the tests that tell it what to do.

#include <cstddef>
#include <string>
#include <vector>

#include <p11-kit/pkcs11.h>

namespace faulty_module {

/// The module that calls go to. Forgets every fault and count.
void begin(const std::string& real_module);

/// The calls that a vault or an administrator makes.
const std::vector<std::string>& call_names();

/// From the call after the next `after` ones of this name on, it fails.
void fail_calls(const std::string& name, CK_RV answer, std::size_t after = 0);
/// As `fail_calls`, but only the next one.
void fail_calls_once(const std::string& name, CK_RV answer);
/// The token says so of itself, beside what it says anyway.
void add_token_flags(CK_FLAGS flags);
void refuse_mechanism(CK_MECHANISM_TYPE mechanism);
/// After this many calls of any name the token is pulled out.
void remove_after(std::size_t calls);
/// The token is put back and nothing fails any more; counts go on.
void heal();

std::size_t calls_of(const std::string& name);
std::size_t all_calls();

}  // namespace faulty_module
