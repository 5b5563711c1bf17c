#include "tests/station/token/soft_token.hpp"

#include <array>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <stdexcept>

#include <sys/stat.h>

#include "cardformat/crypto/random.hpp"
#include "station/vault/key_store.hpp"
#include "station/vault/pkcs11_module.hpp"

namespace soft_token {
namespace {

namespace fs = std::filesystem;
using namespace card;

constexpr std::string_view pin = "123456";

void must(CK_RV answer, const char* what) {
    if (answer != CKR_OK) {
        throw std::runtime_error(std::string(what) + ": " + pkcs11::name(answer));
    }
}

std::string temporary_folder() {
    std::string pattern = fs::temp_directory_path() / "soft_token.XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("mkdtemp");
    }
    return pattern;
}

/// SoftHSM reads this when it is initialised.
void use_folder(const fs::path& folder) {
    fs::create_directories(folder / "tokens");
    std::ofstream(folder / "softhsm2.conf")
        << "directories.tokendir = " << (folder / "tokens").string()
        << "\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n";
    ::setenv("SOFTHSM2_CONF", (folder / "softhsm2.conf").c_str(), 1);
}

void write_private(const fs::path& path, std::string_view text) {
    std::ofstream(path, std::ios::trunc) << text;
    ::chmod(path.c_str(), 0600);
}

void make_token() {
    const std::string command =
        std::string(SOFTHSM_UTIL) +
        " --init-token --free --label pass-station --so-pin 87654321 --pin " + std::string(pin) +
        " >/dev/null";
    if (std::system(command.c_str()) != 0) {
        throw std::runtime_error("softhsm2-util failed; the package softhsm2 is needed");
    }
}

/// SoftHSM itself with a session that is logged in.
struct Bench {
    std::unique_ptr<pkcs11::Module> module =
        std::move(pkcs11::Module::load(SOFTHSM_MODULE).value());
    CK_FUNCTION_LIST& calls = module->calls();
    CK_SESSION_HANDLE session = 0;

    Bench() {
        const auto slots = module->slots().value();
        for (const CK_SLOT_ID slot : slots) {
            if ((module->token_info(slot)->flags & CKF_TOKEN_INITIALIZED) != 0) {
                must(calls.C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr,
                                         nullptr, &session),
                     "C_OpenSession");
                break;
            }
        }
        std::string text(pin);
        must(calls.C_Login(session, CKU_USER, reinterpret_cast<CK_BYTE*>(text.data()), text.size()),
             "C_Login");
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;
    ~Bench() { calls.C_CloseSession(session); }
};

template <class T>
CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, T& value) {
    return {type, &value, sizeof value};
}

CK_ATTRIBUTE text_attribute(CK_ATTRIBUTE_TYPE type, std::string& text) {
    return {type, text.data(), text.size()};
}

/// How many there were.
std::size_t destroy(std::span<CK_ATTRIBUTE> wanted) {
    const Bench bench;
    must(bench.calls.C_FindObjectsInit(bench.session, wanted.data(), wanted.size()), "find");
    std::array<CK_OBJECT_HANDLE, 16> found{};
    CK_ULONG count = 0;
    must(bench.calls.C_FindObjects(bench.session, found.data(), found.size(), &count), "find");
    must(bench.calls.C_FindObjectsFinal(bench.session), "find");
    for (CK_ULONG i = 0; i < count; ++i) {
        must(bench.calls.C_DestroyObject(bench.session, found.at(i)), "C_DestroyObject");
    }
    return count;
}

constexpr std::array<std::uint8_t, 10> p256{0x06, 0x08, 0x2A, 0x86, 0x48,
                                            0xCE, 0x3D, 0x03, 0x01, 0x07};

/// What a process makes once.
class Origin {
  public:
    Origin() {
        use_folder(root_ / "blank");
        write_private(root_ / "blank" / "pin", pin);
        make_token();
        fs::copy(root_ / "blank", root_ / "made", fs::copy_options::recursive);
        use_folder(root_ / "made");
        SystemRandom random;
        const std::string uri = std::string("pkcs11:token=pass-station?module-path=") +
                                SOFTHSM_MODULE +
                                "&pin-source=file:" + (root_ / "made" / "pin").string();
        if (const auto created = create_keys(uri, random); !created) {
            throw std::runtime_error(created.error().detail);
        }
    }
    Origin(const Origin&) = delete;
    Origin& operator=(const Origin&) = delete;
    ~Origin() { fs::remove_all(root_); }

    [[nodiscard]] fs::path folder(SoftToken::Content content) const {
        return root_ / (content == SoftToken::Content::blank ? "blank" : "made");
    }

