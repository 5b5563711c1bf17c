#include <set>

#include <boost/test/unit_test.hpp>

#include "cardformat/crypto/cmac.hpp"
#include "cardformat/vault/vault.hpp"

using namespace card;

namespace {

/// Masters that differ by slot and generation; generations above the last are not there.
class PatternVault final : public Vault {
  public:
    [[nodiscard]] KeyGeneration current_generation() const override { return KeyGeneration{2}; }
    [[nodiscard]] Result<AesKey> diversify(KeySlot slot, KeyGeneration generation,
                                           BytesView input) override {
        if (generation > current_generation() || slot == missing) {
            return fail(Fault::correct_configuration, "no such master");
        }
        AesKey master;
        master.fill()[0] = static_cast<std::uint8_t>(slot);
        master.fill()[1] = generation.value;
        inputs.insert(to_hex(input));
        return diversify_aes128(master, input);
    }
    [[nodiscard]] SigningKeyId signing_key_id() const override { return {}; }
    [[nodiscard]] Result<Bytes> sign(BytesView /*message*/) override { return Bytes(); }
    [[nodiscard]] const TrustList& trust_list() const override { return trusted_; }
    [[nodiscard]] const SealingKey& sealing_key() const override { return sealing_key_; }

    std::set<std::string> inputs;
    std::optional<KeySlot> missing;

  private:
    TrustList trusted_;
    SealingKey sealing_key_;
};

struct Fixture {
    PatternVault vault;
    CardUid uid = CardUid::parse("04A1B2C3D4E5F6").value();

    [[nodiscard]] std::vector<std::string> keys(std::uint8_t generation, const CardUid& of) {
        const auto keys =
            card_keys(vault, desfire::PortPassProfile{}, KeyGeneration{generation}, of).value();
        return {to_hex(keys.picc_master.key.reveal()), to_hex(keys.application_master.key.reveal()),
                to_hex(keys.gate_read.key.reveal()), to_hex(keys.station_update.key.reveal())};
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(keys_of_a_card, Fixture)

BOOST_AUTO_TEST_CASE(a_card_has_four_different_keys) {
    const auto four = keys(1, uid);
    BOOST_TEST(std::set<std::string>(four.begin(), four.end()).size() == 4U);
}

BOOST_AUTO_TEST_CASE(another_uid_has_four_other_keys) {
    auto all = keys(1, uid);
    const auto others = keys(1, CardUid::parse("04A1B2C3D4E5F7").value());
    all.insert(all.end(), others.begin(), others.end());
    BOOST_TEST(std::set<std::string>(all.begin(), all.end()).size() == 8U);
}

BOOST_AUTO_TEST_CASE(another_generation_has_four_other_keys) {
    auto all = keys(1, uid);
    const auto others = keys(2, uid);
    all.insert(all.end(), others.begin(), others.end());
    BOOST_TEST(std::set<std::string>(all.begin(), all.end()).size() == 8U);
}

BOOST_AUTO_TEST_CASE(the_generation_is_the_version_of_every_key) {
    const auto made = card_keys(vault, desfire::PortPassProfile{}, KeyGeneration{2}, uid).value();
    BOOST_TEST((made.picc_master.version == KeyGeneration{2}));
    BOOST_TEST((made.application_master.version == KeyGeneration{2}));
    BOOST_TEST((made.gate_read.version == KeyGeneration{2}));
    BOOST_TEST((made.station_update.version == KeyGeneration{2}));
}

BOOST_AUTO_TEST_CASE(a_generation_without_masters_gives_no_keys) {
    const auto none = card_keys(vault, desfire::PortPassProfile{}, KeyGeneration{3}, uid);
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().fault == Fault::correct_configuration));
}

BOOST_AUTO_TEST_CASE(one_missing_master_gives_no_keys) {
    for (const KeySlot slot : {KeySlot::picc_master, KeySlot::application_master,
                               KeySlot::gate_read, KeySlot::station_update}) {
        vault.missing = slot;
        const auto none = card_keys(vault, desfire::PortPassProfile{}, KeyGeneration{1}, uid);
        BOOST_TEST(!none.has_value(), name(slot));
    }
}

BOOST_AUTO_TEST_CASE(keys_are_diversified_by_uid_application_and_system) {
    (void)keys(1, uid);
    const std::set<std::string> expected{
        "04A1B2C3D4E5F6"
        "000000"
        "506F727450617373",
        "04A1B2C3D4E5F6"
        "F54B50"
        "506F727450617373"};
    BOOST_TEST((vault.inputs == expected));
}

BOOST_AUTO_TEST_SUITE_END()
