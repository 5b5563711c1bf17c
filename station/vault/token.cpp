#include "station/vault/token.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "cardformat/crypto/hash.hpp"

namespace card {
namespace {

using pkcs11::Session;

constexpr std::size_t aes128_size = 16;
constexpr std::size_t aes256_size = 32;
/// The object identifier 1.2.840.10045.3.1.7 in DER.
constexpr std::array<std::uint8_t, 10> p256_oid{0x06, 0x08, 0x2A, 0x86, 0x48,
                                                0xCE, 0x3D, 0x03, 0x01, 0x07};

template <std::size_t N>
std::string field(const unsigned char (&padded)[N]) {
    std::string text(padded, padded + N);
    text.erase(text.find_last_not_of(std::string_view(" \0", 2)) + 1);
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
    return text;
}

bool fits(const std::string& wished, const std::string& given) {
    return wished.empty() || wished == given;
}

bool is_token(const TokenSpec& spec, const CK_TOKEN_INFO& info) {
    return fits(spec.label, field(info.label)) && fits(spec.serial, field(info.serialNumber)) &&
           fits(spec.manufacturer, field(info.manufacturerID)) &&
           fits(spec.model, field(info.model));
}

std::string described(const CK_TOKEN_INFO& info) {
    return "token \"" + field(info.label) + "\", serial " + field(info.serialNumber) + ", " +
           field(info.manufacturerID);
}

std::string wished(const TokenSpec& spec) {
    return "token " +
           (spec.label.empty() ? "with serial " + spec.serial : "\"" + spec.label + "\"");
}

struct Place {
    CK_SLOT_ID slot;
    CK_TOKEN_INFO info;
};

Result<Place> find_token(pkcs11::Module& module, const TokenSpec& spec) {
    auto slots = module.slots();
    if (!slots) {
        return tl::make_unexpected(slots.error());
    }
    std::vector<Place> places;
    for (const CK_SLOT_ID slot : *slots) {
        // A slot whose token cannot be read is another's, or the missing one.
        const auto info = module.token_info(slot);
        if (info && (info->flags & CKF_TOKEN_INITIALIZED) != 0 && is_token(spec, *info)) {
            places.push_back({slot, *info});
        }
    }
    if (places.empty()) {
        return fail(Fault::insert_key_token,
                    wished(spec) + " is in none of " + std::to_string(slots->size()) +
                        " slots: plug it in, start its service, or correct the URI");
    }
    if (places.size() > 1) {
        return fail(Fault::correct_configuration,
                    wished(spec) + " fits more than one token: add serial=" +
                        field(places.front().info.serialNumber) + " or another to the URI");
    }
    return places.front();
}

/// So that no restart and no mistyped PIN ever takes the last try.
Result<void> check_pin_state(const CK_TOKEN_INFO& info) {
    if ((info.flags & CKF_USER_PIN_INITIALIZED) == 0) {
        return fail(Fault::correct_configuration,
                    described(info) + " has no user PIN yet: pkcs11-tool --init-pin");
    }
    if ((info.flags & CKF_USER_PIN_LOCKED) != 0) {
        return tl::make_unexpected(pkcs11::failure(described(info), CKR_PIN_LOCKED));
    }
    if ((info.flags & CKF_USER_PIN_FINAL_TRY) != 0) {
        return fail(Fault::correct_token_pin,
                    described(info) +
                        ": the next wrong PIN locks it, so none is tried. Log in once by hand "
                        "(pkcs11-tool --login --list-objects), then start again");
    }
    return {};
}

Result<void> check_mechanisms(pkcs11::Module& module, const Place& place) {
    struct Need {
        CK_MECHANISM_TYPE mechanism;
        CK_FLAGS use;
        std::string_view text;
    };
    constexpr std::array needs{
        Need{CKM_AES_CMAC, CKF_SIGN, "CKM_AES_CMAC, which card keys are diversified with"},
        Need{CKM_ECDSA, CKF_SIGN, "CKM_ECDSA, which credentials are signed with"}};
    for (const Need& need : needs) {
        if (!module.offers(place.slot, need.mechanism, need.use)) {
            return fail(Fault::correct_configuration,
                        described(place.info) + " does not offer " + std::string(need.text) +
                            ": another token or firmware is needed, or its policy forbids it");
        }
    }
    return {};
}

Result<std::vector<std::pair<std::string, CK_OBJECT_HANDLE>>> labelled(Session& session,
                                                                       CK_OBJECT_CLASS kind) {
    CK_BBOOL yes = CK_TRUE;
    std::array wanted{CK_ATTRIBUTE{CKA_TOKEN, &yes, sizeof yes},
                      CK_ATTRIBUTE{CKA_CLASS, &kind, sizeof kind}};
    auto objects = session.find(wanted);
    if (!objects) {
        return tl::make_unexpected(objects.error());
    }
    std::vector<std::pair<std::string, CK_OBJECT_HANDLE>> found;
    for (const CK_OBJECT_HANDLE object : *objects) {
        auto text = session.attribute(object, CKA_LABEL);
        if (!text) {
            return tl::make_unexpected(text.error());
        }
        if (*text) {
            found.emplace_back(std::string((*text)->begin(), (*text)->end()), object);
        }
    }
    return found;
}

Result<bool> flag(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                  bool otherwise) {
    const auto value = session.attribute(object, type);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    return *value && (*value)->size() == 1 ? (*value)->front() != CK_FALSE : otherwise;
}

Result<std::optional<CK_ULONG>> number(Session& session, CK_OBJECT_HANDLE object,
                                       CK_ATTRIBUTE_TYPE type) {
    const auto value = session.attribute(object, type);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    CK_ULONG result = 0;
    if (!*value || (*value)->size() != sizeof result) {
        return std::optional<CK_ULONG>();
    }
    std::memcpy(&result, (*value)->data(), sizeof result);
    return std::optional(result);
}

/// Looks at the keys of one token and notes what is wrong. After a failed call the rest is skipped;
/// `outcome` has that failure.
class Inspection {
  public:
    explicit Inspection(Session& session) : session_(&session) {}

