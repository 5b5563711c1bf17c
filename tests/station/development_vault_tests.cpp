#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

#include "cardformat/crypto/random.hpp"
#include "station/vault/development_vault.hpp"

using namespace card;
namespace fs = std::filesystem;

namespace {

constexpr KeyGeneration first{1};
constexpr KeyGeneration second{2};

struct Fixture {
    Fixture() {
        std::string pattern = fs::temp_directory_path() / "vault_tests.XXXXXX";
        root = ::mkdtemp(pattern.data());
    }
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;
    ~Fixture() { fs::remove_all(root); }

    [[nodiscard]] std::string folder() const { return root / "keys"; }
    void make() { BOOST_REQUIRE(DevelopmentVault::create(folder(), random).has_value()); }
    std::unique_ptr<DevelopmentVault> opened() {
        make();
        return std::move(DevelopmentVault::open(folder()).value());
    }
    void put(const std::string& name, std::string_view text) const {
        std::ofstream(fs::path(folder()) / name, std::ios::binary | std::ios::trunc) << text;
    }
    [[nodiscard]] std::string get(const std::string& name) const {
        std::ostringstream text;
        text << std::ifstream(fs::path(folder()) / name, std::ios::binary).rdbuf();
        return text.str();
    }
    /// Whether the folder as it is now is refused as a matter of configuration.
    [[nodiscard]] bool refused() const {
        const auto vault = DevelopmentVault::open(folder());
        return !vault && vault.error().fault == Fault::correct_configuration;
    }
    void put_generation(unsigned number) const {
        char digit = 'A';
        for (const char* slot :
             {"picc-master", "application-master", "gate-read", "station-update"}) {
            put(slot + ("." + std::to_string(number)) + ".key",
                std::to_string(number % 10) + std::string(31, digit++) + "\n");
        }
    }

