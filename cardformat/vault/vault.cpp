#include "cardformat/vault/vault.hpp"

namespace card {
namespace {

constexpr std::string_view system_identifier = "PortPass";

}  // namespace

Result<void> check_diversification_input(BytesView input) {
    if (input.size() < min_diversification_input || input.size() > max_diversification_input) {
        return fail(Fault::report_defect, "a diversification input of " +
                                              std::to_string(input.size()) +
                                              " octets; 16 to 31 are possible");
    }
    return {};
}

Bytes diversification_input(const CardUid& uid, desfire::Aid aid) {
    Bytes input(uid.octets().begin(), uid.octets().end());
    append(input, aid.written());
    append(input, as_bytes(system_identifier));
    return input;
}

Result<desfire::CardKeys> card_keys(Vault& vault, desfire::PortPassProfile profile,
                                    KeyGeneration generation, const CardUid& uid) {
    const Bytes picc_input = diversification_input(uid, desfire::picc_level);
    const Bytes application_input = diversification_input(uid, profile.aid);
    auto picc_master = vault.diversify(KeySlot::picc_master, generation, picc_input);
    auto master = vault.diversify(KeySlot::application_master, generation, application_input);
    auto read = vault.diversify(KeySlot::gate_read, generation, application_input);
    auto update = vault.diversify(KeySlot::station_update, generation, application_input);
    for (const auto* key : {&picc_master, &master, &read, &update}) {
        if (!*key) {
            return tl::make_unexpected(key->error());
        }
    }
    return desfire::CardKeys{{std::move(*picc_master), generation},
                             {std::move(*master), generation},
                             {std::move(*read), generation},
                             {std::move(*update), generation}};
}

}  // namespace card