    void secret_keys() {
        for (const auto& [text, object] : objects(CKO_SECRET_KEY)) {
            const auto key = parse_label(text);
            if (const auto* master = key ? std::get_if<MasterName>(&*key) : nullptr) {
                check_aes(text, object, aes128_size);
                unique(text, keys_.masters.emplace(*master, inspected(text, object)).second);
            } else if (key && std::holds_alternative<DataName>(*key)) {
                check_aes(text, object, aes256_size);
                unique(text, !keys_.data);
                keys_.data = inspected(text, object);
            }
        }
    }

    void private_keys() {
        for (const auto& [text, object] : objects(CKO_PRIVATE_KEY)) {
            if (const auto name = signing_name(text)) {
                check_curve(text, object);
                unique(text, keys_.private_keys.emplace(*name, inspected(text, object)).second);
            }
        }
    }

    void public_keys() {
        for (const auto& [text, object] : objects(CKO_PUBLIC_KEY)) {
            if (const auto name = signing_name(text)) {
                check_curve(text, object);
                unique(text, keys_.public_keys.emplace(*name, point(text, object)).second);
            }
        }
    }

    Result<TokenKeys> outcome() {
        if (failure_) {
            return tl::make_unexpected(*failure_);
        }
        return std::move(keys_);
    }

  private:
    /// The value, or `otherwise` once a call has failed.
    template <class T>
    T kept(Result<T> result, T otherwise) {
        if (!result) {
            failure_ = result.error();
            return otherwise;
        }
        return std::move(*result);
    }

    std::vector<std::pair<std::string, CK_OBJECT_HANDLE>> objects(CK_OBJECT_CLASS kind) {
        return failure_ ? std::vector<std::pair<std::string, CK_OBJECT_HANDLE>>()
                        : kept(labelled(*session_, kind), {});
    }

    static std::optional<SigningName> signing_name(const std::string& text) {
        const auto key = parse_label(text);
        const auto* name = key ? std::get_if<SigningName>(&*key) : nullptr;
        return name == nullptr ? std::nullopt : std::optional(*name);
    }

    void problem(const std::string& text, std::string_view what) {
        keys_.problems.push_back(text + " " + std::string(what));
    }

    void unique(const std::string& text, bool is_unique) {
        if (!is_unique) {
            problem(text, "is the label of two keys; delete or rename the wrong one");
        }
    }

    bool has(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool otherwise) {
        return failure_ ? otherwise : kept(flag(*session_, object, type, otherwise), otherwise);
    }

    void check_aes(const std::string& text, CK_OBJECT_HANDLE object, std::size_t size) {
        const auto type = kept(number(*session_, object, CKA_KEY_TYPE), {});
        const auto octets = kept(number(*session_, object, CKA_VALUE_LEN), {});
        if (type != CKK_AES || octets != size) {
            problem(text, size == aes128_size ? "is no AES key of 16 octets"
                                              : "is no AES key of 32 octets");
        }
    }

    void check_curve(const std::string& text, CK_OBJECT_HANDLE object) {
        const auto type = kept(number(*session_, object, CKA_KEY_TYPE), {});
        const auto curve = kept(session_->attribute(object, CKA_EC_PARAMS), {});
        if (type != CKK_EC || !curve || !std::ranges::equal(*curve, p256_oid)) {
            problem(text, "is no key on P-256");
        }
    }

