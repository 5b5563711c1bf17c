#include "station/vault/pkcs11_module.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include <dlfcn.h>

namespace card::pkcs11 {
namespace {

constexpr CK_ULONG max_slots = 1024;
constexpr std::size_t max_objects = 4096;
constexpr std::size_t max_attribute_size = 256;

std::string mechanism_name(CK_MECHANISM_TYPE mechanism) {
    switch (mechanism) {
        case CKM_AES_CMAC:
            return "CKM_AES_CMAC";
        case CKM_ECDSA:
            return "CKM_ECDSA";
        case CKM_AES_KEY_GEN:
            return "CKM_AES_KEY_GEN";
        case CKM_EC_KEY_PAIR_GEN:
            return "CKM_EC_KEY_PAIR_GEN";
        default:
            return "mechanism " + std::to_string(mechanism);
    }
}

std::string with(std::string_view call, CK_MECHANISM_TYPE mechanism) {
    return std::string(call) + " with " + mechanism_name(mechanism);
}

/// PKCS #11 takes what it only reads without const.
CK_BYTE_PTR unconst(BytesView octets) {
    return const_cast<CK_BYTE_PTR>(octets.data());
}

bool has_needed_calls(const CK_FUNCTION_LIST& calls) {
    return calls.C_Initialize != nullptr && calls.C_Finalize != nullptr &&
           calls.C_GetSlotList != nullptr && calls.C_GetTokenInfo != nullptr &&
           calls.C_GetMechanismInfo != nullptr && calls.C_OpenSession != nullptr &&
           calls.C_CloseSession != nullptr && calls.C_Login != nullptr &&
           calls.C_FindObjectsInit != nullptr && calls.C_FindObjects != nullptr &&
           calls.C_FindObjectsFinal != nullptr && calls.C_GetAttributeValue != nullptr &&
           calls.C_SignInit != nullptr && calls.C_Sign != nullptr &&
           calls.C_GenerateKey != nullptr && calls.C_GenerateKeyPair != nullptr;
}

tl::unexpected<Failure> no_module(const std::string& path, const std::string& why) {
    return fail(Fault::correct_configuration, "PKCS #11 module " + path + ": " + why);
}

}  // namespace

Result<std::unique_ptr<Module>> Module::load(const std::string& path) {
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char* why = ::dlerror();  // NOLINT(concurrency-mt-unsafe): of this thread in glibc
        return no_module(path, "cannot be loaded; correct module-path or install its package (" +
                                   std::string(why == nullptr ? "no reason given" : why) + ")");
    }
    std::unique_ptr<Module> module(new Module(library));
    if (auto initialised = module->initialise(path); !initialised) {
        return tl::make_unexpected(initialised.error());
    }
    return module;
}

Result<void> Module::initialise(const std::string& path) {
    void* symbol = ::dlsym(library_, "C_GetFunctionList");
    if (symbol == nullptr) {
        return no_module(path, "has no C_GetFunctionList, so it is no PKCS #11 module");
    }
    const auto get_function_list = std::bit_cast<CK_C_GetFunctionList>(symbol);
    if (auto got = check("C_GetFunctionList", get_function_list(&calls_)); !got) {
        return got;
    }
    if (calls_ == nullptr || (calls_->version.major != 2 && calls_->version.major != 3) ||
        !has_needed_calls(*calls_)) {
        return no_module(path, "is not of PKCS #11 version 2 or 3, or lacks functions");
    }
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    const CK_RV answer = calls_->C_Initialize(&arguments);
    if (answer == CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        return {};
    }
    ours_to_finalise_ = answer == CKR_OK;
    return check("C_Initialize", answer);
}

Module::~Module() {
    if (ours_to_finalise_) {
        calls_->C_Finalize(nullptr);
    }
    ::dlclose(library_);
}

Result<std::vector<CK_SLOT_ID>> Module::slots() {
    CK_ULONG count = 0;
    if (auto counted = check("C_GetSlotList", calls_->C_GetSlotList(CK_TRUE, nullptr, &count));
        !counted) {
        return tl::make_unexpected(counted.error());
    }
    // A token may be plugged in between the two calls.
    std::vector<CK_SLOT_ID> slots(std::min(count, max_slots) + 8);
    count = slots.size();
    if (auto listed = check("C_GetSlotList", calls_->C_GetSlotList(CK_TRUE, slots.data(), &count));
        !listed) {
        return tl::make_unexpected(listed.error());
    }
    slots.resize(std::min<std::size_t>(count, slots.size()));
    return slots;
}

Result<CK_TOKEN_INFO> Module::token_info(CK_SLOT_ID slot) {
    CK_TOKEN_INFO info{};
    if (auto got = check("C_GetTokenInfo", calls_->C_GetTokenInfo(slot, &info)); !got) {
        return tl::make_unexpected(got.error());
    }
    return info;
}

bool Module::offers(CK_SLOT_ID slot, CK_MECHANISM_TYPE mechanism, CK_FLAGS use) {
    CK_MECHANISM_INFO info{};
    return calls_->C_GetMechanismInfo(slot, mechanism, &info) == CKR_OK && (info.flags & use) != 0;
}

