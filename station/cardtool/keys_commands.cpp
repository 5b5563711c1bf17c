#include "station/cardtool/keys_commands.hpp"

#include <algorithm>
#include <array>
#include <sstream>

#include <boost/json/array.hpp>

#include "cardformat/crypto/random.hpp"
#include "station/vault/key_store.hpp"

namespace card::cardtool {
namespace {

namespace json = boost::json;
namespace options = boost::program_options;

/// The store that a call is about, and the command's own flags.
struct KeysCall {
    std::string store;
    options::variables_map given;
};

/// The store is the command's one word, or that of --keys.
std::optional<KeysCall> keys_call(const Invocation& invocation,
                                  std::initializer_list<const char*> flags) {
    options::options_description described;
    described.add_options()("store", options::value<std::string>());
    for (const char* flag : flags) {
        described.add_options()(flag, "");
    }
    options::positional_options_description positional;
    positional.add("store", 1);
    auto given = own_options(invocation, described, positional);
    if (!given) {
        return std::nullopt;
    }
    if (given->contains("store") == invocation.keys.has_value()) {
        wrong_usage(invocation, "name one STORE, after the command or with --keys");
        return std::nullopt;
    }
    std::string store = invocation.keys ? *invocation.keys : (*given)["store"].as<std::string>();
    return KeysCall{std::move(store), std::move(*given)};
}

std::string words(const VaultNotice& notice) {
    const std::string generation = std::to_string(notice.generation);
    switch (notice.kind) {
        case VaultNotice::Kind::unsafe:
            return "UNSAFE: plain files, for development only.";
        case VaultNotice::Kind::incomplete_generation:
            return "Generation " + generation +
                   " lacks masters and is not used; cardtool keys roll finishes the next one.";
        case VaultNotice::Kind::incomplete_signing_key:
            return "Signing key " + generation +
                   " lacks its public half and is not used; delete what is there of it.";
    }
    return {};
}

constexpr std::string_view unsafe_words =
    "UNSAFE: plain files, for development only. Whoever reads them can make valid passes.\n";

Exit create(const Invocation& invocation) {
    const auto call = keys_call(invocation, {});
    if (!call) {
        return Exit::usage;
    }
    SystemRandom random;
    if (const auto created = create_keys(call->store, random); !created) {
        return tell(invocation, created.error());
    }
    const auto inventory = list_keys(call->store);
    if (!inventory) {
        return tell(invocation, inventory.error());
    }
    std::string text = "Keys of generation 1 are in " + inventory->store + ".\n";
    if (inventory->unsafe) {
        text += unsafe_words;
    }
    return tell(invocation, text,
                {{"store", inventory->store}, {"safe", !inventory->unsafe}, {"generation", 1}});
}

Exit roll(const Invocation& invocation) {
    const auto call = keys_call(invocation, {"signing-key", "only-signing-key"});
    if (!call) {
        return Exit::usage;
    }
    const RollOver what = call->given.contains("only-signing-key") ? RollOver::signing_key
                          : call->given.contains("signing-key")    ? RollOver::both
                                                                   : RollOver::masters;
    SystemRandom random;
    const auto rolled = roll_keys(call->store, what, random);
    if (!rolled) {
        return tell(invocation, rolled.error());
    }
    std::string text;
    json::object object;
    if (rolled->masters) {
        text += "Masters of generation " + std::to_string(rolled->masters->value) +
                " are there. New cards get them once the station is started again; bring them to "
                "the gates before.\n";
        object["generation"] = rolled->masters->value;
    }
    if (rolled->signing_key) {
        text += "Signing key " + std::to_string(*rolled->signing_key) +
                " is there. Publish its public key to the gates before the station is started "
                "again.\n";
        object["signing_key"] = *rolled->signing_key;
    }
    return tell(invocation, text, object);
}

std::vector<KeyGeneration> generations_of(const Inventory& inventory) {
    std::vector<KeyGeneration> all;
    for (const MasterEntry& master : inventory.masters) {
        all.push_back(master.name.generation);
    }
    std::ranges::sort(all);
    // clang 14 cannot compile libstdc++ 12's ranges::unique.
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

bool is_incomplete(const Inventory& inventory, KeyGeneration generation) {
    return std::ranges::find(inventory.incomplete, generation) != inventory.incomplete.end();
}

json::object generation_json(const Inventory& inventory, KeyGeneration generation) {
    json::array masters;
    for (const MasterEntry& master : inventory.masters) {
        if (master.name.generation == generation) {
            masters.push_back(json::object{{"slot", name(master.name.slot)},
                                           {"check_value", master.check_value},
                                           {"made_in_token", master.made_in_store}});
        }
    }
    return {{"generation", generation.value},
            {"whole", !is_incomplete(inventory, generation)},
            {"current", inventory.current == generation},
            {"masters", std::move(masters)}};
}

json::object inventory_json(const Inventory& inventory) {
    json::array generations;
    for (const KeyGeneration generation : generations_of(inventory)) {
        generations.push_back(generation_json(inventory, generation));
    }
    json::array signing_keys;
    for (const SigningEntry& key : inventory.signing_keys) {
        signing_keys.push_back(json::object{{"generation", key.generation},
                                            {"key_id", to_hex(key_id_of(key.point))},
                                            {"public_key", to_hex(key.point)},
                                            {"signs", key.signs}});
    }
    json::array problems(inventory.problems.begin(), inventory.problems.end());
    return {{"store", inventory.store},
            {"safe", !inventory.unsafe},
            {"generations", std::move(generations)},
            {"signing_keys", std::move(signing_keys)},
            {"problems", std::move(problems)}};
}

std::string inventory_text(const Inventory& inventory) {
    std::ostringstream text;
    text << inventory.store << "\n";
    if (inventory.unsafe) {
        text << unsafe_words;
    }
    for (const KeyGeneration generation : generations_of(inventory)) {
        text << "generation " << unsigned{generation.value}
             << (inventory.current == generation ? ", for new cards" : "")
             << (is_incomplete(inventory, generation) ? ", INCOMPLETE: not used" : "") << "\n";
        for (const MasterEntry& master : inventory.masters) {
            if (master.name.generation == generation) {
                text << "  " << name(master.name.slot) << "  check value " << master.check_value
                     << (inventory.unsafe || master.made_in_store ? "" : "  imported") << "\n";
            }
        }
    }
    for (const SigningEntry& key : inventory.signing_keys) {
        text << "signing key " << unsigned{key.generation} << "  id "
             << to_hex(key_id_of(key.point))
             << (key.signs ? "  signs and is believed" : "  is believed") << "\n";
    }
    for (const std::string& problem : inventory.problems) {
        text << "PROBLEM: " << problem << "\n";
    }
    return text.str();
}

Exit list(const Invocation& invocation) {
    const auto call = keys_call(invocation, {});
    if (!call) {
        return Exit::usage;
    }
    const auto inventory = list_keys(call->store);
    return inventory ? tell(invocation, inventory_text(*inventory), inventory_json(*inventory))
                     : tell(invocation, inventory.error());
}

/// Opens the store as a station does, which tries each key.
Exit check(const Invocation& invocation) {
    const auto call = keys_call(invocation, {});
    if (!call) {
        return Exit::usage;
    }
    const auto vault = open_vault(call->store);
    if (!vault) {
        return tell(invocation, vault.error());
    }
    std::ostringstream text;
    json::array notices;
    for (const VaultNotice& notice : (*vault)->notices()) {
        text << words(notice) << "\n";
        notices.push_back(
            json::object{{"notice", name(notice.kind)}, {"generation", notice.generation}});
    }
    const std::string key_id = to_hex((*vault)->signing_key_id());
    text << "A station can use this store: generation "
         << unsigned{(*vault)->current_generation().value} << ", signing key " << key_id << ", "
         << (*vault)->trust_list().size() << " believed.\n";
    return tell(invocation, text.str(),
                {{"usable", true},
                 {"generation", (*vault)->current_generation().value},
                 {"signing_key_id", key_id},
                 {"believed", (*vault)->trust_list().size()},
                 {"notices", std::move(notices)}});
}

}  // namespace

std::span<const Command> keys_commands() {
    static constexpr std::array commands{
        Command{
            "keys create", "STORE",
            "Makes the keys of generation 1: in a new folder (UNSAFE, for development), or in a "
            "token.",
            create},
        Command{"keys roll", "STORE [--signing-key | --only-signing-key]",
                "Adds the next generation of masters, a new signing key too, or only that; old "
                "keys stay.",
                roll},
        Command{"keys list", "STORE",
                "Shows generations, key ids and check values, and what is wrong; no key material.",
                list},
        Command{"keys check", "STORE",
                "Opens the store as a station does and tries each key; exit status 3 where it is "
                "unfit.",
                check}};
    return commands;
}

}  // namespace card::cardtool
