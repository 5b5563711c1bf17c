#include "tests/virtual/desfire/memory.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include "tests/virtual/test/terminal.hpp"

namespace virtual_card::test {
namespace {

struct Folder {
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "card.XXXXXX").string();
        path = ::mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path path;
};

BOOST_AUTO_TEST_SUITE(memory)

BOOST_AUTO_TEST_CASE(a_factory_card_is_empty_and_has_the_zero_des_key) {
    const CardMemory card = factory_card(genuine_uid(1));
    BOOST_CHECK(card.picc_key_type == KeyType::des);
    BOOST_CHECK(card.picc_key == zero_key(KeyType::des));
    BOOST_CHECK_EQUAL(card.picc_settings, 0x0F);
    BOOST_CHECK(card.applications.empty());
    BOOST_CHECK_EQUAL(free_bytes(card), 5120U);
    BOOST_CHECK(card.signature.has_value());
    BOOST_CHECK(!factory_card(from_hex("04000000000001")).signature.has_value());
}

BOOST_AUTO_TEST_CASE(what_is_saved_is_loaded_again) {
    const Folder folder;
    for (const ChipProfile& chip : {ev1_4k(), ev2_4k(), ev3_4k()}) {
        CardMemory card = prepared_card(0x09);
        card.profile = chip;
        card.rollback_pending = true;
        card.applications.front().keys[1] = {counting(16), 0x21};
        add_file(card, 1, FileType::standard, CommMode::full, 0x1220, 500);
        add_file(card, 3, FileType::backup, CommMode::mac, 0xE2F0, 60);
        card.applications.front().files[0].data = counting(200);
        save_memory(card, folder.path / "card.json");
        BOOST_CHECK(load_memory(folder.path / "card.json") == card);
    }
    BOOST_CHECK(!std::filesystem::exists(folder.path / "card.json.new"));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_card_is_refused_with_its_path) {
    const Folder folder;
    const std::filesystem::path path = folder.path / "card.json";
    const auto names_path = [&](const std::runtime_error& error) {
        return std::string_view(error.what()).starts_with(path.string());
    };
    BOOST_CHECK_EXCEPTION(load_memory(path), std::runtime_error, names_path);
    save_memory(factory_card(genuine_uid(0)), path);
    std::string text;
    std::getline(std::ifstream(path), text);
    for (const auto& [from, to] : {std::pair{"EV2-4K", "EV9-4K"}, std::pair{"\"042A", "\"04"},
                                   std::pair{"\"DES\"", "\"XYZ\""}, std::pair{"{", "["}}) {
        std::string broken = text;
        broken.replace(broken.find(from), std::string_view(from).size(), to);
        std::ofstream(path) << broken;
        BOOST_CHECK_EXCEPTION(load_memory(path), std::runtime_error, names_path);
    }
}

BOOST_AUTO_TEST_CASE(only_the_published_genuine_uids_exist) {
    BOOST_CHECK(genuine_uid(0) != genuine_uid(1));
    BOOST_CHECK_THROW(genuine_uid(2), std::out_of_range);
    BOOST_CHECK_THROW(factory_card(Bytes(4, 0)), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace virtual_card::test
