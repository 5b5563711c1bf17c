// cardtool on the real pcscd with virtual cards: what it says, how it ends, what is on the card.

#include <filesystem>
#include <fstream>
#include <thread>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/live/journey.hpp"

namespace {

using namespace live;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace data = boost::unit_test::data;

/// pcscd looks for virtual cards every 400 ms.
constexpr auto polling_interval = 450ms;

constexpr const char* good_pass =
    R"({"pass_number": "KHPS110-000038", "old_pass_number": "KLPS109-000003",
        "valid_from": "2021-12-01", "valid_to": "2099-12-31", "port_areas": ["高雄港", "前鎮漁港"]})";

/// What came of one call of cardtool.
struct Call {
    int exit;
    json::object answer;

    [[nodiscard]] std::string says(std::string_view key) const { return text(answer, key); }
    [[nodiscard]] std::string error() const {
        const json::value* error = answer.if_contains("error");
        return error == nullptr ? "" : text(error->as_object(), "code");
    }
};

/// One machine for all tests of this program: a pcscd with readers, a key store.
class Bench {
  public:
    Bench() : place_(options_for("cardtool")) { write("pass.json", good_pass); }

    [[nodiscard]] std::string path(const std::string& name) const { return place_.path(name); }
    std::string write(const std::string& name, const std::string& content) const {
        std::ofstream(path(name)) << content;
        return path(name);
    }
    Slot& slot() { return place_.slot(0); }

    /// Takes off what lies on the reader and lays this card there.
    void lay(const std::string& memory_file) {
        slot().take_off();
        std::this_thread::sleep_for(polling_interval);
        slot().place(memory_file);
        slot().reset_apdus();
    }
    /// A card in a file of its own, on the reader.
    std::string fresh_card(const std::string& chip = "EV2-4K") {
        const std::string file = path("cards/" + std::to_string(++cards_) + ".json");
        run({programs + "/vcard", "create", "--memory", file, "--chip", chip});
        lay(file);
        return file;
    }
    [[nodiscard]] std::string fresh_record() {
        return path("record-" + std::to_string(++records_) + ".json");
    }
    /// cardtool with --json and, but for `readers`, this bench's reader and keys.
    Call cardtool(std::vector<std::string> words, const std::string& keys = "keys") {
        std::vector<std::string> command{programs + "/cardtool"};
        command.insert(command.end(), words.begin(), words.end());
        command.insert(command.end(), {"--json", "--keys", path(keys)});
        if (words.front() != "readers") {
            command.insert(command.end(), {"--reader", "Virtual Reader 0 00 00"});
        }
        return call(command);
    }
    Call call(const std::vector<std::string>& command) {
        const Finished finished = run(command, path("commands.log"));
        boost::system::error_code error;
        json::value answer = json::parse(finished.out, error);
        return {finished.exit_code,
                !error && answer.is_object() ? answer.as_object() : json::object{}};
    }
    Call personalise(const std::string& record, std::vector<std::string> more = {}) {
        std::vector<std::string> words{"personalise",     "--originality", "off", "--pass",
                                       path("pass.json"), "--record",      record};
        words.insert(words.end(), more.begin(), more.end());
        return cardtool(words);
    }
    /// A card with the pass on it, and its record.
    std::string made_card(const std::string& chip = "EV2-4K") {
        fresh_card(chip);
        std::string record = fresh_record();
        BOOST_REQUIRE_EQUAL(personalise(record).exit, 0);
        return record;
    }

    const std::string programs = PROGRAMS_DIR;

  private:
    Workplace place_;
    int cards_ = 0;
    int records_ = 0;
};

Bench& bench() {
    static Bench the_bench;
    return the_bench;
}

