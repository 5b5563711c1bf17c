// Programs of others take the virtual card for a card: on the real pcscd, without any part of ours
// between them and it.

#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/live/process.hpp"
#include "tests/live/workplace.hpp"

namespace {

using namespace live;

/// A pcscd with one reader, and the slot for its card.
class Desk {
  public:
    explicit Desk(const std::string& name)
        : folder_(std::string(PROGRAMS_DIR) + "/../live/" + name) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        std::filesystem::remove("/run/pcscd/pcscd.comm");
        const std::string source = SOURCE_DIR;
        pcscd_.emplace(
            std::vector<std::string>{"/bin/sh", "-euc",
                                     "eval \"$(" + source + "/tests/live/unpack-pcscd " + source +
                                         "/build/pcscd)\"\n" + "export PCSCD VPCD_DRIVER\nexec " +
                                         source + "/tests/live/pcscd " + folder_ + "/pcscd 1 " +
                                         "35963"},
            folder_ + "/pcscd.log");
        BOOST_REQUIRE(eventually([] { return std::filesystem::exists("/run/pcscd/pcscd.comm"); }));
        slot_.emplace(PROGRAMS_DIR, folder_, 0,
                      std::vector<std::string>{"vcard", "--port", "35963"});
    }

    /// A fresh card of this chip, seen by pcscd.
    void place(const std::string& chip) {
        const std::string file = folder_ + "/" + chip + ".json";
        BOOST_REQUIRE(run({std::string(PROGRAMS_DIR) + "/vcard", "create", "--memory", file,
                           "--uid", "04112233445566", "--chip", chip})
                          .exit_code == 0);
        slot_->place(file);
        BOOST_REQUIRE(eventually([&] { return sees_card(); }));
    }
    void take_off() {
        slot_->take_off();
        BOOST_REQUIRE(eventually([&] { return !sees_card(); }));
    }
    bool sees_card() {
        return opensc({"--list-readers"}).find("0    Yes             Virtual Reader 0 00 00") !=
               std::string::npos;
    }
    std::string opensc(const std::vector<std::string>& words) {
        return finished("/usr/bin/opensc-tool", words);
    }
    std::string scan(const std::string& option) {
        return finished("/usr/bin/pcsc_scan", {"-n", option});
    }

  private:
    /// What the program says; it must end by itself, and well.
    std::string finished(const std::string& program, const std::vector<std::string>& words) {
        std::vector<std::string> command{"/usr/bin/timeout", "20", program};
        command.insert(command.end(), words.begin(), words.end());
        const Finished finished = run(command, folder_ + "/complaints.log");
        BOOST_REQUIRE_EQUAL(finished.exit_code, 0);
        return finished.out;
    }

    std::string folder_;
    std::optional<Process> pcscd_;
    std::optional<Slot> slot_;
};

/// The APDUs' answers as opensc-tool shows them, without the letters beside the octets.
std::vector<std::string> answers(const std::string& shown) {
    std::vector<std::string> all;
    std::istringstream lines(shown);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("Received (SW1=0x")) {
            all.push_back(line.substr(16, 2) + line.substr(26, 2) + ":");
        } else if (!all.empty() && !line.starts_with("Sending:")) {
            all.back() += " " + line.substr(0, line.rfind(' '));
        }
    }
    return all;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

BOOST_AUTO_TEST_CASE(opensc_sees_every_chip_and_gets_its_answers) {
    Desk desk("opensc");
    for (const auto& [chip, version] : {std::pair<std::string, std::string>{"EV1-4K", "01 00"},
                                        {"EV2-4K", "12 00"},
                                        {"EV3-4K", "33 00"}}) {
        desk.place(chip);
        BOOST_TEST(contains(desk.opensc({"--atr"}), "3b:81:80:01:80:80"), chip);
        const std::vector<std::string> told =
            answers(desk.opensc({"-s", "FF CA 00 00 00", "-s", "90 60 00 00 00", "-s",
                                 "90 AF 00 00 00", "-s", "90 AF 00 00 00"}));
        BOOST_REQUIRE_EQUAL(told.size(), 4U);
        BOOST_TEST(told[0] == "9000: 04 11 22 33 44 55 66", chip);
        BOOST_TEST(told[1] == "91AF: 04 01 01 " + version + " 18 05", chip);
        BOOST_TEST(told[2].starts_with("91AF: 04 01 01 "), chip);
        BOOST_TEST(told[3].starts_with("9100: 04 11 22 33 44 55 66 "), chip);
        desk.take_off();
    }
}

BOOST_AUTO_TEST_CASE(pcsc_scan_lists_the_reader_and_sees_the_card_come_and_go) {
    Desk desk("pcsc-scan");
    BOOST_TEST(contains(desk.scan("-r"), "0: Virtual Reader 0 00 00"));
    BOOST_TEST(!contains(desk.scan("-c"), "Card inserted"));
    desk.place("EV2-4K");
    const std::string seen = desk.scan("-c");
    BOOST_TEST(contains(seen, "Card inserted"));
    BOOST_TEST(contains(seen, "ATR: 3B 81 80 01 80 80"));
    desk.take_off();
    BOOST_TEST(!contains(desk.scan("-c"), "Card inserted"));
}

}  // namespace
