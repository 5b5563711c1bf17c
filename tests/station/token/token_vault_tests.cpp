// Pkcs11Vault on a real SoftHSM, reached through a module that fails on command.

#include <fstream>
#include <map>
#include <set>

#include <boost/json.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "cardformat/crypto/cmac.hpp"
#include "cardformat/crypto/random.hpp"
#include "station/vault/development_vault.hpp"
#include "station/vault/key_store.hpp"
#include "station/vault/pkcs11_error.hpp"
#include "station/vault/trust_file.hpp"
#include "tests/station/token/soft_token.hpp"

using namespace card;
using soft_token::Flaws;
using soft_token::SoftToken;
namespace fs = std::filesystem;

namespace {

constexpr KeyGeneration first{1};
constexpr KeyGeneration second{2};
const std::vector<std::string> all_labels{
    "port-pass.picc-master.1", "port-pass.application-master.1",
    "port-pass.gate-read.1",   "port-pass.station-update.1",
    "port-pass.signing.1",     "port-pass.data"};

std::unique_ptr<Vault> opened(const SoftToken& token) {
    auto vault = open_vault(token.uri());
    BOOST_REQUIRE_MESSAGE(vault.has_value(), vault.error().detail);
    return std::move(*vault);
}

/// The failure of opening it.
Failure refusal(const std::string& uri) {
    const auto vault = open_vault(uri);
    BOOST_REQUIRE(!vault);
    return vault.error();
}

bool says(const Failure& failure, std::string_view words) {
    return failure.detail.find(words) != std::string::npos;
}

std::string key_of(Vault& vault, KeySlot slot = KeySlot::gate_read,
                   KeyGeneration generation = first) {
    return to_hex(vault.diversify(slot, generation, Bytes(18, 0x5A)).value().reveal());
}

Bytes octets(std::string_view hex) {
    return from_hex(hex).value();
}

boost::json::object vector_named(std::string_view wanted) {
    std::ostringstream text;
    text << std::ifstream(fs::path(VECTORS_DIR) / "desfire.json").rdbuf();
    const auto whole = boost::json::parse(text.str());
    for (const auto& vector : whole.at("vectors").as_array()) {
        if (vector.at("name").as_string() == wanted) {
            return vector.as_object();
        }
    }
    throw std::runtime_error("no such vector");
}

std::string text_of(const boost::json::object& vector, std::string_view key) {
    return std::string(vector.at(key).as_string());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keys_in_a_token)

BOOST_AUTO_TEST_CASE(the_published_an10922_example_comes_out_of_the_token) {
    const auto vector = vector_named("an10922_aes128");
    const SoftToken token;
    token.remove("port-pass.gate-read.1");
    token.import_aes("port-pass.gate-read.1", octets(text_of(vector, "master_key")));
    const auto key =
        opened(token)->diversify(KeySlot::gate_read, first, octets(text_of(vector, "div_input")));
    BOOST_TEST(to_hex(key.value().reveal()) == text_of(vector, "diversified_key"));
}

BOOST_AUTO_TEST_CASE(imported_masters_give_the_keys_that_the_development_store_gives) {
    const SoftToken token;
    const std::string folder = token.folder() / "development";
    SystemRandom random;
    BOOST_REQUIRE(DevelopmentVault::create(folder, random).has_value());
    for (const KeySlot slot : all_key_slots) {
        std::string hex;
        std::ifstream(folder + "/" + std::string(name(slot)) + ".1.key") >> hex;
        token.remove(label(MasterName{slot, first}));
        token.import_aes(label(MasterName{slot, first}), octets(hex));
    }
    const auto development = std::move(open_vault(folder).value());
    const auto in_token = opened(token);
    for (const KeySlot slot : all_key_slots) {
        for (const std::size_t size : {16U, 18U, 30U, 31U}) {
            const Bytes input(size, static_cast<std::uint8_t>(size));
            BOOST_TEST(to_hex(development->diversify(slot, first, input).value().reveal()) ==
                       to_hex(in_token->diversify(slot, first, input).value().reveal()));
        }
    }
}

BOOST_AUTO_TEST_CASE(an_input_that_the_token_would_pad_otherwise_is_a_defect) {
    const SoftToken token;
    const auto vault = opened(token);
    for (const std::size_t size : {0U, 15U, 32U}) {
        const auto key = vault->diversify(KeySlot::gate_read, first, Bytes(size, 1));
        BOOST_REQUIRE(!key);
        BOOST_TEST((key.error().fault == Fault::report_defect));
    }
}

BOOST_AUTO_TEST_CASE(its_signatures_are_believed_by_its_own_trust_list) {
    const SoftToken token;
    const auto vault = opened(token);
    const Bytes message{1, 2, 3};
    BOOST_REQUIRE(vault->trust_list().size() == 1U);
    BOOST_TEST(verify_es256(vault->trust_list().front(), message, vault->sign(message).value()));
    BOOST_TEST((vault->signing_key_id() == key_id_of(vault->trust_list().front())));
}

BOOST_AUTO_TEST_CASE(the_trust_file_adds_keys) {
    const SoftToken token;
    const std::string path = token.folder() / "trust.json";
    const P256Point other = Es256Key::generate().public_point();
    std::ofstream(path) << trust_file_text({other});
    const auto vault = std::move(open_vault(token.uri() + "&trust-source=file:" + path).value());
    BOOST_TEST(vault->trust_list().size() == 2U);
    BOOST_TEST(trusts(vault->trust_list(), other));
}

BOOST_AUTO_TEST_CASE(the_sealing_key_is_that_of_sp_800_108) {
    const SoftToken token;
    token.remove("port-pass.data");
    token.import_aes("port-pass.data",
                     octets("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"));
    // openssl kdf -keylen 32 -kdfopt mac:CMAC -kdfopt cipher:AES-256-CBC -kdfopt hexkey:000102...
    //     -kdfopt salt:"port-pass data" -kdfopt mode:COUNTER KBKDF
    BOOST_TEST(to_hex(opened(token)->sealing_key().reveal()) ==
               "4F14D9D348373D9A316DE46B4019FC9D4A2B05924234A27A76321DE5CD64A20E");
}

BOOST_AUTO_TEST_CASE(the_sealing_key_is_the_same_when_opened_again) {
    const SoftToken token;
    const std::string before = to_hex(opened(token)->sealing_key().reveal());
    BOOST_TEST(to_hex(opened(token)->sealing_key().reveal()) == before);
}

BOOST_AUTO_TEST_CASE(a_token_is_no_unsafe_store) {
    const SoftToken token;
    BOOST_TEST(opened(token)->notices().empty());
    BOOST_TEST(!list_keys(token.uri())->unsafe);
}

BOOST_AUTO_TEST_CASE(made_keys_are_told_from_imported_ones) {
    const SoftToken token;
    token.remove("port-pass.gate-read.1");
    token.import_aes("port-pass.gate-read.1", octets("00112233445566778899AABBCCDDEEFF"));
    const Inventory inventory = list_keys(token.uri()).value();
    for (const MasterEntry& master : inventory.masters) {
        const bool imported = master.name.slot == KeySlot::gate_read;
        BOOST_TEST(master.made_in_store == !imported);
        if (imported) {  // openssl mac -cipher AES-128-CBC -macopt hexkey:001122... CMAC
            BOOST_TEST(master.check_value == "53E107");
        }
    }
}

BOOST_AUTO_TEST_CASE(softhsm_itself_serves_as_well) {
    const SoftToken token;
    BOOST_TEST(open_vault(token.direct_uri()).has_value());
}

BOOST_AUTO_TEST_CASE(a_pin_from_the_environment_opens_it) {
    const SoftToken token;
    ::setenv("TOKEN_VAULT_TESTS_PIN", "123456", 1);
    const std::string uri = token.uri();
    BOOST_TEST(open_vault(uri.substr(0, uri.find("&pin")) + "&pin-source=env:TOKEN_VAULT_TESTS_PIN")
                   .has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_token_that_is_refused)

BOOST_AUTO_TEST_CASE(a_wrong_pin_is_tried_once) {
    const SoftToken token;
    token.write_pin("654321");
    const Failure failure = refusal(token.uri());
    BOOST_TEST((failure.fault == Fault::correct_token_pin));
    BOOST_TEST(says(failure, "C_Login: CKR_PIN_INCORRECT"));
    BOOST_TEST(!says(failure, "654321"));
    BOOST_TEST(faulty_module::calls_of("C_Login") == 1U);
}

BOOST_AUTO_TEST_CASE(a_locked_pin_is_said) {
    const SoftToken token;
    faulty_module::fail_calls("C_Login", CKR_PIN_LOCKED);
    const Failure failure = refusal(token.uri());
    BOOST_TEST((failure.fault == Fault::unlock_key_token));
    BOOST_TEST(says(failure, "CKR_PIN_LOCKED"));
}

BOOST_AUTO_TEST_CASE(no_pin_is_tried_where_the_token_says_that_it_is_locked_or_one_try_is_left) {
    const std::map<CK_FLAGS, Fault> faults{{CKF_USER_PIN_LOCKED, Fault::unlock_key_token},
                                           {CKF_USER_PIN_FINAL_TRY, Fault::correct_token_pin}};
    for (const auto& [flag, fault] : faults) {
        const SoftToken token;
        faulty_module::add_token_flags(flag);
        BOOST_TEST((refusal(token.uri()).fault == fault));
        BOOST_TEST(faulty_module::calls_of("C_Login") == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_missing_pin_file_is_refused_without_a_try) {
    const SoftToken token;
    fs::remove(token.folder() / "pin");
    BOOST_TEST((refusal(token.uri()).fault == Fault::correct_configuration));
    BOOST_TEST(faulty_module::calls_of("C_Login") == 0U);
}

BOOST_AUTO_TEST_CASE(a_token_that_is_not_there_is_asked_for) {
    const SoftToken token;
    std::string uri = token.uri();
    const Failure failure = refusal(uri.replace(uri.find("pass-station"), 12, "other"));
    BOOST_TEST((failure.fault == Fault::insert_key_token));
    BOOST_TEST(says(failure, "\"other\""));
}

BOOST_AUTO_TEST_CASE(two_tokens_that_fit_are_refused) {
    const SoftToken token;
    token.add_twin();
    const Failure failure = refusal(token.uri());
    BOOST_TEST((failure.fault == Fault::correct_configuration));
    BOOST_TEST(says(failure, "serial="));
}

BOOST_AUTO_TEST_CASE(a_missing_module_is_refused) {
    const SoftToken token;
    std::string uri = token.uri();
    const Failure failure = refusal(uri.replace(uri.find(FAULTY_MODULE), 1, "/no-such-folder/"));
    BOOST_TEST((failure.fault == Fault::correct_configuration));
    BOOST_TEST(says(failure, "module-path"));
}

BOOST_AUTO_TEST_CASE(a_library_that_is_no_module_is_refused) {
    const SoftToken token;
    std::string uri = token.uri();
    const std::string module = FAULTY_MODULE;
    const Failure failure =
        refusal(uri.replace(uri.find(module), module.size(), LIBRARY_THAT_IS_NO_MODULE));
    BOOST_TEST((failure.fault == Fault::correct_configuration));
    BOOST_TEST(says(failure, "no PKCS #11 module"));
}

BOOST_AUTO_TEST_CASE(a_token_without_a_needed_mechanism_is_refused) {
    for (const auto& [mechanism, text] :
         {std::pair(CKM_AES_CMAC, "CKM_AES_CMAC"), std::pair(CKM_ECDSA, "CKM_ECDSA")}) {
        const SoftToken token;
        faulty_module::refuse_mechanism(mechanism);
        const Failure failure = refusal(token.uri());
        BOOST_TEST((failure.fault == Fault::correct_configuration));
        BOOST_TEST(says(failure, text));
    }
}

BOOST_DATA_TEST_CASE(a_token_that_lacks_a_key_is_refused_by_its_label, all_labels, lost) {
    const SoftToken token;
    BOOST_REQUIRE(token.remove(lost) > 0U);
    const Failure failure = refusal(token.uri());
    BOOST_TEST((failure.fault == Fault::correct_configuration));
    BOOST_TEST(says(failure, lost));
    const auto problems = list_keys(token.uri())->problems;
    BOOST_REQUIRE(problems.size() == 1U);
    BOOST_TEST(problems.front().starts_with(lost));
}

BOOST_DATA_TEST_CASE(a_key_that_could_be_known_outside_or_cannot_sign_is_refused, all_labels,
                     spoiled) {
    const std::vector<std::pair<Flaws, std::string>> flaws{
        {{.sensitive = false}, "is not sensitive"},
        {{.extractable = true}, "is extractable"},
        {{.is_private = false}, "is not private"},
        {{.signs = false}, "may not sign"}};
    for (const auto& [flaw, words] : flaws) {
        const SoftToken token;
        token.remove(spoiled);
        if (spoiled == "port-pass.signing.1") {
            token.make_key_pair(spoiled, flaw);
        } else {
            token.import_aes(spoiled, Bytes(spoiled == "port-pass.data" ? 32 : 16, 7), flaw);
        }
        const Failure failure = refusal(token.uri());
        BOOST_TEST((failure.fault == Fault::correct_configuration));
        BOOST_TEST(says(failure, spoiled + " " + words));
        SystemRandom random;
        BOOST_TEST(!roll_keys(token.uri(), RollOver::both, random).has_value());
    }
}

BOOST_DATA_TEST_CASE(a_label_that_two_keys_have_is_refused, all_labels, doubled) {
    const SoftToken token;
    if (doubled == "port-pass.signing.1") {
        token.make_key_pair(doubled);
    } else {
        token.import_aes(doubled, Bytes(doubled == "port-pass.data" ? 32 : 16, 7));
    }
    const Failure failure = refusal(token.uri());
    BOOST_TEST((failure.fault == Fault::correct_configuration));
    BOOST_TEST(says(failure, doubled + " is the label of two keys"));
}

BOOST_AUTO_TEST_CASE(keys_of_another_size_are_refused) {
    for (const auto& [name, size] : {std::pair<std::string, std::size_t>{"port-pass.data", 16},
                                     {"port-pass.picc-master.1", 32}}) {
        const SoftToken token;
        token.remove(name);
        token.import_aes(name, Bytes(size, 7));
        BOOST_TEST(says(refusal(token.uri()), name + " is no AES key of"));
    }
}

BOOST_AUTO_TEST_CASE(masters_that_are_equal_are_refused) {
    const SoftToken token;
    for (const char* name : {"port-pass.gate-read.1", "port-pass.station-update.1"}) {
        token.remove(name);
        token.import_aes(name, Bytes(16, 7));
    }
    const Failure failure = refusal(token.uri());
    BOOST_TEST((failure.fault == Fault::correct_configuration));
    BOOST_TEST(says(failure, "is the same key as"));
}

BOOST_AUTO_TEST_CASE(a_public_key_of_another_pair_is_refused) {
    const SoftToken token;
    const auto believed = opened(token)->trust_list();
    token.remove("port-pass.signing.1");
    token.make_key_pair("port-pass.signing.9");
    token.import_public("port-pass.signing.9", believed.front());
    BOOST_TEST((refusal(token.uri()).fault == Fault::correct_configuration));
}

BOOST_AUTO_TEST_CASE(a_trust_file_of_another_form_is_refused) {
    const SoftToken token;
    const std::string path = token.folder() / "trust.json";
    std::ofstream(path) << "[]";
    const Failure failure = refusal(token.uri() + "&trust-source=file:" + path);
    BOOST_TEST((failure.fault == Fault::correct_configuration));
    BOOST_TEST(says(failure, path));
}

BOOST_AUTO_TEST_CASE(other_objects_in_the_token_do_not_matter) {
    const SoftToken token;
    token.import_aes("port-pass.gate-read.01", Bytes(16, 7), {.sensitive = false});
    token.import_aes("somebody else's", Bytes(32, 7), {.extractable = true});
    token.import_aes(std::string(300, 'x'), Bytes(32, 7), {.extractable = true});
    BOOST_TEST(opened(token)->notices().empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_token_that_is_lost)

BOOST_AUTO_TEST_CASE(every_call_of_opening_may_be_the_one_that_it_is_pulled_out_in) {
    const SoftToken token;
    (void)opened(token);
    const std::size_t calls = faulty_module::all_calls();
    std::size_t refused = 0;
    for (std::size_t call = 0; call < calls; ++call) {
        faulty_module::heal();
        faulty_module::remove_after(call);
        const auto vault = open_vault(token.uri());
        if (!vault) {
            ++refused;
            BOOST_TEST((vault.error().fault == Fault::insert_key_token ||
                        says(vault.error(), "does not offer")),
                       call << ": " << vault.error().detail);
        }
    }
    BOOST_TEST(refused > calls / 2);
}

BOOST_AUTO_TEST_CASE(put_back_it_gives_the_same_keys_and_signs) {
    const SoftToken token;
    const auto vault = opened(token);
    const std::string before = key_of(*vault);
    faulty_module::remove_after(0);
    const auto away = vault->diversify(KeySlot::gate_read, first, Bytes(18, 0x5A));
    BOOST_REQUIRE(!away);
    BOOST_TEST((away.error().fault == Fault::insert_key_token));
    BOOST_TEST((vault->sign(Bytes{1}).error().fault == Fault::insert_key_token));
    faulty_module::heal();
    BOOST_TEST(key_of(*vault) == before);
    BOOST_TEST(verify_es256(vault->trust_list().front(), Bytes{1}, vault->sign(Bytes{1}).value()));
}

BOOST_AUTO_TEST_CASE(a_lost_session_is_opened_again_within_the_call) {
    for (const CK_RV answer : {CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED, CKR_DEVICE_REMOVED,
                               CKR_DEVICE_ERROR, CKR_USER_NOT_LOGGED_IN, CKR_KEY_HANDLE_INVALID,
                               CKR_TOKEN_NOT_PRESENT, CKR_GENERAL_ERROR}) {
        const SoftToken token;
        const auto vault = opened(token);
        const std::string before = key_of(*vault);
        faulty_module::fail_calls_once("C_SignInit", answer);
        BOOST_TEST(key_of(*vault) == before, pkcs11::name(answer));
        BOOST_TEST(faulty_module::calls_of("C_Login") == 2U);
    }
}

BOOST_AUTO_TEST_CASE(a_fault_that_stays_is_tried_once_more_and_no_further) {
    const SoftToken token;
    const auto vault = opened(token);
    faulty_module::fail_calls("C_SignInit", CKR_DEVICE_ERROR);
    BOOST_TEST((vault->sign(Bytes{1}).error().fault == Fault::insert_key_token));
    BOOST_TEST(faulty_module::calls_of("C_Login") == 2U);
}

BOOST_AUTO_TEST_CASE(a_pin_that_is_wrong_by_then_is_tried_once_for_good) {
    const SoftToken token;
    const auto vault = opened(token);
    token.write_pin("654321");
    faulty_module::fail_calls_once("C_SignInit", CKR_SESSION_HANDLE_INVALID);
    for (int i = 0; i < 3; ++i) {
        const auto signature = vault->sign(Bytes{1});
        BOOST_REQUIRE(!signature);
        BOOST_TEST((signature.error().fault == Fault::correct_token_pin));
        BOOST_TEST(says(signature.error(), "CKR_PIN_INCORRECT"));
    }
    token.write_pin("123456");
    BOOST_TEST(!vault->sign(Bytes{1}).has_value());
    BOOST_TEST(faulty_module::calls_of("C_Login") == 2U);
}

BOOST_AUTO_TEST_CASE(another_token_in_its_place_is_refused_for_good) {
    for (const std::string name : {"port-pass.data", "port-pass.signing.1"}) {
        const SoftToken token;
        const auto vault = opened(token);
        faulty_module::remove_after(0);
        BOOST_TEST(!vault->sign(Bytes{1}).has_value());
        token.remove(name);
        if (name == "port-pass.data") {
            token.import_aes(name, Bytes(32, 7));
        } else {
            token.make_key_pair(name);
        }
        faulty_module::heal();
        for (int i = 0; i < 2; ++i) {
            const auto signature = vault->sign(Bytes{1});
            BOOST_REQUIRE(!signature);
            BOOST_TEST((signature.error().fault == Fault::correct_configuration));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(answers_of_a_module)

/// One answer for each piece of advice, and two that have none.
const std::vector<CK_RV> answers{
    CKR_PIN_INCORRECT,         CKR_PIN_LOCKED,        CKR_PIN_EXPIRED,
    CKR_DEVICE_REMOVED,        CKR_MECHANISM_INVALID, CKR_KEY_FUNCTION_NOT_PERMITTED,
    CKR_TEMPLATE_INCONSISTENT, CKR_SESSION_READ_ONLY, CKR_SESSION_COUNT,
    CKR_TOKEN_NOT_RECOGNIZED,  CKR_ARGUMENTS_BAD,     CKR_NO_EVENT,
    CKR_VENDOR_DEFINED | 1};

BOOST_DATA_TEST_CASE(every_failing_call_of_opening_is_a_failure_with_a_name,
                     faulty_module::call_names(), call) {
    const SoftToken token;
    const bool only_ends = call == "C_Finalize" || call == "C_CloseSession";
    for (const CK_RV answer : answers) {
        faulty_module::begin(SOFTHSM_MODULE);
        faulty_module::fail_calls(call, answer);
        const auto vault = open_vault(token.uri());
        BOOST_TEST(vault.has_value() == only_ends, pkcs11::name(answer));
        if (!vault && call != "C_GetMechanismInfo" && call != "C_GetTokenInfo") {
            BOOST_TEST(says(vault.error(), call), vault.error().detail);
            BOOST_TEST(says(vault.error(), pkcs11::name(answer)), vault.error().detail);
        }
        BOOST_TEST(faulty_module::calls_of("C_Login") <= 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_failing_search_leaves_no_search_open) {
    const SoftToken token;
    faulty_module::fail_calls("C_FindObjects", CKR_NO_EVENT);
    BOOST_TEST(!open_vault(token.uri()).has_value());
    BOOST_TEST(faulty_module::calls_of("C_FindObjectsFinal") == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(making_and_rolling_over)

BOOST_AUTO_TEST_CASE(a_new_token_gets_generation_one) {
    const SoftToken token(SoftToken::Content::blank);
    BOOST_TEST(says(refusal(token.uri()), "port-pass.picc-master.1"));
    SystemRandom random;
    BOOST_REQUIRE(create_keys(token.uri(), random).has_value());
    const auto vault = opened(token);
    BOOST_TEST((vault->current_generation() == first));
    BOOST_TEST(list_keys(token.uri())->problems.empty());
}

BOOST_AUTO_TEST_CASE(keys_that_are_there_are_never_made_again) {
    const SoftToken token;
    SystemRandom random;
    const std::string before = key_of(*opened(token));
    const auto again = create_keys(token.uri(), random);
    BOOST_REQUIRE(!again);
    BOOST_TEST((again.error().fault == Fault::correct_configuration));
    BOOST_TEST(key_of(*opened(token)) == before);
}

BOOST_AUTO_TEST_CASE(a_lost_master_is_not_made_again_by_create) {
    const SoftToken token;
    token.remove("port-pass.gate-read.1");
    SystemRandom random;
    BOOST_TEST(!create_keys(token.uri(), random).has_value());
    BOOST_TEST(!roll_keys(token.uri(), RollOver::masters, random).has_value());
    BOOST_TEST(!open_vault(token.uri()).has_value());
}

BOOST_AUTO_TEST_CASE(making_keys_may_stop_at_each_and_is_finished_later) {
    for (std::size_t made = 0; made < 6; ++made) {
        const SoftToken token(SoftToken::Content::blank);
        SystemRandom random;
        if (made < 5) {
            faulty_module::fail_calls("C_GenerateKey", CKR_DEVICE_REMOVED, made);
        } else {
            faulty_module::fail_calls("C_GenerateKeyPair", CKR_DEVICE_REMOVED);
        }
        BOOST_TEST((create_keys(token.uri(), random).error().fault == Fault::insert_key_token));
        BOOST_TEST(!open_vault(token.uri()).has_value());
        faulty_module::heal();
        BOOST_REQUIRE(create_keys(token.uri(), random).has_value());
        BOOST_TEST((opened(token)->current_generation() == first));
        BOOST_TEST(list_keys(token.uri())->masters.size() == 4U);
    }
}

BOOST_AUTO_TEST_CASE(after_a_roll_over_new_cards_get_the_new_generation_and_old_ones_verify) {
    const SoftToken token;
    const auto before = opened(token);
    std::set<std::string> keys;
    for (const KeySlot slot : all_key_slots) {
        keys.insert(key_of(*before, slot));
    }
    const Bytes credential{1, 2, 3};
    const Bytes signature = before->sign(credential).value();
    SystemRandom random;
    const auto done = roll_keys(token.direct_uri(), RollOver::both, random);
    BOOST_REQUIRE(done.has_value());
    BOOST_TEST((done->masters == second));
    BOOST_TEST((done->signing_key == 2));

    const auto after = opened(token);
    BOOST_TEST((after->current_generation() == second));
    for (const KeySlot slot : all_key_slots) {
        BOOST_TEST(keys.contains(key_of(*after, slot, first)));
        BOOST_TEST(!keys.contains(key_of(*after, slot, second)));
    }
    const auto& believed = after->trust_list();
    BOOST_TEST(std::ranges::any_of(
        believed, [&](const P256Point& key) { return verify_es256(key, credential, signature); }));
    BOOST_TEST((after->signing_key_id() != before->signing_key_id()));
    BOOST_TEST(to_hex(after->sealing_key().reveal()) == to_hex(before->sealing_key().reveal()));
}

BOOST_AUTO_TEST_CASE(a_roll_over_may_stop_at_each_key_and_is_finished_later) {
    for (std::size_t made = 0; made < 4; ++made) {
        const SoftToken token;
        SystemRandom random;
        faulty_module::fail_calls("C_GenerateKey", CKR_DEVICE_REMOVED, made);
        BOOST_TEST(!roll_keys(token.uri(), RollOver::masters, random).has_value());
        faulty_module::heal();
        std::vector<VaultNotice> expected;
        if (made > 0) {
            expected.push_back({VaultNotice::Kind::incomplete_generation, 2});
        }
        {
            const auto vault = opened(token);
            BOOST_TEST((vault->notices() == expected));
            BOOST_TEST((vault->current_generation() == first));
            BOOST_TEST(!vault->diversify(KeySlot::picc_master, second, Bytes(18, 1)).has_value());
        }
        BOOST_TEST((roll_keys(token.uri(), RollOver::masters, random)->masters == second));
        BOOST_TEST((opened(token)->current_generation() == second));
        BOOST_TEST(opened(token)->notices().empty());
    }
}

BOOST_AUTO_TEST_CASE(a_private_half_alone_is_said_and_signs_nothing) {
    const SoftToken token;
    const auto before = opened(token)->signing_key_id();
    token.make_key_pair("port-pass.signing.2");
    token.remove_public("port-pass.signing.2");
    const auto vault = opened(token);
    const std::vector<VaultNotice> expected{{VaultNotice::Kind::incomplete_signing_key, 2}};
    BOOST_TEST((vault->notices() == expected));
    BOOST_TEST((vault->signing_key_id() == before));
}

BOOST_AUTO_TEST_CASE(generation_255_is_the_last) {
    const SoftToken token;
    std::uint8_t octet = 1;
    for (const KeySlot slot : all_key_slots) {
        token.import_aes(label(MasterName{slot, KeyGeneration{255}}), Bytes(16, octet++));
    }
    BOOST_TEST((opened(token)->current_generation() == KeyGeneration{255}));
    SystemRandom random;
    BOOST_TEST(!roll_keys(token.uri(), RollOver::masters, random).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