BOOST_DATA_TEST_CASE(a_card_is_written_made_live_and_retired,
                     data::make({"EV1-4K", "EV2-4K", "EV3-4K"}), chip) {
    const std::string record = bench().made_card(chip);
    const Call made = bench().cardtool({"verify"});
    BOOST_TEST(made.exit == 10);
    BOOST_TEST(made.says("life_state") == "made");
    BOOST_TEST(bench().cardtool({"activate", "--record", record}).exit == 0);
    const Call active = bench().cardtool({"verify"});
    BOOST_TEST(active.exit == 0);
    BOOST_TEST(active.says("pass_number") == "KHPS110-000038");
    BOOST_TEST(active.says("old_pass_number") == "KLPS109-000003");
    BOOST_TEST(active.says("valid_to") == "2099-12-31");
    BOOST_TEST(active.answer.at("port_areas") == json::value({"高雄港", "前鎮漁港"}));
    BOOST_TEST(bench().cardtool({"retire", "--record", record}).says("state") == "retired");
    const Call retired = bench().cardtool({"verify"});
    BOOST_TEST(retired.exit == 10);
    BOOST_TEST(retired.says("life_state") == "retired");
}

BOOST_DATA_TEST_CASE(a_card_that_was_torn_while_it_was_written_is_resumed,
                     data::make({"EV1-4K", "EV2-4K", "EV3-4K"}) ^ data::make({11, 24, 38}), chip,
                     at) {
    bench().fresh_card(chip);
    const std::string record = bench().fresh_record();
    bench().slot().tear(static_cast<std::uint32_t>(at), "after");
    const Call torn = bench().personalise(record);
    BOOST_TEST(torn.exit == 40);
    BOOST_TEST(torn.error() == "present_same_card_again");
    std::this_thread::sleep_for(polling_interval);
    bench().slot().put_back();
    const Call resumed = bench().cardtool({"resume", "--record", record});
    BOOST_TEST(resumed.exit == 0);
    BOOST_TEST(resumed.says("state") == "made");
    BOOST_TEST(bench().cardtool({"verify"}).says("attempt") == resumed.says("attempt"));
}

BOOST_AUTO_TEST_CASE(a_record_of_another_card_is_refused_and_that_card_left_alone) {
    bench().fresh_card();
    const std::string record = bench().fresh_record();
    bench().slot().tear(20, "before");
    BOOST_TEST(bench().personalise(record).exit == 40);
    const std::string other = bench().fresh_card();
    const std::string before = read_file(other);
    const std::string record_before = read_file(record);
    for (const char* command : {"resume", "format"}) {
        std::vector<std::string> words{command, "--record", record};
        if (words.front() == "format") {
            words.emplace_back("--yes");
        }
        const Call refused = bench().cardtool(words);
        BOOST_TEST(refused.exit == 22, command);
        BOOST_TEST(refused.error() == "other_card");
    }
    BOOST_TEST(read_file(other) == before);
    BOOST_TEST(read_file(record) == record_before);
}

BOOST_AUTO_TEST_CASE(an_activation_that_was_torn_is_asked_for_again) {
    const std::string record = bench().made_card();
    bench().slot().reset_apdus();
    BOOST_REQUIRE_EQUAL(bench().cardtool({"verify"}).exit, 10);
    // As many commands as a gate's reading has, and then into the change itself.
    bench().slot().tear(static_cast<std::uint32_t>(bench().slot().apdus() + 5), "after");
    BOOST_TEST(bench().cardtool({"activate", "--record", record}).exit == 40);
    std::this_thread::sleep_for(polling_interval);
    bench().slot().put_back();
    BOOST_TEST(bench().cardtool({"activate", "--record", record}).says("state") == "active");
    BOOST_TEST(bench().cardtool({"verify"}).exit == 0);
}

BOOST_AUTO_TEST_CASE(a_made_card_is_voided_and_then_never_activated) {
    const std::string record = bench().made_card();
    BOOST_TEST(bench().cardtool({"retire", "--record", record}).error() == "wrong_state");
    BOOST_TEST(bench().cardtool({"void", "--record", record}).says("state") == "voided");
    BOOST_TEST(bench().cardtool({"activate", "--record", record}).exit == 44);
    BOOST_TEST(bench().cardtool({"verify"}).says("life_state") == "voided");
}

