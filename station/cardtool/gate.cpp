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

Result<GateVerdict> read_and_judge(CardReader& reader, Vault& vault, RandomSource& random,
                                   const desfire::PresentedChip& presented) {
    const auto generation = reader.converse(desfire::read_pass_generation(presented, profile));
    if (!generation) {
        return verdict_of(generation.error());
    }
    if (!*generation) {
        return GateVerdict(NotOurs{"it has no application of ours"});
    }
    auto key = vault.diversify(KeySlot::gate_read, **generation,
                               diversification_input(presented.uid, profile.aid));
    if (!key && key.error().fault == Fault::correct_configuration) {
        return GateVerdict(NotOurs{"its keys are of generation " +
                                   std::to_string((*generation)->value) +
                                   ", which the key store does not have"});
    }
    if (!key) {
        return tl::make_unexpected(key.error());
    }
    auto reading = reader.converse(desfire::read_as_gate(
        random, presented, profile, desfire::CardKey{std::move(*key), **generation}));
    if (!reading) {
        return verdict_of(reading.error());
    }
    if (!*reading) {
        return GateVerdict(NotOurs{"it refuses the gate key"});
    }
    return judge(std::move(**reading), presented.uid, **generation, vault.trust_list());
}

}  // namespace card::cardtool
