#pragma once
// What a PKCS #11 module answers, as failures (PKCS #11 2.40, 5.1).

#include <string>
#include <string_view>

#include <p11-kit/pkcs11.h>

#include "cardformat/base/result.hpp"

namespace card::pkcs11 {

/// "CKR_PIN_INCORRECT"; the number in hexadecimal where it has no name here.
[[nodiscard]] std::string name(CK_RV answer);

/// `call`: CKR name: what to do. `insert_key_token` for every answer that means that the token, the
/// session or the login is gone.
[[nodiscard]] Failure failure(std::string_view call, CK_RV answer);

[[nodiscard]] Result<void> check(std::string_view call, CK_RV answer);

}  // namespace card::pkcs11
