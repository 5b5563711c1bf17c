#include "station/cardtool/gate.hpp"

namespace card::cardtool {
namespace {

constexpr desfire::PortPassProfile profile{};

/// A card that answers falsely is no failure of the reading, but what was found out.
Result<GateVerdict> verdict_of(const Failure& failure) {
    if (failure.fault == Fault::set_card_aside) {
        return GateVerdict(FalsePass{failure.detail});
    }
    if (failure.fault == Fault::use_another_card) {
        return GateVerdict(NotOurs{failure.detail});
    }
    return tl::make_unexpected(failure);
}

}  // namespace

Validity validity_of(const PassCredential& claims, BusinessDay today) {
    if (today < claims.valid_from) {
        return Validity::not_yet;
    }
    return today > claims.valid_to ? Validity::expired : Validity::valid;
}

GateVerdict judge(desfire::GateReading reading, const CardUid& uid, KeyGeneration generation,
                  const TrustList& trusted) {
    auto claims = verify_credential(reading.credential, trusted);
    if (!claims) {
        return FalsePass{claims.error().detail};
    }
    if (claims->uid != uid) {
        return FalsePass{"the pass was signed for the chip " + claims->uid.hex()};
    }
    const auto life = read_state_file(reading.state, reading.credential);
    if (!life) {
        return FalsePass{life.error().detail};
    }
    return GenuinePass{std::move(*claims), *life, generation, std::move(reading.credential)};
}

Result<std::optional<FoundPass>> find_pass(CardReader& reader,
                                           const desfire::PresentedChip& presented) {
    const auto selected = reader.converse(desfire::select_pass(presented, profile));
    if (!selected) {
        return tl::make_unexpected(selected.error());
    }
    if (!*selected) {
        return std::nullopt;
    }
    const auto generation = reader.converse(desfire::read_pass_generation(**selected));
    if (!generation) {
        return tl::make_unexpected(generation.error());
    }
    return FoundPass{**selected, *generation};
}

Result<GateVerdict> read_and_judge(CardReader& reader, Vault& vault, RandomSource& random,
                                   const Result<std::optional<FoundPass>>& found) {
    if (!found) {
        return verdict_of(found.error());
    }
    if (!*found) {
        return GateVerdict(NotOurs{"it has no application of ours"});
    }
    const auto& [application, generation] = **found;
    const CardUid uid = application.presented().uid;
    auto key =
        vault.diversify(KeySlot::gate_read, generation, diversification_input(uid, profile.aid));
    if (!key && key.error().fault == Fault::correct_configuration) {
        return GateVerdict(NotOurs{"its keys are of generation " +
                                   std::to_string(generation.value) +
                                   ", which the key store does not have"});
    }
    if (!key) {
        return tl::make_unexpected(key.error());
    }
    auto reading = reader.converse(
        desfire::read_as_gate(random, application, desfire::CardKey{std::move(*key), generation}));
    if (!reading) {
        return verdict_of(reading.error());
    }
    if (!*reading) {
        return GateVerdict(NotOurs{"it refuses the gate key"});
    }
    return judge(std::move(**reading), uid, generation, vault.trust_list());
}

}  // namespace card::cardtool