    TokenKey inspected(const std::string& text, CK_OBJECT_HANDLE object) {
        if (!has(object, CKA_SENSITIVE, false)) {
            problem(text,
                    "is not sensitive: it can be read in clear, so it may be known. Make "
                    "keys anew; never mark this one sensitive afterwards");
        }
        if (has(object, CKA_EXTRACTABLE, true)) {
            problem(text,
                    "is extractable: it can be taken out wrapped, so it may be known. Make "
                    "keys anew; never mark this one unextractable afterwards");
        }
        if (!has(object, CKA_PRIVATE, false)) {
            problem(text, "is not private: it can be used without the PIN");
        }
        if (!has(object, CKA_SIGN, false)) {
            problem(text, "may not sign (CKA_SIGN)");
        }
        return {object, has(object, CKA_ALWAYS_SENSITIVE, false) &&
                            has(object, CKA_NEVER_EXTRACTABLE, false)};
    }

    P256Point point(const std::string& text, CK_OBJECT_HANDLE object) {
        // An OCTET STRING in DER by the standard; some modules give the point bare.
        constexpr std::array<std::uint8_t, 2> octet_string{0x04, sizeof(P256Point)};
        const auto value =
            failure_ ? std::nullopt : kept(session_->attribute(object, CKA_EC_POINT), {});
        BytesView octets = value ? BytesView(*value) : BytesView();
        if (octets.size() == sizeof(P256Point) + octet_string.size() &&
            std::ranges::equal(octets.first(octet_string.size()), octet_string)) {
            octets = octets.subspan(octet_string.size());
        }
        P256Point point{};
        if (octets.size() != point.size() || octets.front() != 0x04) {
            problem(text, "has no uncompressed point on P-256");
            return point;
        }
        std::ranges::copy(octets, point.begin());
        return point;
    }

