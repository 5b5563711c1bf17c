// cardtool's commands on key stores, as an administrator types them.

#include <sstream>

#include <boost/json.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "station/cardtool/cardtool.hpp"
#include "tests/station/token/soft_token.hpp"

using soft_token::SoftToken;

namespace {

struct Outcome {
    int status;
    std::string out;
    std::string err;

    [[nodiscard]] boost::json::object json() const { return boost::json::parse(out).as_object(); }
    [[nodiscard]] bool says(std::string_view words) const {
        return out.find(words) != std::string::npos;
    }
};

Outcome cardtool(const std::vector<std::string>& words) {
    std::ostringstream out;
    std::ostringstream err;
    const int status = card::cardtool::run(words, out, err);
    return {status, out.str(), err.str()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cardtool_on_key_stores)

BOOST_AUTO_TEST_CASE(both_kinds_of_store_are_made_rolled_over_listed_and_checked) {
    const SoftToken token(SoftToken::Content::blank);
    for (const auto& [store, safe] :
         {std::pair(token.uri(), true), std::pair((token.folder() / "keys").string(), false)}) {
        BOOST_TEST(cardtool({"keys", "check", store}).status == 3);
        const Outcome created = cardtool({"keys", "create", store});
        BOOST_TEST(created.status == 0);
        BOOST_TEST(created.says("UNSAFE") == !safe);
        BOOST_TEST(cardtool({"keys", "create", store}).status == 3);
        const auto rolled = cardtool({"keys", "roll", store, "--signing-key", "--json"});
        BOOST_TEST(rolled.status == 0);
        BOOST_TEST(rolled.json() == (boost::json::object{{"generation", 2}, {"signing_key", 2}}));

        const auto list = cardtool({"--json", "keys", "list", "--keys", store}).json();
        BOOST_TEST(list.at("safe").as_bool() == safe);
        BOOST_TEST(list.at("generations").as_array().size() == 2U);
        BOOST_TEST(list.at("generations").at(1).at("current").as_bool());
        BOOST_TEST(list.at("generations").at(0).at("masters").as_array().size() == 4U);
        BOOST_TEST(list.at("signing_keys").at(1).at("signs").as_bool());
        BOOST_TEST(list.at("problems").as_array().empty());

        const auto checked = cardtool({"keys", "check", "--json", store});
        BOOST_TEST(checked.status == 0);
        BOOST_TEST(checked.json().at("generation") == 2);
        BOOST_TEST(checked.json().at("signing_key_id") ==
                   list.at("signing_keys").at(1).at("key_id"));
        BOOST_TEST(checked.json().at("notices").as_array().size() == (safe ? 0U : 1U));
    }
}

BOOST_AUTO_TEST_CASE(only_the_signing_key_is_rolled_over_on_request) {
    const SoftToken token;
    BOOST_TEST(cardtool({"keys", "roll", token.uri(), "--only-signing-key", "--json"}).json() ==
               (boost::json::object{{"signing_key", 2}}));
}

BOOST_AUTO_TEST_CASE(a_list_for_people_says_what_is_wrong) {
    const SoftToken token;
    token.import_aes("port-pass.gate-read.2", card::Bytes(16, 7), {.extractable = true});
    const Outcome listed = cardtool({"keys", "list", token.uri()});
    BOOST_TEST(listed.status == 0);
    BOOST_TEST(listed.says("generation 1, for new cards"));
    BOOST_TEST(listed.says("generation 2, INCOMPLETE: not used"));
    BOOST_TEST(listed.says("PROBLEM: port-pass.gate-read.2 is extractable"));
}

BOOST_AUTO_TEST_CASE(exit_statuses_tell_a_missing_token_from_a_refused_one) {
    const SoftToken token;
    std::string other = token.uri();
    other.replace(other.find("pass-station"), 12, "other");
    BOOST_TEST(cardtool({"keys", "check", other}).status == 1);
    token.write_pin("654321");
    const Outcome refused = cardtool({"keys", "check", token.uri(), "--json"});
    BOOST_TEST(refused.status == 4);
    BOOST_TEST(refused.json().at("error").at("code") == "correct_token_pin");
    BOOST_TEST(refused.err.empty());
    const Outcome for_people = cardtool({"keys", "check", token.uri()});
    BOOST_TEST(for_people.out.empty());
    BOOST_TEST(for_people.err.find("CKR_PIN_INCORRECT") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_card_command_ends_at_a_wrong_pin_or_a_locked_token_each_with_its_status) {
    const SoftToken token;
    faulty_module::fail_calls("C_Login", CKR_PIN_LOCKED);
    const Outcome locked = cardtool({"verify", "--keys", token.uri(), "--json"});
    BOOST_TEST(locked.status == 5);
    BOOST_TEST(locked.json().at("error").at("code") == "unlock_key_token");
    faulty_module::heal();
    token.write_pin("654321");
    const Outcome wrong = cardtool({"verify", "--keys", token.uri(), "--json"});
    BOOST_TEST(wrong.status == 4);
    BOOST_TEST(wrong.json().at("error").at("code") == "correct_token_pin");
}

const std::vector<std::vector<std::string>> wrong_usages{{},
                                                         {"keys"},
                                                         {"keys", "make", "x"},
                                                         {"keys", "list"},
                                                         {"keys", "list", "a", "b"},
                                                         {"keys", "list", "a", "--keys", "b"},
                                                         {"keys", "list", "--keys"},
                                                         {"keys", "list", "a", "--jso"},
                                                         {"keys", "list", "a", "--signing-key"},
                                                         {"keys", "roll", "a", "--signing"},
                                                         {"list", "a"}};

BOOST_AUTO_TEST_CASE(wrong_usage_is_told_and_nothing_else_happens) {
    for (const auto& words : wrong_usages) {
        const Outcome outcome = cardtool(words);
        BOOST_TEST(outcome.status == 2);
        BOOST_TEST(outcome.err.find("cardtool --help") != std::string::npos);
        BOOST_TEST(outcome.out.empty());
    }
}

BOOST_AUTO_TEST_CASE(help_names_every_command_and_exit_status) {
    const Outcome outcome = cardtool({"--help"});
    BOOST_TEST(outcome.status == 0);
    for (const char* words : {"keys create", "keys roll", "keys list", "keys check", "Exit status",
                              "4  the key token's PIN is wrong"}) {
        BOOST_TEST(outcome.says(words), words);
    }
}

BOOST_AUTO_TEST_SUITE_END()
