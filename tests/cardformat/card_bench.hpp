#pragma once
// A virtual card, a key store in memory and the client's conversations, all in one thread.

#include <algorithm>
#include <optional>
#include <random>
#include <string>

#include "cardformat/credential/pass_credential.hpp"
#include "cardformat/credential/state_file.hpp"
#include "cardformat/crypto/cmac.hpp"
#include "cardformat/desfire/counter.hpp"
#include "cardformat/desfire/personalise.hpp"
#include "cardformat/vault/vault.hpp"
#include "tests/virtual/desfire/card.hpp"

namespace card {

/// These tests are their own journal.
struct WriteAheadIssuer {
    static WriteAhead issue(CardUid uid) { return {uid, 1}; }
};

namespace bench {

using namespace desfire;

inline constexpr FrameLimit limit = smallest_frame_limit;
inline constexpr std::size_t design_credential_size = 500;

class SeededRandom final : public RandomSource {
  public:
    explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
    void fill(std::span<std::uint8_t> octets) override {
        for (std::uint8_t& octet : octets) {
            octet = static_cast<std::uint8_t>(engine_());
        }
    }

  private:
    std::mt19937_64 engine_;
};

class MemoryVault final : public Vault {
  public:
    [[nodiscard]] KeyGeneration current_generation() const override { return KeyGeneration{1}; }
    [[nodiscard]] Result<AesKey> diversify(KeySlot slot, KeyGeneration generation,
                                           BytesView input) override {
        AesKey master;
        std::ranges::fill(master.fill(), static_cast<std::uint8_t>(0x40 + static_cast<int>(slot) +
                                                                   generation.value));
        return diversify_aes128(master, input);
    }
    [[nodiscard]] SigningKeyId signing_key_id() const override { return {}; }
    [[nodiscard]] Result<Bytes> sign(BytesView) override {
        return fail(Fault::report_defect, "this vault signs nothing");
    }
    [[nodiscard]] const TrustList& trust_list() const override { return trusted_; }
    [[nodiscard]] const SealingKey& sealing_key() const override { return key_; }

  private:
    TrustList trusted_;
    SealingKey key_;
};

/// Drives a conversation with the card that lies in the field.
template <class T>
T converse(virtual_card::Card& card, Conversation<T> conversation) {
    std::optional<CommandApdu> command = conversation.start();
    while (command) {
        const auto answer = card.transceive(command->encoded());
        command = conversation.answer(
            answer ? ResponseApdu::parse(*answer)
                   : Result<ResponseApdu>(fail(Fault::present_same_card_again, "card gone")));
    }
    return conversation.take();
}

/// The chips that a pass may be written on, with a reader that takes frames as large as theirs.
struct ChipCase {
    const char* name;
    virtual_card::ChipProfile profile;
    std::uint32_t apdus;  ///< of a personalisation with a credential of 500 octets
};
inline std::vector<ChipCase> all_chips() {
    return {{"EV1", virtual_card::ev1_4k(), 50},
            {"EV2", virtual_card::ev2_4k(), 50},
            {"EV3", virtual_card::ev3_4k(), 41}};
}
inline constexpr FrameLimit large_frames = FrameLimit::of_frame(256);

/// One blank and what is to be written on it.
struct Bench {
    explicit Bench(const virtual_card::ChipProfile& profile = virtual_card::ev2_4k(),
                   std::size_t credential_size = design_credential_size)
        : memory(virtual_card::factory_card(virtual_card::genuine_uid(0), profile)),
          uid(*CardUid::from(memory.uid)),
          credential(credential_size) {
        random.fill(credential);
    }

    [[nodiscard]] WriteOrder order() {
        return {PortPassProfile{}, *card_keys(vault, PortPassProfile{}, KeyGeneration{1}, uid),
                credential, encode_state_file(LifeState::made, credential)};
    }
    [[nodiscard]] StateChange change(LifeState from, LifeState to) {
        auto keys = *card_keys(vault, PortPassProfile{}, KeyGeneration{1}, uid);
        return {std::move(keys.station_update), std::move(keys.gate_read),
                encode_state_file(from, credential), encode_state_file(to, credential)};
    }
    [[nodiscard]] StateChange activation() { return change(LifeState::made, LifeState::active); }

    /// One presentation to a production reader. `recorded` says that the intent is durable, and
    /// becomes true when it would be made so.
    Result<WriteOutcome> present(virtual_card::Card& card, bool& recorded) {
        card.activate();
        auto sight = converse(card, identify(large_frames));
        if (!sight) {
            return tl::make_unexpected(sight.error());
        }
        if (recorded) {
            return converse(card, resume_personalisation(random, *sight,
                                                         WriteAheadIssuer::issue(uid), order()));
        }
        auto blank = converse(card, require_blank(random, *sight));
        if (!blank) {
            return tl::make_unexpected(blank.error());
        }
        recorded = true;
        return converse(
            card, personalise(random, std::move(*blank), WriteAheadIssuer::issue(uid), order()));
    }

    /// A presented card with the pass application, which it must have.
    static Result<SelectedPass> select(virtual_card::Card& card) {
        auto presented = converse(card, recognise(large_frames));
        if (!presented) {
            return tl::make_unexpected(presented.error());
        }
        auto selected = converse(card, select_pass(*presented, PortPassProfile{}));
        if (!selected) {
            return tl::make_unexpected(selected.error());
        }
        return *selected ? Result<SelectedPass>(**selected)
                         : fail(Fault::use_another_card, "no application");
    }

    /// One presentation to a counter reader, with an authorisation that is durable.
    Result<void> activate(virtual_card::Card& card) {
        return change_to(card, LifeState::made, LifeState::active);
    }
    Result<void> retire(virtual_card::Card& card) {
        return change_to(card, LifeState::active, LifeState::retired);
    }
    Result<void> change_to(virtual_card::Card& card, LifeState from, LifeState to) {
        card.activate();
        auto selected = select(card);
        if (!selected) {
            return tl::make_unexpected(selected.error());
        }
        return converse(
            card, change_state(random, *selected, WriteAheadIssuer::issue(uid), change(from, to)));
    }
    Result<void> blank_again(virtual_card::Card& card) {
        card.activate();
        auto presented = converse(card, recognise(large_frames));
        if (!presented) {
            return tl::make_unexpected(presented.error());
        }
        auto keys = *card_keys(vault, PortPassProfile{}, KeyGeneration{1}, uid);
        return converse(card, return_to_blank(random, *presented, WriteAheadIssuer::issue(uid),
                                              std::move(keys.picc_master)));
    }

    /// What a gate makes of a copy of the card: the life state where credential and state fit.
    std::optional<LifeState> at_the_gate() {
        virtual_card::CardMemory copy = memory;
        copy.rollback_pending = false;
        virtual_card::Card card(copy);
        card.activate();
        auto keys = *card_keys(vault, PortPassProfile{}, KeyGeneration{1}, uid);
        auto selected = select(card);
        if (!selected) {
            return std::nullopt;
        }
        auto reading = converse(card, read_as_gate(random, *selected, std::move(keys.gate_read)));
        if (!reading || !*reading || (*reading)->credential != credential) {
            return std::nullopt;
        }
        const auto life = read_state_file((*reading)->state, (*reading)->credential);
        return life ? std::optional(*life) : std::nullopt;
    }

    SeededRandom random{20211201};
    MemoryVault vault;
    virtual_card::CardMemory memory;
    CardUid uid;
    Bytes credential;
};

}  // namespace bench
}  // namespace card