BOOST_AUTO_TEST_CASE(a_formatted_card_takes_a_pass_again) {
    const std::string record = bench().made_card();
    BOOST_TEST(
        bench()
            .call({"/usr/bin/setsid", "--wait", bench().programs + "/cardtool", "format", "--keys",
                   bench().path("keys"), "--record", record, "--reader", "Virtual Reader 0 00 00"})
            .exit == 2);  // without a terminal there is nobody to ask
    BOOST_TEST(bench().cardtool({"format", "--record", record, "--yes"}).says("state") == "blank");
    BOOST_TEST(bench().cardtool({"verify"}).error().empty());
    BOOST_TEST(bench().cardtool({"verify"}).exit == 12);
    BOOST_TEST(bench().cardtool({"info"}).answer.at("card_key_version") == 0);
    BOOST_TEST(bench().personalise(bench().fresh_record()).exit == 0);
}

BOOST_AUTO_TEST_CASE(a_card_of_another_key_store_is_not_ours_and_left_alone) {
    const std::string file = bench().fresh_card();
    BOOST_REQUIRE_EQUAL(bench().personalise(bench().fresh_record()).exit, 0);
    const std::string before = read_file(file);
    run({bench().programs + "/cardtool", "keys", "create", bench().path("other-keys")});
    BOOST_TEST(bench().cardtool({"verify"}, "other-keys").says("verdict") == "not_ours");
    const std::string record = bench().fresh_record();
    BOOST_TEST(bench()
                   .cardtool({"personalise", "--originality", "off", "--pass",
                              bench().path("pass.json"), "--record", record},
                             "other-keys")
                   .exit == 42);
    BOOST_TEST(bench().cardtool({"activate", "--record", record}, "other-keys").exit == 12);
    BOOST_TEST(!fs::exists(record));
    BOOST_TEST(bench().cardtool({"format", "--yes", "--record", record}, "other-keys").exit == 42);
    BOOST_TEST(read_file(file) == before);
}

BOOST_AUTO_TEST_CASE(a_pass_that_nobody_trusted_signed_is_not_genuine) {
    fs::copy(bench().path("keys"), bench().path("rolled-keys"), fs::copy_options::recursive);
    run({bench().programs + "/cardtool", "keys", "roll", bench().path("rolled-keys"),
         "--only-signing-key"});
    bench().fresh_card();
    BOOST_REQUIRE_EQUAL(
        bench()
            .cardtool({"personalise", "--originality", "off", "--pass", bench().path("pass.json"),
                       "--record", bench().fresh_record()},
                      "rolled-keys")
            .exit,
        0);
    const Call verified = bench().cardtool({"verify"});
    BOOST_TEST(verified.exit == 11);
    BOOST_TEST(verified.says("verdict") == "not_genuine");
}

BOOST_AUTO_TEST_CASE(an_expired_pass_opens_no_gate) {
    bench().write("pass.json", R"({"pass_number": "KHPS110-000001",
        "old_pass_number": "KHPS109-000001", "valid_from": "2020-01-01",
        "valid_to": "2021-11-27", "port_areas": ["高雄港"]})");
    const std::string record = bench().made_card();
    bench().write("pass.json", good_pass);
    BOOST_REQUIRE_EQUAL(bench().cardtool({"activate", "--record", record}).exit, 0);
    const Call verified = bench().cardtool({"verify"});
    BOOST_TEST(verified.exit == 10);
    BOOST_TEST(verified.says("validity") == "expired");
}

BOOST_AUTO_TEST_CASE(a_card_that_is_too_small_is_refused_untouched) {
    const std::string file = bench().path("cards/small.json");
    run({bench().programs + "/vcard", "create", "--memory", file});
    json::object memory = json::parse(read_file(file)).as_object();
    memory["used_bytes"] = 4000;  // of 5120
    std::ofstream(file) << json::serialize(memory);
    bench().lay(file);
    const std::string before = read_file(file);
    const Call refused = bench().personalise(bench().fresh_record());
    BOOST_TEST(refused.exit == 41);
    BOOST_TEST(refused.error() == "card_too_small");
    BOOST_TEST(read_file(file) == before);
}

