// The parts of the key stores that need no token: names, generations, specs, PINs, answers.

#include <filesystem>
#include <fstream>
#include <set>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

#include "station/vault/generations.hpp"
#include "station/vault/pin.hpp"
#include "station/vault/pkcs11_error.hpp"
#include "station/vault/store_spec.hpp"

using namespace card;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(labels_of_keys)

BOOST_AUTO_TEST_CASE(they_are_as_documented) {
    BOOST_TEST(label(MasterName{KeySlot::gate_read, KeyGeneration{1}}) == "port-pass.gate-read.1");
    BOOST_TEST(label(SigningName{255}) == "port-pass.signing.255");
    BOOST_TEST(label(DataName{}) == "port-pass.data");
}

BOOST_AUTO_TEST_CASE(every_label_names_one_key) {
    std::set<std::string> labels;
    for (unsigned generation = 1; generation <= 255; ++generation) {
        const auto number = static_cast<std::uint8_t>(generation);
        std::vector<KeyName> keys{SigningName{number}};
        for (const KeySlot slot : all_key_slots) {
            keys.emplace_back(MasterName{slot, KeyGeneration{number}});
        }
        for (const KeyName& key : keys) {
            BOOST_REQUIRE((parse_label(label(key)) == key));
            labels.insert(label(key));
        }
    }
    BOOST_TEST(labels.size() == 5U * 255);
    BOOST_TEST((parse_label("port-pass.data") == KeyName(DataName{})));
}

