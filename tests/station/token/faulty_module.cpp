#include "tests/station/token/faulty_module.hpp"

#include <bit>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>

#include <dlfcn.h>

namespace faulty_module {
namespace {

constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

struct Fault {
    std::string name;
    CK_RV answer;
    std::size_t first;
    std::size_t last;
};

struct State {
    CK_FUNCTION_LIST* real = nullptr;
    std::map<std::string, std::size_t> calls;
    std::size_t all = 0;
    std::size_t removed_after = never;
    std::optional<Fault> fault;
    CK_FLAGS flags = 0;
    std::optional<CK_MECHANISM_TYPE> refused;
};

State& state() {
    static State state;
    return state;
}

bool removed() {
    return state().all > state().removed_after;
}

/// What to answer instead of calling; nothing where the call is to be made.
std::optional<CK_RV> intercepted(const std::string& name) {
    State& now = state();
    const std::size_t call = now.calls[name]++;
    ++now.all;
    if (now.fault && now.fault->name == name && call >= now.fault->first &&
        call <= now.fault->last) {
        return now.fault->answer;
    }
    const bool without_token = name == "C_Initialize" || name == "C_Finalize" ||
                               name == "C_CloseSession" || name == "C_GetSlotList";
    if (removed() && !without_token) {
        return CKR_DEVICE_REMOVED;
    }
    return std::nullopt;
}

#define FORWARD(name, parameters, arguments)          \
    CK_RV forward_##name parameters {                 \
        if (const auto answer = intercepted(#name)) { \
            return *answer;                           \
        }                                             \
        return state().real->name arguments;          \
    }

FORWARD(C_Initialize, (void* a), (a))
FORWARD(C_Finalize, (void* a), (a))
FORWARD(C_OpenSession, (CK_SLOT_ID a, CK_FLAGS b, void* c, CK_NOTIFY d, CK_SESSION_HANDLE* e),
        (a, b, c, d, e))
FORWARD(C_CloseSession, (CK_SESSION_HANDLE a), (a))
FORWARD(C_Login, (CK_SESSION_HANDLE a, CK_USER_TYPE b, CK_BYTE* c, CK_ULONG d), (a, b, c, d))
FORWARD(C_FindObjectsInit, (CK_SESSION_HANDLE a, CK_ATTRIBUTE* b, CK_ULONG c), (a, b, c))
FORWARD(C_FindObjects, (CK_SESSION_HANDLE a, CK_OBJECT_HANDLE* b, CK_ULONG c, CK_ULONG* d),
        (a, b, c, d))
FORWARD(C_FindObjectsFinal, (CK_SESSION_HANDLE a), (a))
FORWARD(C_GetAttributeValue, (CK_SESSION_HANDLE a, CK_OBJECT_HANDLE b, CK_ATTRIBUTE* c, CK_ULONG d),
        (a, b, c, d))
FORWARD(C_SignInit, (CK_SESSION_HANDLE a, CK_MECHANISM* b, CK_OBJECT_HANDLE c), (a, b, c))
FORWARD(C_Sign, (CK_SESSION_HANDLE a, CK_BYTE* b, CK_ULONG c, CK_BYTE* d, CK_ULONG* e),
        (a, b, c, d, e))
FORWARD(C_GenerateKey,
        (CK_SESSION_HANDLE a, CK_MECHANISM* b, CK_ATTRIBUTE* c, CK_ULONG d, CK_OBJECT_HANDLE* e),
        (a, b, c, d, e))
FORWARD(C_GenerateKeyPair,
        (CK_SESSION_HANDLE a, CK_MECHANISM* b, CK_ATTRIBUTE* c, CK_ULONG d, CK_ATTRIBUTE* e,
         CK_ULONG f, CK_OBJECT_HANDLE* g, CK_OBJECT_HANDLE* h),
        (a, b, c, d, e, f, g, h))
#undef FORWARD

CK_RV forward_C_GetSlotList(CK_BBOOL with_token, CK_SLOT_ID* slots, CK_ULONG* count) {
    if (const auto answer = intercepted("C_GetSlotList")) {
        return *answer;
    }
    if (removed()) {
        *count = 0;
        return CKR_OK;
    }
    return state().real->C_GetSlotList(with_token, slots, count);
}

CK_RV forward_C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
    if (const auto answer = intercepted("C_GetTokenInfo")) {
        return *answer;
    }
    const CK_RV answer = state().real->C_GetTokenInfo(slot, info);
    info->flags |= state().flags;
    return answer;
}

CK_RV forward_C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO* info) {
    if (const auto answer = intercepted("C_GetMechanismInfo")) {
        return *answer;
    }
    return type == state().refused ? CKR_MECHANISM_INVALID
                                   : state().real->C_GetMechanismInfo(slot, type, info);
}