    Session* session_;
    TokenKeys keys_;
    std::optional<Failure> failure_;
};

Bytes big_endian(std::uint32_t value) {
    return {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
            static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

/// Attributes with the values that they point at.
class NewObject {
  public:
    explicit NewObject(const KeyName& name) : label_(label(name)) {
        add(CKA_LABEL, label_.data(), label_.size());
        add(CKA_TOKEN, &yes_, sizeof yes_);
    }
    NewObject(const NewObject&) = delete;
    NewObject& operator=(const NewObject&) = delete;

    /// What makes a key that never leaves the token and that signs, and does nothing else.
    void secret() {
        for (const CK_ATTRIBUTE_TYPE type : {CKA_PRIVATE, CKA_SENSITIVE, CKA_SIGN}) {
            add(type, &yes_, sizeof yes_);
        }
        for (const CK_ATTRIBUTE_TYPE type :
             {CKA_EXTRACTABLE, CKA_DECRYPT, CKA_UNWRAP, CKA_DERIVE}) {
            add(type, &no_, sizeof no_);
        }
    }
    void aes(CK_ULONG octets) {
        size_ = octets;
        add(CKA_VALUE_LEN, &size_, sizeof size_);
        for (const CK_ATTRIBUTE_TYPE type : {CKA_ENCRYPT, CKA_WRAP, CKA_VERIFY}) {
            add(type, &no_, sizeof no_);
        }
    }
    void public_p256() {
        add(CKA_EC_PARAMS, oid_.data(), oid_.size());
        add(CKA_VERIFY, &yes_, sizeof yes_);
        for (const CK_ATTRIBUTE_TYPE type : {CKA_PRIVATE, CKA_ENCRYPT, CKA_WRAP}) {
            add(type, &no_, sizeof no_);
        }
    }
    [[nodiscard]] pkcs11::Template attributes() { return attributes_; }

  private:
    void add(CK_ATTRIBUTE_TYPE type, void* value, CK_ULONG size) {
        attributes_.push_back({type, value, size});
    }

    std::string label_;
    CK_BBOOL yes_ = CK_TRUE;
    CK_BBOOL no_ = CK_FALSE;
    CK_ULONG size_ = 0;
    std::array<std::uint8_t, p256_oid.size()> oid_ = p256_oid;
    std::vector<CK_ATTRIBUTE> attributes_;
};

}  // namespace

Result<Token> Token::open(const TokenSpec& spec, pkcs11::Access access) {
    auto module = pkcs11::Module::load(spec.module_path);
    if (!module) {
        return tl::make_unexpected(module.error());
    }
    const auto place = find_token(**module, spec);
    if (!place) {
        return tl::make_unexpected(place.error());
    }
    for (const auto& fit : {check_pin_state(place->info), check_mechanisms(**module, *place)}) {
        if (!fit) {
            return tl::make_unexpected(fit.error());
        }
    }
    const auto pin = read_pin(spec.pin);
    if (!pin) {
        return tl::make_unexpected(pin.error());
    }
    auto session = Session::open(**module, place->slot, access);
    if (!session) {
        return tl::make_unexpected(session.error());
    }
    if (const auto in = (*session)->login(*pin); !in) {
        return fail(described(place->info), in.error());
    }
    return Token(std::move(*module), std::move(*session), described(place->info));
}

Generations TokenKeys::generations() const {
    Generations generations;
    for (const auto& [name, key] : masters) {
        generations.add(name);
    }
    return generations;
}

std::optional<SigningName> TokenKeys::signing() const {
    for (auto entry = private_keys.rbegin(); entry != private_keys.rend(); ++entry) {
        if (public_keys.contains(entry->first)) {
            return entry->first;
        }
    }
    return std::nullopt;
}

std::vector<std::string> TokenKeys::lacking() const {
    std::vector<std::string> labels;
    const Generations present = generations();
    if (!present.current()) {
        const auto begun = present.all();
        const KeyGeneration wanted = begun.empty() ? KeyGeneration{1} : begun.back();
        for (const KeySlot slot : present.missing(wanted)) {
            labels.push_back(label(MasterName{slot, wanted}));
        }
    }
    if (!signing()) {
        labels.push_back(label(SigningName{1}) + " (both halves)");
    }
    if (!data) {
        labels.push_back(label(DataName{}));
    }
    return labels;
}

std::vector<VaultNotice> TokenKeys::notices() const {
    std::vector<VaultNotice> notices = generations().notices();
    for (const auto& [name, key] : private_keys) {
        if (!public_keys.contains(name)) {
            notices.push_back({VaultNotice::Kind::incomplete_signing_key, name.generation});
        }
    }
    return notices;
}

Result<TokenKeys> read_keys(Session& session) {
    Inspection inspection(session);
    inspection.secret_keys();
    inspection.private_keys();
    inspection.public_keys();
    return inspection.outcome();
}

Result<AesKey> diversify_in_token(Session& session, CK_OBJECT_HANDLE master, BytesView input) {
    if (const auto fits_cmac = check_diversification_input(input); !fits_cmac) {
        return tl::make_unexpected(fits_cmac.error());
    }
    Bytes message{0x01};
    append(message, input);
    AesKey key;
    if (const auto made = session.sign(CKM_AES_CMAC, master, message, key.fill()); !made) {
        return tl::make_unexpected(made.error());
    }
    return key;
}

Result<std::map<MasterName, Bytes>> check_values(Session& session, TokenKeys& keys) {
    std::map<MasterName, Bytes> values;
    for (const auto& [name, key] : keys.masters) {
        Bytes value(16);
        if (const auto made = session.sign(CKM_AES_CMAC, key.object, Bytes(16, 0), value); !made) {
            return fail(label(name), made.error());
        }
        for (const auto& [other, seen] : values) {
            if (seen == value) {
                keys.problems.push_back(label(name) + " is the same key as " + label(other));
            }
        }
        values.emplace(name, std::move(value));
    }
    return values;
}

Result<SealingKey> derive_sealing_key(Session& session, CK_OBJECT_HANDLE data) {
    constexpr std::string_view purpose = "port-pass data";
    constexpr std::uint32_t bits = 256;
    SealingKey key;
    for (std::uint32_t block = 1; block <= 2; ++block) {
        Bytes message = big_endian(block);
        append(message, as_bytes(purpose));
        message.push_back(0x00);
        append(message, big_endian(bits));
        constexpr std::size_t half_size = 16;
        const auto half = key.fill().subspan((block - 1) * half_size, half_size);
        if (const auto made = session.sign(CKM_AES_CMAC, data, message, half); !made) {
            return tl::make_unexpected(made.error());
        }
    }
    return key;
}

Result<Bytes> sign_in_token(Session& session, CK_OBJECT_HANDLE key, BytesView message) {
    Bytes signature(es256_signature_size);
    if (const auto made = session.sign(CKM_ECDSA, key, sha256(message), signature); !made) {
        return tl::make_unexpected(made.error());
    }
    return signature;
}

Result<void> make_key(Session& session, const KeyName& key) {
    NewObject object(key);
    object.secret();
    if (std::holds_alternative<SigningName>(key)) {
        NewObject public_half(key);
        public_half.public_p256();
        return session.generate_pair(CKM_EC_KEY_PAIR_GEN, public_half.attributes(),
                                     object.attributes());
    }
    object.aes(std::holds_alternative<DataName>(key) ? aes256_size : aes128_size);
    return session.generate(CKM_AES_KEY_GEN, object.attributes());
}

}  // namespace card