BOOST_AUTO_TEST_CASE(a_chip_that_does_not_prove_its_maker_is_refused_unless_it_may) {
    bench().fresh_card();
    const std::vector<std::string> words{"personalise", "--pass", bench().path("pass.json"),
                                         "--record", bench().fresh_record()};
    BOOST_TEST(bench().cardtool(words).exit == 43);
    BOOST_TEST(bench().cardtool({"info"}).says("originality") == "forged");
    std::vector<std::string> warned = words;
    warned.insert(warned.end(), {"--originality", "warn"});
    BOOST_TEST(bench().cardtool(warned).exit == 0);
}

BOOST_AUTO_TEST_CASE(a_genuine_chip_needs_no_leave) {
    const std::string file = bench().path("cards/genuine.json");
    run({bench().programs + "/vcard", "create", "--memory", file, "--genuine", "0"});
    bench().lay(file);
    BOOST_TEST(bench()
                   .cardtool({"personalise", "--pass", bench().path("pass.json"), "--record",
                              bench().fresh_record()})
                   .exit == 0);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_before_a_card_is_needed_is_told_and_no_card_is_spoken_to) {
    bench().fresh_card();
    const std::string pass = bench().path("pass.json");
    const std::string record = bench().fresh_record();
    const std::string bad = bench().write("bad.json", R"({"pass_number": "x"})");
    const std::string taken = bench().write("taken.json", "{}");
    const auto personalise = [&](const std::string& pass_file, const std::string& record_file) {
        return bench().cardtool({"personalise", "--pass", pass_file, "--record", record_file}).exit;
    };
    BOOST_TEST(personalise(bad, record) == 20);
    BOOST_TEST(personalise(bench().path("none.json"), record) == 20);
    BOOST_TEST(personalise(pass, taken) == 21);
    BOOST_TEST(bench().cardtool({"resume", "--record", taken}).exit == 21);
    BOOST_TEST(bench().cardtool({"resume", "--record", record}).exit == 21);
    BOOST_TEST(bench().cardtool({"resume"}).exit == 2);
    BOOST_TEST(bench().cardtool({"verify", "--frame", "5"}).exit == 2);
    BOOST_TEST(bench().cardtool({"verify"}, "no-such-keys").exit == 3);
    BOOST_TEST(bench().slot().apdus() == 0);
    BOOST_TEST(!fs::exists(record));
}

BOOST_AUTO_TEST_CASE(readers_are_listed_and_chosen) {
    const Call listed = bench().cardtool({"readers"});
    BOOST_TEST(listed.exit == 0);
    BOOST_TEST(listed.answer.at("readers").as_array().size() == 4U);
    const std::string program = bench().programs + "/cardtool";
    BOOST_TEST(bench().call({program, "info", "--json"}).exit == 32);
    const Call unknown = bench().call({program, "info", "--json", "--reader", "No Such Reader"});
    BOOST_TEST(unknown.exit == 31);
    BOOST_TEST(unknown.error() == "unknown_reader");
}

BOOST_AUTO_TEST_CASE(a_service_that_does_not_run_is_told) {
    ::setenv("PCSCLITE_CSOCK_NAME", bench().path("nowhere").c_str(), 1);
    const Call refused = bench().cardtool({"info"});
    ::unsetenv("PCSCLITE_CSOCK_NAME");
    BOOST_TEST(refused.exit == 33);
    BOOST_TEST(refused.error() == "start_pcscd");
}

BOOST_AUTO_TEST_CASE(a_card_is_waited_for) {
    const std::string file = bench().fresh_card();
    bench().slot().take_off();
    std::this_thread::sleep_for(polling_interval);
    const std::string log = bench().path("waiting.log");
    Process waiting({bench().programs + "/cardtool", "info", "--reader", "Virtual Reader 0 00 00"},
                    log);
    BOOST_TEST(eventually(
        [&] { return read_file(log).find("Put one card on the reader") != std::string::npos; }));
    bench().slot().place(file);
    BOOST_TEST(waiting.wait() == 0);
    BOOST_TEST(read_file(log).find("DESFire EV2") != std::string::npos);
}

}  // namespace