CK_FUNCTION_LIST forwarding() {
    CK_FUNCTION_LIST list{};
    list.version = {2, 40};
    list.C_Initialize = forward_C_Initialize;
    list.C_Finalize = forward_C_Finalize;
    list.C_GetSlotList = forward_C_GetSlotList;
    list.C_GetTokenInfo = forward_C_GetTokenInfo;
    list.C_GetMechanismInfo = forward_C_GetMechanismInfo;
    list.C_OpenSession = forward_C_OpenSession;
    list.C_CloseSession = forward_C_CloseSession;
    list.C_Login = forward_C_Login;
    list.C_FindObjectsInit = forward_C_FindObjectsInit;
    list.C_FindObjects = forward_C_FindObjects;
    list.C_FindObjectsFinal = forward_C_FindObjectsFinal;
    list.C_GetAttributeValue = forward_C_GetAttributeValue;
    list.C_SignInit = forward_C_SignInit;
    list.C_Sign = forward_C_Sign;
    list.C_GenerateKey = forward_C_GenerateKey;
    list.C_GenerateKeyPair = forward_C_GenerateKeyPair;
    return list;
}

}  // namespace

void begin(const std::string& real_module) {
    CK_FUNCTION_LIST* real = state().real;
    if (real == nullptr) {
        void* library = ::dlopen(real_module.c_str(), RTLD_NOW | RTLD_LOCAL);
        void* symbol = library == nullptr ? nullptr : ::dlsym(library, "C_GetFunctionList");
        if (symbol == nullptr || std::bit_cast<CK_C_GetFunctionList>(symbol)(&real) != CKR_OK) {
            throw std::runtime_error("no PKCS #11 module: " + real_module);
        }
    }
    (void)real->C_Finalize(nullptr);  // of a vault whose C_Finalize was failed
    state() = State{};
    state().real = real;
}

const std::vector<std::string>& call_names() {
    static const std::vector<std::string> names{
        "C_Initialize",       "C_Finalize",    "C_GetSlotList",      "C_GetTokenInfo",
        "C_GetMechanismInfo", "C_OpenSession", "C_CloseSession",     "C_Login",
        "C_FindObjectsInit",  "C_FindObjects", "C_FindObjectsFinal", "C_GetAttributeValue",
        "C_SignInit",         "C_Sign"};
    return names;
}

void fail_calls(const std::string& name, CK_RV answer, std::size_t after) {
    state().fault = Fault{name, answer, calls_of(name) + after, never};
}

void fail_calls_once(const std::string& name, CK_RV answer) {
    state().fault = Fault{name, answer, calls_of(name), calls_of(name)};
}

void add_token_flags(CK_FLAGS flags) {
    state().flags = flags;
}

void refuse_mechanism(CK_MECHANISM_TYPE mechanism) {
    state().refused = mechanism;
}

void remove_after(std::size_t calls) {
    state().removed_after = state().all + calls;
}

void heal() {
    state().removed_after = never;
    state().fault.reset();
    state().refused.reset();
    state().flags = 0;
}

std::size_t calls_of(const std::string& name) {
    return state().calls[name];
}

std::size_t all_calls() {
    return state().all;
}

}  // namespace faulty_module

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
    static CK_FUNCTION_LIST forwarding = faulty_module::forwarding();
    *list = &forwarding;
    return CKR_OK;
}
