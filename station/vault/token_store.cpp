#include "station/vault/token_store.hpp"

#include "station/vault/token.hpp"

namespace card::token_store {
namespace {

struct Opened {
    Token token;
    TokenKeys keys;
};

Result<Opened> open(const TokenSpec& spec, pkcs11::Access access) {
    auto token = Token::open(spec, access);
    if (!token) {
        return tl::make_unexpected(token.error());
    }
    auto keys = read_keys(token->session());
    if (!keys) {
        return fail(token->description(), keys.error());
    }
    return Opened{std::move(*token), std::move(*keys)};
}

tl::unexpected<Failure> refused(const Token& token, const std::string& why) {
    return fail(Fault::correct_configuration, token.description() + ": " + why);
}

Result<void> refuse_problems(const Opened& opened) {
    if (!opened.keys.problems.empty()) {
        return refused(opened.token, opened.keys.problems.front());
    }
    return {};
}

Result<void> make_missing_masters(const Opened& opened, KeyGeneration generation) {
    for (const KeySlot slot : opened.keys.generations().missing(generation)) {
        const MasterName name{slot, generation};
        if (const auto made = make_key(opened.token.session(), name); !made) {
            return fail(label(name), made.error());
        }
    }
    return {};
}

/// The signing key is the last that `create` makes: with it, the token has been in use.
bool was_created(const TokenKeys& keys) {
    return !keys.private_keys.empty() || !keys.public_keys.empty();
}

/// After the newest of which anything is there.
std::optional<SigningName> next_signing_key(const TokenKeys& keys) {
    unsigned newest = 0;
    for (const auto& [name, key] : keys.private_keys) {
        newest = std::max<unsigned>(newest, name.generation);
    }
    for (const auto& [name, point] : keys.public_keys) {
        newest = std::max<unsigned>(newest, name.generation);
    }
    return newest < 255 ? std::optional(SigningName{static_cast<std::uint8_t>(newest + 1)})
                        : std::nullopt;
}

Result<KeyGeneration> roll_masters(const Opened& opened) {
    const auto next = opened.keys.generations().next();
    if (!next) {
        return refused(opened.token, "generation 255 is the last; make a new store");
    }
    if (const auto made = make_missing_masters(opened, *next); !made) {
        return tl::make_unexpected(made.error());
    }
    return *next;
}

Result<std::uint8_t> roll_signing_key(const Opened& opened) {
    const auto next = next_signing_key(opened.keys);
    if (!next) {
        return refused(opened.token, "signing key 255 is the last; make a new store");
    }
    if (const auto made = make_key(opened.token.session(), *next); !made) {
        return fail(label(*next), made.error());
    }
    return next->generation;
}

}  // namespace

Result<void> create(const TokenSpec& spec) {
    const auto opened = open(spec, pkcs11::Access::write);
    if (!opened) {
        return tl::make_unexpected(opened.error());
    }
    if (was_created(opened->keys)) {
        return refused(opened->token,
                       "has keys already, and keys that cards were written with stay; cardtool "
                       "keys roll adds a generation");
    }
    if (auto fit = refuse_problems(*opened); !fit) {
        return fit;
    }
    if (auto made = make_missing_masters(*opened, KeyGeneration{1}); !made) {
        return made;
    }
    if (!opened->keys.data) {
        if (const auto made = make_key(opened->token.session(), DataName{}); !made) {
            return fail(label(DataName{}), made.error());
        }
    }
    if (const auto made = make_key(opened->token.session(), SigningName{1}); !made) {
        return fail(label(SigningName{1}), made.error());
    }
    return {};
}

Result<RolledOver> roll(const TokenSpec& spec, RollOver what) {
    const auto opened = open(spec, pkcs11::Access::write);
    if (!opened) {
        return tl::make_unexpected(opened.error());
    }
    if (const auto fit = refuse_problems(*opened); !fit) {
        return tl::make_unexpected(fit.error());
    }
    if (const auto lacking = opened->keys.lacking(); !lacking.empty()) {
        return refused(opened->token,
                       "lacks " + lacking.front() + ", so there is nothing to roll over from");
    }
    RolledOver done;
    if (what != RollOver::signing_key) {
        const auto masters = roll_masters(*opened);
        if (!masters) {
            return tl::make_unexpected(masters.error());
        }
        done.masters = *masters;
    }
    if (what != RollOver::masters) {
        const auto signing_key = roll_signing_key(*opened);
        if (!signing_key) {
            return tl::make_unexpected(signing_key.error());
        }
        done.signing_key = *signing_key;
    }
    return done;
}

Result<Inventory> list(const TokenSpec& spec) {
    auto opened = open(spec, pkcs11::Access::read);
    if (!opened) {
        return tl::make_unexpected(opened.error());
    }
    TokenKeys& keys = opened->keys;
    const auto values = check_values(opened->token.session(), keys);
    if (!values) {
        return fail(opened->token.description(), values.error());
    }
    const Generations generations = keys.generations();
    Inventory inventory{opened->token.description(), false, generations.current(), {},
                        generations.incomplete(),    {},    keys.problems};
    for (const auto& [name, value] : *values) {
        inventory.masters.push_back(
            {name, to_hex(BytesView(value).first(3)), keys.masters.at(name).made_in_token});
    }
    for (const auto& [name, point] : keys.public_keys) {
        inventory.signing_keys.push_back({name.generation, point, name == keys.signing()});
    }
    for (const std::string& missing : keys.lacking()) {
        inventory.problems.push_back(missing + " is missing");
    }
    return inventory;
}

}  // namespace card::token_store
