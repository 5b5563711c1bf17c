#include "station/vault/key_store.hpp"

#include "station/vault/development_vault.hpp"
#include "station/vault/pkcs11_vault.hpp"
#include "station/vault/token_store.hpp"

namespace card {
namespace {

/// `result` as a Vault.
template <class Kind>
Result<std::unique_ptr<Vault>> as_vault(Result<std::unique_ptr<Kind>> result) {
    if (!result) {
        return tl::make_unexpected(result.error());
    }
    return std::unique_ptr<Vault>(std::move(*result));
}

struct OpenVault {
    Result<std::unique_ptr<Vault>> operator()(const DevelopmentFolder& folder) const {
        return as_vault(DevelopmentVault::open(folder.path));
    }
    Result<std::unique_ptr<Vault>> operator()(const TokenSpec& token) const {
        return as_vault(Pkcs11Vault::open(token));
    }
};

struct CreateKeys {
    RandomSource& random;
    Result<void> operator()(const DevelopmentFolder& folder) const {
        return DevelopmentVault::create(folder.path, random);
    }
    Result<void> operator()(const TokenSpec& token) const { return token_store::create(token); }
};

struct RollKeys {
    RollOver what;
    RandomSource& random;
    Result<RolledOver> operator()(const DevelopmentFolder& folder) const {
        return DevelopmentVault::roll(folder.path, what, random);
    }
    Result<RolledOver> operator()(const TokenSpec& token) const {
        return token_store::roll(token, what);
    }
};

struct ListKeys {
    Result<Inventory> operator()(const DevelopmentFolder& folder) const {
        const auto vault = DevelopmentVault::open(folder.path);
        if (!vault) {
            return tl::make_unexpected(vault.error());
        }
        return (*vault)->inventory(folder.path);
    }
    Result<Inventory> operator()(const TokenSpec& token) const { return token_store::list(token); }
};

template <class T, class Visitor>
Result<T> visit_store(const std::string& spec, const Visitor& visitor) {
    const auto store = parse_store_spec(spec);
    if (!store) {
        return tl::make_unexpected(store.error());
    }
    return std::visit(visitor, *store);
}

}  // namespace

Result<std::unique_ptr<Vault>> open_vault(const std::string& spec) {
    return visit_store<std::unique_ptr<Vault>>(spec, OpenVault{});
}

Result<void> create_keys(const std::string& spec, RandomSource& random) {
    return visit_store<void>(spec, CreateKeys{random});
}

Result<RolledOver> roll_keys(const std::string& spec, RollOver what, RandomSource& random) {
    return visit_store<RolledOver>(spec, RollKeys{what, random});
}

Result<Inventory> list_keys(const std::string& spec) {
    return visit_store<Inventory>(spec, ListKeys{});
}

}  // namespace card
