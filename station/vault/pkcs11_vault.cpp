#include "station/vault/pkcs11_vault.hpp"

#include "station/vault/token.hpp"
#include "station/vault/trust_file.hpp"

namespace card {
namespace {

tl::unexpected<Failure> unusable(const Token& token, const std::string& why) {
    return fail(Fault::correct_configuration, token.description() + ": " + why);
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) {
        all.append(all.empty() ? "" : "; ").append(text);
    }
    return all;
}

}  // namespace

/// A token whose keys were found fit, and what came of trying each.
struct Pkcs11Vault::Opened {
    Token token;
    TokenKeys keys;
    SealingKey sealing_key;
    SigningName signing;
};

Pkcs11Vault::Pkcs11Vault(TokenSpec spec) : spec_(std::move(spec)) {}
Pkcs11Vault::~Pkcs11Vault() = default;

Result<std::unique_ptr<Pkcs11Vault::Opened>> Pkcs11Vault::open_token(const TokenSpec& spec) {
    auto token = Token::open(spec, pkcs11::Access::read);
    if (!token) {
        return tl::make_unexpected(token.error());
    }
    auto keys = read_keys(token->session());
    if (!keys) {
        return fail(token->description(), keys.error());
    }
    if (!keys->problems.empty()) {
        return unusable(*token, joined(keys->problems));
    }
    if (const auto lacking = keys->lacking(); !lacking.empty()) {
        return unusable(*token, "lacks " + joined(lacking) +
                                    "; cardtool keys create makes them in a new token");
    }
    if (const auto values = check_values(token->session(), *keys); !values) {
        return fail(token->description(), values.error());
    }
    if (!keys->problems.empty()) {
        return unusable(*token, joined(keys->problems));
    }
    auto sealing_key = derive_sealing_key(token->session(), keys->data->object);
    if (!sealing_key) {
        return fail(label(DataName{}), sealing_key.error());
    }
    const SigningName signing = keys->signing().value();
    constexpr std::string_view trial = "port-pass: a trial of the signing key";
    const auto signature =
        sign_in_token(token->session(), keys->private_keys.at(signing).object, as_bytes(trial));
    if (!signature) {
        return fail(label(signing), signature.error());
    }
    if (!verify_es256(keys->public_keys.at(signing), as_bytes(trial), *signature)) {
        return unusable(*token, label(signing) + ": its two halves do not belong together");
    }
    return std::make_unique<Opened>(
        Opened{std::move(*token), std::move(*keys), std::move(*sealing_key), signing});
}

Result<std::unique_ptr<Pkcs11Vault>> Pkcs11Vault::open(TokenSpec spec) {
    auto opened = open_token(spec);
    if (!opened) {
        return tl::make_unexpected(opened.error());
    }
    std::unique_ptr<Pkcs11Vault> vault(new Pkcs11Vault(std::move(spec)));
    const TokenKeys& keys = (*opened)->keys;
    vault->current_ = keys.generations().current().value();
    vault->notices_ = keys.notices();
    vault->signing_point_ = keys.public_keys.at((*opened)->signing);
    vault->sealing_key_ = (*opened)->sealing_key.duplicate();
    for (const auto& [name, point] : keys.public_keys) {
        vault->trusted_.push_back(point);
    }
    if (vault->spec_.trust_file) {
        const auto others = read_trust_file(*vault->spec_.trust_file);
        if (!others) {
            return tl::make_unexpected(others.error());
        }
        for (const P256Point& point : *others) {
            if (!trusts(vault->trusted_, point)) {
                vault->trusted_.push_back(point);
            }
        }
    }
    vault->opened_ = std::move(*opened);
    return vault;
}

/// The token that came back must be the one that went: what it seals, signs and diversifies is
/// already in use.
Result<void> Pkcs11Vault::open_again() {
    auto opened = open_token(spec_);
    if (!opened) {
        if (opened.error().fault != Fault::insert_key_token) {
            given_up_ = opened.error();
        }
        return tl::make_unexpected(opened.error());
    }
    const TokenKeys& keys = (*opened)->keys;
    if (!equal_in_constant_time((*opened)->sealing_key.reveal(), sealing_key_.reveal()) ||
        keys.public_keys.at((*opened)->signing) != signing_point_ ||
        !keys.generations().whole(current_)) {
        given_up_ = Failure{Fault::correct_configuration,
                            (*opened)->token.description() +
                                ": has other keys than before it was lost; start again to use it"};
        return tl::make_unexpected(*given_up_);
    }
    opened_ = std::move(*opened);
    return {};
}

template <class T, class Use>
Result<T> Pkcs11Vault::with_token(Use use) {
    if (given_up_) {
        return tl::make_unexpected(*given_up_);
    }
    if (opened_) {
        Result<T> result = use(*opened_);
        if (result || result.error().fault != Fault::insert_key_token) {
            return result;
        }
        opened_.reset();
    }
    if (const auto again = open_again(); !again) {
        return tl::make_unexpected(again.error());
    }
    Result<T> result = use(*opened_);
    if (!result && result.error().fault == Fault::insert_key_token) {
        opened_.reset();
    }
    return result;
}

Result<AesKey> Pkcs11Vault::diversify(KeySlot slot, KeyGeneration generation, BytesView input) {
    return with_token<AesKey>([&](Opened& opened) -> Result<AesKey> {
        if (!opened.keys.generations().whole(generation)) {
            return unusable(opened.token, "has no whole generation " +
                                              std::to_string(generation.value) + " of masters");
        }
        const MasterName name{slot, generation};
        auto key =
            diversify_in_token(opened.token.session(), opened.keys.masters.at(name).object, input);
        return key ? std::move(key) : Result<AesKey>(fail(label(name), key.error()));
    });
}

SigningKeyId Pkcs11Vault::signing_key_id() const {
    return key_id_of(signing_point_);
}

Result<Bytes> Pkcs11Vault::sign(BytesView message) {
    return with_token<Bytes>([&](Opened& opened) -> Result<Bytes> {
        auto signature = sign_in_token(opened.token.session(),
                                       opened.keys.private_keys.at(opened.signing).object, message);
        return signature ? std::move(signature)
                         : Result<Bytes>(fail(label(opened.signing), signature.error()));
    });
}

}  // namespace card
