#include "station/vault/pkcs11_error.hpp"

#include <array>
#include <cstdio>
#include <span>

namespace card::pkcs11 {
namespace {

struct Named {
    CK_RV answer;
    std::string_view name;
};

#define NAMED(ckr) \
    Named {        \
        ckr, #ckr  \
    }
constexpr std::array named{NAMED(CKR_OK),
                           NAMED(CKR_CANCEL),
                           NAMED(CKR_HOST_MEMORY),
                           NAMED(CKR_SLOT_ID_INVALID),
                           NAMED(CKR_GENERAL_ERROR),
                           NAMED(CKR_FUNCTION_FAILED),
                           NAMED(CKR_ARGUMENTS_BAD),
                           NAMED(CKR_NO_EVENT),
                           NAMED(CKR_NEED_TO_CREATE_THREADS),
                           NAMED(CKR_CANT_LOCK),
                           NAMED(CKR_ATTRIBUTE_READ_ONLY),
                           NAMED(CKR_ATTRIBUTE_SENSITIVE),
                           NAMED(CKR_ATTRIBUTE_TYPE_INVALID),
                           NAMED(CKR_ATTRIBUTE_VALUE_INVALID),
                           NAMED(CKR_ACTION_PROHIBITED),
                           NAMED(CKR_DATA_INVALID),
                           NAMED(CKR_DATA_LEN_RANGE),
                           NAMED(CKR_DEVICE_ERROR),
                           NAMED(CKR_DEVICE_MEMORY),
                           NAMED(CKR_DEVICE_REMOVED),
                           NAMED(CKR_ENCRYPTED_DATA_INVALID),
                           NAMED(CKR_ENCRYPTED_DATA_LEN_RANGE),
                           NAMED(CKR_FUNCTION_CANCELED),
                           NAMED(CKR_FUNCTION_NOT_PARALLEL),
                           NAMED(CKR_FUNCTION_NOT_SUPPORTED),
                           NAMED(CKR_KEY_HANDLE_INVALID),
                           NAMED(CKR_KEY_SIZE_RANGE),
                           NAMED(CKR_KEY_TYPE_INCONSISTENT),
                           NAMED(CKR_KEY_NOT_NEEDED),
                           NAMED(CKR_KEY_CHANGED),
                           NAMED(CKR_KEY_NEEDED),
                           NAMED(CKR_KEY_INDIGESTIBLE),
                           NAMED(CKR_KEY_FUNCTION_NOT_PERMITTED),
                           NAMED(CKR_KEY_NOT_WRAPPABLE),
                           NAMED(CKR_KEY_UNEXTRACTABLE),
                           NAMED(CKR_MECHANISM_INVALID),
                           NAMED(CKR_MECHANISM_PARAM_INVALID),
                           NAMED(CKR_OBJECT_HANDLE_INVALID),
                           NAMED(CKR_OPERATION_ACTIVE),
                           NAMED(CKR_OPERATION_NOT_INITIALIZED),
                           NAMED(CKR_PIN_INCORRECT),
                           NAMED(CKR_PIN_INVALID),
                           NAMED(CKR_PIN_LEN_RANGE),
                           NAMED(CKR_PIN_EXPIRED),
                           NAMED(CKR_PIN_LOCKED),
                           NAMED(CKR_SESSION_CLOSED),
                           NAMED(CKR_SESSION_COUNT),
                           NAMED(CKR_SESSION_HANDLE_INVALID),
                           NAMED(CKR_SESSION_PARALLEL_NOT_SUPPORTED),
                           NAMED(CKR_SESSION_READ_ONLY),
                           NAMED(CKR_SESSION_EXISTS),
                           NAMED(CKR_SESSION_READ_ONLY_EXISTS),
                           NAMED(CKR_SESSION_READ_WRITE_SO_EXISTS),
                           NAMED(CKR_SIGNATURE_INVALID),
                           NAMED(CKR_SIGNATURE_LEN_RANGE),
                           NAMED(CKR_TEMPLATE_INCOMPLETE),
                           NAMED(CKR_TEMPLATE_INCONSISTENT),
                           NAMED(CKR_TOKEN_NOT_PRESENT),
                           NAMED(CKR_TOKEN_NOT_RECOGNIZED),
                           NAMED(CKR_TOKEN_WRITE_PROTECTED),
                           NAMED(CKR_UNWRAPPING_KEY_HANDLE_INVALID),
                           NAMED(CKR_UNWRAPPING_KEY_SIZE_RANGE),
                           NAMED(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT),
                           NAMED(CKR_USER_ALREADY_LOGGED_IN),
                           NAMED(CKR_USER_NOT_LOGGED_IN),
                           NAMED(CKR_USER_PIN_NOT_INITIALIZED),
                           NAMED(CKR_USER_TYPE_INVALID),
                           NAMED(CKR_USER_ANOTHER_ALREADY_LOGGED_IN),
                           NAMED(CKR_USER_TOO_MANY_TYPES),
                           NAMED(CKR_WRAPPED_KEY_INVALID),
                           NAMED(CKR_WRAPPED_KEY_LEN_RANGE),
                           NAMED(CKR_WRAPPING_KEY_HANDLE_INVALID),
                           NAMED(CKR_WRAPPING_KEY_SIZE_RANGE),
                           NAMED(CKR_WRAPPING_KEY_TYPE_INCONSISTENT),
                           NAMED(CKR_RANDOM_SEED_NOT_SUPPORTED),
                           NAMED(CKR_RANDOM_NO_RNG),
                           NAMED(CKR_DOMAIN_PARAMS_INVALID),
                           NAMED(CKR_CURVE_NOT_SUPPORTED),
                           NAMED(CKR_BUFFER_TOO_SMALL),
                           NAMED(CKR_SAVED_STATE_INVALID),
                           NAMED(CKR_INFORMATION_SENSITIVE),
                           NAMED(CKR_STATE_UNSAVEABLE),
                           NAMED(CKR_CRYPTOKI_NOT_INITIALIZED),
                           NAMED(CKR_CRYPTOKI_ALREADY_INITIALIZED),
                           NAMED(CKR_MUTEX_BAD),
                           NAMED(CKR_MUTEX_NOT_LOCKED),
                           NAMED(CKR_NEW_PIN_MODE),
                           NAMED(CKR_NEXT_OTP),
                           NAMED(CKR_EXCEEDED_MAX_ITERATIONS),
                           NAMED(CKR_FIPS_SELF_TEST_FAILED),
                           NAMED(CKR_LIBRARY_LOAD_FAILED),
                           NAMED(CKR_PIN_TOO_WEAK),
                           NAMED(CKR_PUBLIC_KEY_INVALID),
                           NAMED(CKR_FUNCTION_REJECTED)};
#undef NAMED

/// What to do about some answers.
struct Advice {
    Fault fault;
    std::string_view what_to_do;
    std::span<const CK_RV> answers;
};

constexpr std::array pin_is_wrong{CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE};
constexpr std::array pin_is_locked{CKR_PIN_LOCKED};
constexpr std::array pin_is_due{CKR_PIN_EXPIRED, CKR_USER_PIN_NOT_INITIALIZED};
constexpr std::array token_is_gone{
    CKR_TOKEN_NOT_PRESENT,        CKR_DEVICE_REMOVED,         CKR_DEVICE_ERROR,
    CKR_SESSION_CLOSED,           CKR_SESSION_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN,
    CKR_KEY_HANDLE_INVALID,       CKR_OBJECT_HANDLE_INVALID,  CKR_SLOT_ID_INVALID,
    CKR_CRYPTOKI_NOT_INITIALIZED, CKR_GENERAL_ERROR,          CKR_FUNCTION_FAILED,
    CKR_FUNCTION_CANCELED};
constexpr std::array cannot_do{CKR_MECHANISM_INVALID,      CKR_MECHANISM_PARAM_INVALID,
                               CKR_FUNCTION_NOT_SUPPORTED, CKR_CURVE_NOT_SUPPORTED,
                               CKR_KEY_SIZE_RANGE,         CKR_KEY_TYPE_INCONSISTENT};
constexpr std::array not_permitted{CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_ACTION_PROHIBITED};
constexpr std::array not_taken{CKR_TEMPLATE_INCONSISTENT, CKR_TEMPLATE_INCOMPLETE,
                               CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_TYPE_INVALID,
                               CKR_ATTRIBUTE_READ_ONLY};
constexpr std::array not_writable{CKR_TOKEN_WRITE_PROTECTED, CKR_SESSION_READ_ONLY};
constexpr std::array is_full{CKR_DEVICE_MEMORY, CKR_SESSION_COUNT, CKR_HOST_MEMORY};
constexpr std::array not_a_token{CKR_TOKEN_NOT_RECOGNIZED};
constexpr std::array broken_call{
    CKR_ARGUMENTS_BAD,  CKR_BUFFER_TOO_SMALL, CKR_OPERATION_NOT_INITIALIZED, CKR_OPERATION_ACTIVE,
    CKR_DATA_LEN_RANGE, CKR_DATA_INVALID,     CKR_USER_TYPE_INVALID};

constexpr std::array advices{
    Advice{Fault::correct_token_pin,
           "the PIN is wrong; put it right where pin-source says, and only then start again: every "
           "wrong try brings the token nearer to locking",
           pin_is_wrong},
    Advice{Fault::unlock_key_token,
           "the PIN is locked after wrong tries; the security officer sets a new one (pkcs11-tool "
           "--init-pin)",
           pin_is_locked},
    Advice{Fault::correct_configuration, "set a new user PIN (pkcs11-tool --change-pin)",
           pin_is_due},
    Advice{Fault::insert_key_token,
           "the token, its session or its driver is gone; plug the token in, or bring its service "
           "back",
           token_is_gone},
    Advice{Fault::correct_configuration,
           "this token cannot do it; one with AES-CMAC, AES and P-256 keys and ECDSA is needed",
           cannot_do},
    Advice{Fault::correct_configuration,
           "the key may not be used so; it was made for something else or the token forbids it",
           not_permitted},
    Advice{Fault::correct_configuration,
           "the token takes no keys of this form; its vendor's notes or policy say why", not_taken},
    Advice{Fault::correct_configuration, "the token is write-protected", not_writable},
    Advice{Fault::correct_configuration, "no room: the token or this machine is full", is_full},
    Advice{Fault::correct_configuration, "the module does not know this token", not_a_token},
    Advice{Fault::report_defect, "the module and this program do not understand each other",
           broken_call},
};

constexpr Advice otherwise{
    Fault::correct_configuration, "the module's own log or its vendor's notes say more", {}};

const Advice& advice_for(CK_RV answer) {
    for (const Advice& advice : advices) {
        for (const CK_RV one : advice.answers) {
            if (one == answer) {
                return advice;
            }
        }
    }
    return otherwise;
}

}  // namespace

std::string name(CK_RV answer) {
    for (const Named& one : named) {
        if (one.answer == answer) {
            return std::string(one.name);
        }
    }
    std::array<char, 24> text{};
    (void)std::snprintf(text.data(), text.size(), "0x%lX", answer);
    return text.data();
}

Failure failure(std::string_view call, CK_RV answer) {
    const Advice& advice = advice_for(answer);
    return {
        advice.fault,
        std::string(call).append(": ").append(name(answer)).append(": ").append(advice.what_to_do)};
}

Result<void> check(std::string_view call, CK_RV answer) {
    if (answer != CKR_OK) {
        return tl::make_unexpected(failure(call, answer));
    }
    return {};
}

}  // namespace card::pkcs11