    SystemRandom random;
    fs::path root;
    Bytes input = Bytes(18, 0x5A);
};

unsigned mode_of(const fs::path& path) {
    struct stat status {};
    BOOST_REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(making_a_key_store, Fixture)

BOOST_AUTO_TEST_CASE(a_new_store_opens_with_generation_one) {
    BOOST_TEST((opened()->current_generation() == first));
}

BOOST_AUTO_TEST_CASE(the_folder_is_for_its_owner_only) {
    make();
    BOOST_TEST(mode_of(folder()) == 0700U);
}

BOOST_AUTO_TEST_CASE(every_file_is_for_its_owner_only) {
    const mode_t before = ::umask(0);
    make();
    ::umask(before);
    for (const auto& entry : fs::directory_iterator(folder())) {
        BOOST_TEST(mode_of(entry.path()) == 0600U, entry.path());
    }
}

BOOST_AUTO_TEST_CASE(an_existing_folder_is_refused_and_left_alone) {
    make();
    const std::string before = get("picc-master.1.key");
    const auto again = DevelopmentVault::create(folder(), random);
    BOOST_REQUIRE(!again);
    BOOST_TEST((again.error().fault == Fault::correct_configuration));
    BOOST_TEST(get("picc-master.1.key") == before);
}

BOOST_AUTO_TEST_CASE(an_existing_empty_folder_or_file_is_refused) {
    fs::create_directory(folder());
    BOOST_TEST(!DevelopmentVault::create(folder(), random).has_value());
    fs::remove(folder());
    std::ofstream(folder()) << "x";
    BOOST_TEST(!DevelopmentVault::create(folder(), random).has_value());
}

BOOST_AUTO_TEST_CASE(a_link_that_leads_nowhere_is_refused) {
    fs::create_symlink(root / "elsewhere", folder());
    BOOST_TEST(!DevelopmentVault::create(folder(), random).has_value());
    BOOST_TEST(!fs::exists(root / "elsewhere"));
}

BOOST_AUTO_TEST_CASE(all_keys_of_a_store_differ) {
    make();
    std::set<std::string> keys;
    for (const char* slot : {"picc-master", "application-master", "gate-read", "station-update"}) {
        keys.insert(get(slot + std::string(".1.key")));
    }
    keys.insert(get("data.key").substr(0, 32) + "\n");
    BOOST_TEST(keys.size() == 5U);
}

BOOST_AUTO_TEST_CASE(two_stores_have_different_keys) {
    make();
    BOOST_REQUIRE(DevelopmentVault::create(root / "other", random).has_value());
    std::ostringstream other;
    other << std::ifstream(root / "other" / "picc-master.1.key").rdbuf();
    BOOST_TEST(other.str() != get("picc-master.1.key"));
}

BOOST_AUTO_TEST_CASE(a_folder_named_with_a_slash_at_its_end_is_made) {
    BOOST_TEST(DevelopmentVault::create(folder() + "/", random).has_value());
}

BOOST_AUTO_TEST_CASE(a_name_that_is_too_long_is_a_failure) {
    BOOST_TEST(!DevelopmentVault::create(root / std::string(300, 'x'), random).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(opening_a_key_store, Fixture)

BOOST_AUTO_TEST_CASE(its_signatures_are_believed_by_its_own_trust_list) {
    const auto vault = opened();
    const Bytes message{1, 2, 3};
    const Bytes signature = vault->sign(message).value();
    BOOST_REQUIRE(vault->trust_list().size() == 1U);
    BOOST_TEST(verify_es256(vault->trust_list().front(), message, signature));
    BOOST_TEST((vault->signing_key_id() == key_id_of(vault->trust_list().front())));
}

BOOST_AUTO_TEST_CASE(a_store_opened_again_diversifies_the_same_keys) {
    const auto vault = opened();
    const auto again = std::move(DevelopmentVault::open(folder()).value());
    for (const KeySlot slot : {KeySlot::picc_master, KeySlot::application_master,
                               KeySlot::gate_read, KeySlot::station_update}) {
        BOOST_TEST(to_hex(vault->diversify(slot, first, input).value().reveal()) ==
                   to_hex(again->diversify(slot, first, input).value().reveal()));
    }
}

BOOST_AUTO_TEST_CASE(the_sealing_key_is_that_of_its_file) {
    const auto vault = opened();
    BOOST_TEST(to_hex(vault->sealing_key().reveal()) + "\n" == get("data.key"));
}

BOOST_AUTO_TEST_CASE(a_diversified_key_is_not_its_master) {
    const auto vault = opened();
    BOOST_TEST(to_hex(vault->diversify(KeySlot::gate_read, first, input).value().reveal()) + "\n" !=
               get("gate-read.1.key"));
}

BOOST_AUTO_TEST_CASE(an_unknown_generation_is_a_matter_of_configuration) {
    const auto vault = opened();
    for (const std::uint8_t number : Bytes{0, 2, 255}) {
        const auto key = vault->diversify(KeySlot::gate_read, KeyGeneration{number}, input);
        BOOST_REQUIRE(!key);
        BOOST_TEST((key.error().fault == Fault::correct_configuration));
    }
}

BOOST_AUTO_TEST_CASE(the_newest_generation_is_current_and_older_ones_stay) {
    make();
    put_generation(2);
    const auto vault = std::move(DevelopmentVault::open(folder()).value());
    BOOST_TEST((vault->current_generation() == second));
    BOOST_TEST(vault->diversify(KeySlot::gate_read, first, input).has_value());
    BOOST_TEST(vault->diversify(KeySlot::gate_read, second, input).has_value());
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_is_refused) {
    BOOST_TEST(refused());
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_refused) {
    for (const char* name :
         {"data.key", "signing.1.pem", "trust.json", "picc-master.1.key",
          "application-master.1.key", "gate-read.1.key", "station-update.1.key"}) {
        make();
        fs::remove(fs::path(folder()) / name);
        BOOST_TEST(refused(), name);
        fs::remove_all(folder());
    }
}

BOOST_AUTO_TEST_CASE(a_master_of_another_form_is_refused) {
    make();
    for (const std::string& text :
         {std::string(), std::string(31, 'A'), std::string(34, 'A'), std::string(32, 'G'),
          " " + std::string(32, 'A'), std::string(64, 'A'), std::string(32, 'A') + "\r\n"}) {
        put("gate-read.1.key", text);
        BOOST_TEST(refused(), text);
    }
}

BOOST_AUTO_TEST_CASE(an_incomplete_generation_is_said_and_not_used) {
    make();
    put("picc-master.2.key", std::string(32, 'A'));
    const auto vault = std::move(DevelopmentVault::open(folder()).value());
    BOOST_TEST((vault->current_generation() == first));
    BOOST_TEST(!vault->diversify(KeySlot::picc_master, second, input).has_value());
    const std::vector<VaultNotice> expected{{VaultNotice::Kind::unsafe},
                                            {VaultNotice::Kind::incomplete_generation, 2}};
    BOOST_TEST((vault->notices() == expected));
}

BOOST_AUTO_TEST_CASE(it_says_that_it_is_unsafe) {
    const std::vector<VaultNotice> expected{{VaultNotice::Kind::unsafe}};
    BOOST_TEST((opened()->notices() == expected));
}

BOOST_AUTO_TEST_CASE(an_input_that_a_token_would_pad_otherwise_is_a_defect) {
    const auto vault = opened();
    for (const std::size_t size : {0U, 15U, 32U}) {
        const auto key = vault->diversify(KeySlot::gate_read, first, Bytes(size, 1));
        BOOST_REQUIRE(!key);
        BOOST_TEST((key.error().fault == Fault::report_defect));
    }
}

BOOST_AUTO_TEST_CASE(a_sealing_key_of_another_form_is_refused) {
    make();
    put("data.key", std::string(32, 'A'));
    BOOST_TEST(refused());
}

BOOST_AUTO_TEST_CASE(a_signing_key_of_another_form_is_refused) {
    make();
    for (const std::string_view text :
         {"", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}) {
        put("signing.1.pem", text);
        BOOST_TEST(refused(), text);
    }
}

BOOST_AUTO_TEST_CASE(a_signing_key_on_another_curve_is_refused) {
    make();
    put("signing.1.pem",  // openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp384r1
        R"(-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBgCuw9WeNeXr+jJWLj
HTqlx8t1FBvUj6fNoEs5ieSXsb2OOiAEU5WvYMz4SRZla/WhZANiAAQgOeKPIIAY
r//nVprY6CByJiHFbUHdp4gbHELvOV7hA1CaoLynVzU9/GKeNOvTbaiyFiVwFK4d
2WIDEnGEVFnNMkZt8kkZq22MqMOsUF4xOOD7wzU1AGLWhlqs7u0XMWI=
-----END PRIVATE KEY-----
)");
    BOOST_TEST(refused());
}

BOOST_AUTO_TEST_CASE(a_trust_list_of_another_form_is_refused) {
    make();
    for (const std::string_view text :
         {"", "[]", "{}", R"({"keys": {}})", R"({"keys": [1]})", R"({"keys": ["04AA"]})",
          R"({"keys": ["zz"]})", "{\"keys\": [}"}) {
        put("trust.json", text);
        BOOST_TEST(refused(), text);
    }
}

BOOST_AUTO_TEST_CASE(masters_that_are_equal_are_refused) {
    make();
    put("gate-read.1.key", get("station-update.1.key"));
    BOOST_TEST(refused());
}

BOOST_AUTO_TEST_CASE(a_trust_list_without_the_signing_key_is_refused) {
    make();
    put("trust.json", R"({"keys": []})");
    BOOST_TEST(refused());
}

BOOST_AUTO_TEST_CASE(a_signing_key_with_a_compressed_point_signs_all_the_same) {
    make();
    put("signing.1.pem",  // as above with prime256v1 and point-format:compressed
        R"(-----BEGIN PRIVATE KEY-----
MGcCAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcETTBLAgEBBCDl0bPL8EiWLWM14dWn
1nNcWRAnbBJVYdrxdDsQHV9RgaEkAyIAA7zNzipXvlPc3CZaB0XZHeLyORmNYXpc
KX73LV6lSq3g
-----END PRIVATE KEY-----
)");
    put("trust.json",
        R"({"keys": ["04BCCDCE2A57BE53DCDC265A0745D91DE2F239198D617A5C297EF72D5EA54AADE0)"
        R"(9920F0759BF94CDC9C710FEDABE8110C7DF144F2282ADB4CB0BC9152D0792BF7"]})");
    const auto vault = DevelopmentVault::open(folder());
    BOOST_REQUIRE(vault.has_value());
    BOOST_CHECK_NO_THROW((void)(*vault)->signing_key_id());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(rolling_over_a_key_store, Fixture)

BOOST_AUTO_TEST_CASE(the_next_generation_is_current_and_the_old_one_gives_the_same_keys) {
    const auto before = opened();
    const auto done = DevelopmentVault::roll(folder(), RollOver::masters, random).value();
    BOOST_TEST((done.masters == second));
    BOOST_TEST(!done.signing_key.has_value());
    const auto after = std::move(DevelopmentVault::open(folder()).value());
    BOOST_TEST((after->current_generation() == second));
    BOOST_TEST(to_hex(before->diversify(KeySlot::gate_read, first, input).value().reveal()) ==
               to_hex(after->diversify(KeySlot::gate_read, first, input).value().reveal()));
}

BOOST_AUTO_TEST_CASE(a_new_signing_key_signs_and_the_old_one_stays_believed) {
    const auto before = opened();
    const auto done = DevelopmentVault::roll(folder(), RollOver::signing_key, random).value();
    BOOST_TEST((done.signing_key == 2));
    BOOST_TEST(!done.masters.has_value());
    const auto after = std::move(DevelopmentVault::open(folder()).value());
    BOOST_TEST((after->signing_key_id() != before->signing_key_id()));
    BOOST_TEST(after->trust_list().size() == 2U);
    BOOST_TEST((after->trust_list().front() == before->trust_list().front()));
}

BOOST_AUTO_TEST_CASE(what_an_interrupted_roll_over_left_is_finished) {
    make();
    const std::string begun(32, 'A');
    put("picc-master.2.key", begun);
    BOOST_TEST(
        (DevelopmentVault::roll(folder(), RollOver::masters, random).value().masters == second));
    BOOST_TEST(get("picc-master.2.key") == begun);
    BOOST_TEST((DevelopmentVault::open(folder()).value()->current_generation() == second));
}

BOOST_AUTO_TEST_CASE(generation_255_is_the_last) {
    make();
    put_generation(255);
    BOOST_TEST(!DevelopmentVault::roll(folder(), RollOver::masters, random).has_value());
}

BOOST_AUTO_TEST_CASE(a_store_that_does_not_open_is_not_rolled_over) {
    make();
    put("data.key", "x");
    BOOST_TEST(!DevelopmentVault::roll(folder(), RollOver::both, random).has_value());
    BOOST_TEST(!fs::exists(fs::path(folder()) / "picc-master.2.key"));
}

BOOST_AUTO_TEST_CASE(the_inventory_shows_check_values_and_no_keys) {
    make();
    put("gate-read.1.key", "00112233445566778899AABBCCDDEEFF\n");
    const auto vault = std::move(DevelopmentVault::open(folder()).value());
    const Inventory inventory = vault->inventory(folder());
    BOOST_TEST(inventory.unsafe);
    BOOST_REQUIRE(inventory.masters.size() == 4U);
    const auto found = std::ranges::find(inventory.masters, MasterName{KeySlot::gate_read, first},
                                         &MasterEntry::name);
    BOOST_REQUIRE((found != inventory.masters.end()));
    // openssl mac -cipher AES-128-CBC -macopt hexkey:001122... -in 16 octets of zeros CMAC
    BOOST_TEST(found->check_value == "53E107");
}

BOOST_AUTO_TEST_SUITE_END()