  private:
    fs::path root_ = temporary_folder();
};

}  // namespace

SoftToken::SoftToken(Content content) {
    static const Origin origin;
    faulty_module::begin(SOFTHSM_MODULE);
    folder_ = temporary_folder();
    fs::copy(origin.folder(content), folder_,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    use_folder(folder_);
    write_pin(pin);
}

SoftToken::~SoftToken() {
    fs::remove_all(folder_);
}

std::string SoftToken::uri_of(const std::string& module) const {
    return "pkcs11:token=pass-station?module-path=" + module +
           "&pin-source=file:" + (folder_ / "pin").string();
}

void SoftToken::write_pin(std::string_view text) const {
    write_private(folder_ / "pin", text);
}

std::size_t SoftToken::remove(const std::string& label) const {
    std::string text = label;
    std::array wanted{text_attribute(CKA_LABEL, text)};
    return destroy(wanted);
}

void SoftToken::remove_public(const std::string& label) const {
    std::string text = label;
    CK_OBJECT_CLASS kind = CKO_PUBLIC_KEY;
    std::array wanted{text_attribute(CKA_LABEL, text), attribute(CKA_CLASS, kind)};
    destroy(wanted);
}

void SoftToken::import_aes(const std::string& label, BytesView value, Flaws flaws) const {
    const Bench bench;
    CK_OBJECT_CLASS kind = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL sensitive = flaws.sensitive;
    CK_BBOOL extractable = flaws.extractable;
    CK_BBOOL is_private = flaws.is_private;
    CK_BBOOL signs = flaws.signs;
    std::string text = label;
    Bytes octets(value.begin(), value.end());
    std::array object{attribute(CKA_CLASS, kind),
                      attribute(CKA_KEY_TYPE, type),
                      attribute(CKA_TOKEN, yes),
                      attribute(CKA_PRIVATE, is_private),
                      attribute(CKA_SENSITIVE, sensitive),
                      attribute(CKA_EXTRACTABLE, extractable),
                      attribute(CKA_SIGN, signs),
                      text_attribute(CKA_LABEL, text),
                      CK_ATTRIBUTE{CKA_VALUE, octets.data(), octets.size()}};
    CK_OBJECT_HANDLE made = 0;
    must(bench.calls.C_CreateObject(bench.session, object.data(), object.size(), &made),
         "C_CreateObject");
}

void SoftToken::import_public(const std::string& label, const P256Point& point) const {
    const Bench bench;
    CK_OBJECT_CLASS kind = CKO_PUBLIC_KEY;
    CK_KEY_TYPE type = CKK_EC;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    std::string text = label;
    auto curve = p256;
    Bytes octets{0x04, 0x41};
    append(octets, point);
    std::array object{attribute(CKA_CLASS, kind),
                      attribute(CKA_KEY_TYPE, type),
                      attribute(CKA_TOKEN, yes),
                      attribute(CKA_PRIVATE, no),
                      attribute(CKA_EC_PARAMS, curve),
                      text_attribute(CKA_LABEL, text),
                      CK_ATTRIBUTE{CKA_EC_POINT, octets.data(), octets.size()}};
    CK_OBJECT_HANDLE made = 0;
    must(bench.calls.C_CreateObject(bench.session, object.data(), object.size(), &made),
         "C_CreateObject");
}

void SoftToken::make_key_pair(const std::string& label, Flaws flaws) const {
    const Bench bench;
    CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_BBOOL sensitive = flaws.sensitive;
    CK_BBOOL extractable = flaws.extractable;
    CK_BBOOL is_private = flaws.is_private;
    CK_BBOOL signs = flaws.signs;
    std::string text = label;
    auto curve = p256;
    std::array public_half{attribute(CKA_TOKEN, yes), attribute(CKA_PRIVATE, no),
                           attribute(CKA_EC_PARAMS, curve), text_attribute(CKA_LABEL, text)};
    std::array private_half{attribute(CKA_TOKEN, yes),
                            attribute(CKA_PRIVATE, is_private),
                            attribute(CKA_SENSITIVE, sensitive),
                            attribute(CKA_SIGN, signs),
                            attribute(CKA_EXTRACTABLE, extractable),
                            text_attribute(CKA_LABEL, text)};
    CK_OBJECT_HANDLE made_public = 0;
    CK_OBJECT_HANDLE made_private = 0;
    must(bench.calls.C_GenerateKeyPair(bench.session, &mechanism, public_half.data(),
                                       public_half.size(), private_half.data(), private_half.size(),
                                       &made_public, &made_private),
         "C_GenerateKeyPair");
}

void SoftToken::add_twin() const {
    make_token();
}

}  // namespace soft_token