Result<std::unique_ptr<Session>> Session::open(Module& module, CK_SLOT_ID slot, Access access) {
    const CK_FLAGS flags =
        CKF_SERIAL_SESSION | (access == Access::write ? CKF_RW_SESSION : CK_FLAGS{0});
    CK_SESSION_HANDLE handle = 0;
    if (auto opened = check("C_OpenSession",
                            module.calls().C_OpenSession(slot, flags, nullptr, nullptr, &handle));
        !opened) {
        return tl::make_unexpected(opened.error());
    }
    return std::unique_ptr<Session>(new Session(module, handle));
}

Session::~Session() {
    module_->calls().C_CloseSession(handle_);
}

Result<void> Session::login(const Pin& pin) {
    const BytesView octets = pin.reveal();
    const CK_RV answer =
        module_->calls().C_Login(handle_, CKU_USER, unconst(octets), octets.size());
    return check("C_Login", answer == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : answer);
}

Result<std::vector<CK_OBJECT_HANDLE>> Session::find(Template wanted) {
    CK_FUNCTION_LIST& calls = module_->calls();
    if (auto begun = check("C_FindObjectsInit",
                           calls.C_FindObjectsInit(handle_, wanted.data(), wanted.size()));
        !begun) {
        return tl::make_unexpected(begun.error());
    }
    std::vector<CK_OBJECT_HANDLE> found;
    Result<void> outcome;
    while (found.size() <= max_objects) {
        std::array<CK_OBJECT_HANDLE, 64> some{};
        CK_ULONG count = 0;
        outcome =
            check("C_FindObjects", calls.C_FindObjects(handle_, some.data(), some.size(), &count));
        if (!outcome || count == 0) {
            break;
        }
        found.insert(
            found.end(), some.begin(),
            some.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(count, some.size())));
    }
    const CK_RV ended = calls.C_FindObjectsFinal(handle_);
    if (outcome) {
        outcome = check("C_FindObjectsFinal", ended);
    }
    if (outcome && found.size() > max_objects) {
        return fail(Fault::correct_configuration,
                    "the token has more than 4096 objects of a kind; give the station its own");
    }
    if (!outcome) {
        return tl::make_unexpected(outcome.error());
    }
    return found;
}

Result<std::optional<Bytes>> Session::attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    Bytes value(max_attribute_size);
    CK_ATTRIBUTE wanted{type, value.data(), value.size()};
    const CK_RV answer = module_->calls().C_GetAttributeValue(handle_, object, &wanted, 1);
    if (answer == CKR_ATTRIBUTE_TYPE_INVALID || answer == CKR_ATTRIBUTE_SENSITIVE ||
        answer == CKR_BUFFER_TOO_SMALL) {
        return std::optional<Bytes>();
    }
    if (auto got = check("C_GetAttributeValue", answer); !got) {
        return tl::make_unexpected(got.error());
    }
    if (wanted.ulValueLen > value.size()) {  // CK_UNAVAILABLE_INFORMATION is, too
        return std::optional<Bytes>();
    }
    value.resize(wanted.ulValueLen);
    return std::optional(std::move(value));
}

Result<void> Session::sign(CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE key, BytesView message,
                           std::span<std::uint8_t> signature) {
    CK_FUNCTION_LIST& calls = module_->calls();
    CK_MECHANISM chosen{mechanism, nullptr, 0};
    if (auto begun = check(with("C_SignInit", mechanism), calls.C_SignInit(handle_, &chosen, key));
        !begun) {
        return begun;
    }
    CK_ULONG size = signature.size();
    if (auto made =
            check(with("C_Sign", mechanism),
                  calls.C_Sign(handle_, unconst(message), message.size(), signature.data(), &size));
        !made) {
        return made;
    }
    if (size != signature.size()) {
        return fail(Fault::correct_configuration, with("C_Sign", mechanism) + ": gave " +
                                                      std::to_string(size) + " octets, not " +
                                                      std::to_string(signature.size()));
    }
    return {};
}

Result<void> Session::generate(CK_MECHANISM_TYPE mechanism, Template key) {
    CK_MECHANISM chosen{mechanism, nullptr, 0};
    CK_OBJECT_HANDLE made = 0;
    return check(with("C_GenerateKey", mechanism),
                 module_->calls().C_GenerateKey(handle_, &chosen, key.data(), key.size(), &made));
}

Result<void> Session::generate_pair(CK_MECHANISM_TYPE mechanism, Template public_key,
                                    Template private_key) {
    CK_MECHANISM chosen{mechanism, nullptr, 0};
    CK_OBJECT_HANDLE made_public = 0;
    CK_OBJECT_HANDLE made_private = 0;
    return check(with("C_GenerateKeyPair", mechanism),
                 module_->calls().C_GenerateKeyPair(
                     handle_, &chosen, public_key.data(), public_key.size(), private_key.data(),
                     private_key.size(), &made_public, &made_private));
}

}  // namespace card::pkcs11