BOOST_DATA_TEST_CASE(other_labels_name_none,
                     (std::vector<std::string>{
                         "", "port-pass", "port-pass.", "port-pass.data.1", "port-pass.signing",
                         "port-pass.signing.", "port-pass.signing.0", "port-pass.signing.01",
                         "port-pass.signing.256", "port-pass.signing.-1", "port-pass.signing.1 ",
                         "port-pass.signing.1.2", "port-pass.gate-read", "port-pass.gate-reads.1",
                         "Port-pass.gate-read.1", " port-pass.gate-read.1", "gate-read.1"}),
                     text) {
    BOOST_TEST(!parse_label(text).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

Generations generations_with(const std::vector<unsigned>& whole,
                             const std::vector<unsigned>& begun) {
    Generations generations;
    for (const unsigned number : whole) {
        for (const KeySlot slot : all_key_slots) {
            generations.add({slot, KeyGeneration{static_cast<std::uint8_t>(number)}});
        }
    }
    for (const unsigned number : begun) {
        generations.add({KeySlot::gate_read, KeyGeneration{static_cast<std::uint8_t>(number)}});
    }
    return generations;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(generations_of_masters)

BOOST_AUTO_TEST_CASE(none_is_current_where_none_is_whole) {
    const Generations generations = generations_with({}, {1});
    BOOST_TEST(!generations.current().has_value());
    BOOST_TEST((generations.next() == KeyGeneration{1}));
}

BOOST_AUTO_TEST_CASE(the_highest_whole_one_is_current) {
    const Generations generations = generations_with({1, 3}, {4});
    BOOST_TEST((generations.current() == KeyGeneration{3}));
    BOOST_TEST((generations.next() == KeyGeneration{4}));
    BOOST_TEST((generations.incomplete() == std::vector{KeyGeneration{4}}));
    BOOST_TEST(!generations.whole(KeyGeneration{2}));
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_named_by_slot) {
    const Generations generations = generations_with({}, {1});
    BOOST_TEST(
        (generations.missing(KeyGeneration{1}) ==
         std::vector{KeySlot::picc_master, KeySlot::application_master, KeySlot::station_update}));
    BOOST_TEST(generations.missing(KeyGeneration{2}).size() == 4U);
}

BOOST_AUTO_TEST_CASE(after_255_there_is_none) {
    BOOST_TEST(!generations_with({255}, {}).next().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

const std::string good = "pkcs11:token=pass-station?module-path=/usr/lib/m.so&pin-source=file:/p";

TokenSpec token_of(const std::string& text) {
    const auto spec = parse_store_spec(text);
    BOOST_REQUIRE_MESSAGE(spec.has_value(), spec.error().detail);
    return std::get<TokenSpec>(*spec);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(names_of_stores)

BOOST_AUTO_TEST_CASE(anything_without_the_scheme_is_a_folder) {
    for (const std::string path : {"keys", "/var/lib/keys", "./pkcs11:x", "pkcs11"}) {
        BOOST_TEST(std::get<DevelopmentFolder>(parse_store_spec(path).value()).path == path);
    }
}

BOOST_AUTO_TEST_CASE(a_uri_names_token_module_and_pin) {
    const TokenSpec spec = token_of(good);
    BOOST_TEST(spec.label == "pass-station");
    BOOST_TEST(spec.serial.empty());
    BOOST_TEST(spec.module_path == "/usr/lib/m.so");
    BOOST_TEST(std::get<PinFile>(spec.pin).path == "/p");
    BOOST_TEST(!spec.trust_file.has_value());
}

BOOST_AUTO_TEST_CASE(every_attribute_is_decoded) {
    const TokenSpec spec = token_of(
        "PKCS11:token=a%20b;serial=12;manufacturer=M%26N;model=v2?module-path=/m%20n.so&"
        "pin-source=env:PIN&trust-source=file:///t.json");
    BOOST_TEST(spec.label == "a b");
    BOOST_TEST(spec.serial == "12");
    BOOST_TEST(spec.manufacturer == "M&N");
    BOOST_TEST(spec.model == "v2");
    BOOST_TEST(spec.module_path == "/m n.so");
    BOOST_TEST(std::get<PinVariable>(spec.pin).name == "PIN");
    BOOST_TEST(spec.trust_file.value() == "/t.json");
}

BOOST_DATA_TEST_CASE(a_uri_that_cannot_be_used_is_refused,
                     (std::vector<std::string>{
                         "pkcs11:",
                         "pkcs11:?",
                         "pkcs11:token=a",
                         "pkcs11:token=a?module-path=/m",
                         "pkcs11:token=a?pin-source=file:/p",
                         "pkcs11:?module-path=/m&pin-source=/p",
                         "pkcs11:token=?module-path=/m&pin-source=/p",
                         "pkcs11:model=x?module-path=/m&pin-source=/p",
                         "pkcs11:token=a?module-path=m.so&pin-source=/p",
                         "pkcs11:token=a?module-path=/m&pin-source=p",
                         "pkcs11:token=a?module-path=/m&pin-source=env:",
                         "pkcs11:token=a?module-path=/m&pin-source=|/usr/bin/x",
                         "pkcs11:token=a?module-path=/m&pin-source=http://h/p",
                         "pkcs11:token=a?module-path=/m&pin-source=//h/p",
                         "pkcs11:token=a;object=b?module-path=/m&pin-source=/p",
                         "pkcs11:token=a;id=%01?module-path=/m&pin-source=/p",
                         "pkcs11:token=a;token=b?module-path=/m&pin-source=/p",
                         "pkcs11:token=a;pin-source=/p?module-path=/m",
                         "pkcs11:token=a?token=a&module-path=/m&pin-source=/p",
                         "pkcs11:token=a?module-path=/m&pin-source=/p&pin-source=/q",
                         "pkcs11:token=a?module-path=/m&pin-source=/p&trust-sorce=/t",
                         "pkcs11:token=a?module-path=/m&pin-source=/p&trust-source=t",
                         "pkcs11:token=%zz?module-path=/m&pin-source=/p",
                         "pkcs11:token=a%?module-path=/m&pin-source=/p",
                         "pkcs11:token=" + std::string(33, 'a') + "?module-path=/m&pin-source=/p",
                         "pkcs11:token=a?module-path=/m&pin-source=/p&module-name=softhsm",
                         std::string(4097, 'x'),
                         std::string("a\0b", 3),
                         std::string()}),
                     text) {
    const auto spec = parse_store_spec(text);
    BOOST_REQUIRE(!spec);
    BOOST_TEST((spec.error().fault == Fault::correct_configuration));
}

BOOST_AUTO_TEST_CASE(a_pin_in_the_uri_is_refused_with_the_reason_and_not_repeated) {
    const std::vector<std::string> texts{good + "&pin-value=13579",
                                         "pkcs11:token=a;pin-value=13579?module-path=/m",
                                         "pkcs11:token=a?pin-value=13579"};
    for (const std::string& text : texts) {
        const auto spec = parse_store_spec(text);
        BOOST_REQUIRE(!spec);
        BOOST_TEST(spec.error().detail.find("pin-value is refused") != std::string::npos);
        BOOST_TEST(spec.error().detail.find("13579") == std::string::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

struct PinFixture {
    PinFixture() {
        std::string pattern = fs::temp_directory_path() / "pin_tests.XXXXXX";
        folder = ::mkdtemp(pattern.data());
    }
    PinFixture(const PinFixture&) = delete;
    PinFixture& operator=(const PinFixture&) = delete;
    ~PinFixture() { fs::remove_all(folder); }

    [[nodiscard]] Result<Pin> pin(std::string_view content, mode_t mode = 0600) const {
        std::ofstream(folder / "pin", std::ios::binary | std::ios::trunc) << content;
        ::chmod((folder / "pin").c_str(), mode);
        return read_pin(PinFile{folder / "pin"});
    }
    [[nodiscard]] std::string text(std::string_view content) const {
        const auto read = pin(content);
        BOOST_REQUIRE(read.has_value());
        return {read->reveal().begin(), read->reveal().end()};
    }

    fs::path folder;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(pins, PinFixture)

BOOST_AUTO_TEST_CASE(one_line_end_is_not_part_of_the_pin) {
    BOOST_TEST(text("1234") == "1234");
    BOOST_TEST(text("1234\n") == "1234");
    BOOST_TEST(text("1234\n\n") == "1234\n");
    BOOST_TEST(text(" 12 ") == " 12 ");
    BOOST_TEST(text(std::string(255, '1') + "\n") == std::string(255, '1'));
}

BOOST_AUTO_TEST_CASE(no_pin_and_a_longer_one_are_refused) {
    for (const std::string& content :
         {std::string(), std::string("\n"), std::string(256, '1'), std::string(5000, '1')}) {
        BOOST_TEST((pin(content).error().fault == Fault::correct_configuration));
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_everybody_may_use_is_refused) {
    for (const mode_t mode : {0604U, 0602U, 0601U, 0666U}) {
        BOOST_TEST(!pin("1234", mode).has_value(), mode);
    }
    BOOST_TEST(pin("1234", 0440).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_refused) {
    BOOST_TEST(!read_pin(PinFile{folder / "missing"}).has_value());
    BOOST_TEST(!read_pin(PinFile{folder}).has_value());
    BOOST_REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    BOOST_TEST(!read_pin(PinFile{folder / "pipe"}).has_value());
}

BOOST_AUTO_TEST_CASE(the_environment_gives_one_where_the_variable_is_set) {
    ::setenv("PIN_TESTS_PIN", "1234", 1);
    const auto read = read_pin(PinVariable{"PIN_TESTS_PIN"});
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(to_hex(read->reveal()) == "31323334");
    ::unsetenv("PIN_TESTS_PIN");
    BOOST_TEST(!read_pin(PinVariable{"PIN_TESTS_PIN"}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(answers)

BOOST_AUTO_TEST_CASE(a_failure_has_the_call_the_name_and_what_to_do) {
    const Failure failure = pkcs11::failure("C_Login", CKR_PIN_INCORRECT);
    BOOST_TEST((failure.fault == Fault::correct_token_pin));
    BOOST_TEST(failure.detail.starts_with("C_Login: CKR_PIN_INCORRECT: the PIN is wrong"));
}

BOOST_AUTO_TEST_CASE(ok_is_no_failure) {
    BOOST_TEST(pkcs11::check("C_Sign", CKR_OK).has_value());
    BOOST_TEST(!pkcs11::check("C_Sign", CKR_CANCEL).has_value());
}

BOOST_AUTO_TEST_CASE(an_answer_without_a_name_has_its_number) {
    BOOST_TEST(pkcs11::name(CKR_VENDOR_DEFINED | 0x1A) == "0x8000001A");
}

BOOST_AUTO_TEST_CASE(losing_the_token_is_one_fault) {
    for (const CK_RV answer :
         {CKR_TOKEN_NOT_PRESENT, CKR_DEVICE_REMOVED, CKR_DEVICE_ERROR, CKR_SESSION_CLOSED,
          CKR_SESSION_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN, CKR_CRYPTOKI_NOT_INITIALIZED}) {
        BOOST_TEST((pkcs11::failure("C_Sign", answer).fault == Fault::insert_key_token));
    }
}

BOOST_AUTO_TEST_CASE(a_pin_fault_is_never_one_that_is_tried_again) {
    const auto fault_of = [](CK_RV answer) { return pkcs11::failure("C_Login", answer).fault; };
    for (const CK_RV wrong : {CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE}) {
        BOOST_TEST((fault_of(wrong) == Fault::correct_token_pin));
    }
    for (const CK_RV due : {CKR_PIN_EXPIRED, CKR_USER_PIN_NOT_INITIALIZED}) {
        BOOST_TEST((fault_of(due) == Fault::correct_configuration));
    }
    BOOST_TEST((fault_of(CKR_PIN_LOCKED) == Fault::unlock_key_token));
}

BOOST_AUTO_TEST_SUITE_END()
