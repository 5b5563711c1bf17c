// Readers plugged in and out of the real pcscd, by mock USB devices with true udev events.

#include <filesystem>
#include <string>
#include <thread>

#include <boost/test/unit_test.hpp>
#include <signal.h>
#include <sys/wait.h>

#include "tests/live/usb_desk.hpp"

namespace {

using namespace live;
using namespace std::chrono_literals;

constexpr const char* bindings = R"([[reader]]
name = "left"
role = "production"
usb_path = "1-4"

[[reader]]
name = "right"
role = "production"
usb_serial = "SN5"
)";

WorkplaceOptions options(const std::string& name) {
    const std::filesystem::path build = std::filesystem::path(PROGRAMS_DIR).parent_path();
    WorkplaceOptions options;
    options.programs = PROGRAMS_DIR;
    options.source = SOURCE_DIR;
    options.folder = (build / ("hotplug-" + name)).string();
    return options;
}

bool flag(const json::object& view, std::string_view key) {
    const json::value* value = view.if_contains(key);
    return value != nullptr && value->is_bool() && value->get_bool();
}

struct Desk : UsbDesk {
    explicit Desk(const std::string& name) : UsbDesk(options(name), bindings) {}

    void require_up(const std::string& name, bool up) {
        BOOST_REQUIRE_MESSAGE(eventually([&] {
                                  const json::object view = reader(name);
                                  return !view.empty() && flag(view, "up") == up;
                              }),
                              name << (up ? " does not come up: " : " does not go down: ")
                                   << json::serialize(reader(name)));
    }
    /// A card put on the reader at this path is seen at the reader of this name, and only there,
    /// and can be talked to there.
    void require_card_at(const std::string& usb_path, const std::string& name,
                         const std::string& other) {
        slot(usb_path).command("insert");
        BOOST_REQUIRE_MESSAGE(
            eventually(
                [&] { return flag(reader(name), "card_present") && slot(usb_path).apdus() > 0; }),
            usb_path << " is not " << name << ": " << json::serialize(reader(name)));
        BOOST_TEST(!flag(reader(other), "card_present"));
        slot(usb_path).command("remove");
        BOOST_REQUIRE(eventually([&] { return !flag(reader(name), "card_present"); }));
    }
    void require_both_right() {
        require_up("left", true);
        require_up("right", true);
        require_card_at("1-4", "left", "right");
        require_card_at("1-5", "right", "left");
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(readers_come_and_go_each_for_itself) {
    Desk desk("come-and-go");
    desk.start_station();
    desk.require_up("left", false);
    desk.plug("1-4", "-");
    desk.require_up("left", true);
    desk.require_up("right", false);
    desk.plug("1-5", "SN5");
    desk.require_both_right();
    desk.unplug("1-4");
    desk.require_up("left", false);
    desk.require_card_at("1-5", "right", "left");
    desk.plug("1-4", "-");
    desk.require_both_right();
}

BOOST_AUTO_TEST_CASE(two_readers_alike_keep_their_identity_in_every_order_of_plugging_in) {
    Desk desk("identity");
    desk.plug("1-4", "-");
    desk.plug("1-5", "SN5");
    desk.start_station();
    desk.require_both_right();
    for (const bool first_left : {false, true, false}) {
        desk.unplug(first_left ? "1-5" : "1-4");
        desk.unplug(first_left ? "1-4" : "1-5");
        desk.require_up("left", false);
        desk.require_up("right", false);
        desk.plug(first_left ? "1-4" : "1-5", first_left ? "-" : "SN5");
        desk.plug(first_left ? "1-5" : "1-4", first_left ? "SN5" : "-");
        desk.require_both_right();
    }
    // The serial number goes where its reader goes; at the path there may be any reader.
    desk.unplug("1-4");
    desk.unplug("1-5");
    desk.plug("1-4", "SN5");
    desk.require_up("right", true);
}

BOOST_AUTO_TEST_CASE(readers_come_back_with_a_killed_pcscd) {
    Desk desk("pcscd");
    desk.plug("1-5", "SN5");
    desk.plug("1-4", "-");
    desk.start_station();
    desk.require_both_right();
    desk.pcscd().signal(SIGKILL);
    desk.pcscd().wait();
    desk.require_up("left", false);
    desk.require_up("right", false);
    desk.start_pcscd();
    desk.require_both_right();
}

BOOST_AUTO_TEST_CASE(the_doctor_names_what_is_wrong_and_is_content_where_nothing_is) {
    Desk desk("doctor");
    const auto doctor = [&] {
        return desk.run_there({std::string(PROGRAMS_DIR) + "/stationctl", "doctor", "--json",
                               "--config", desk.path("station.toml")});
    };
    const auto said = [](const Finished& finished, const std::string& id) {
        return finished.out.find("\"id\":\"" + id + "\"") != std::string::npos;
    };
    desk.plug("1-5", "SN5");
    BOOST_TEST(eventually([&] {
        const Finished sick = doctor();  // until pcscd has the new reader, it misses that one too
        return sick.exit_code == 1 && said(sick, "reader_missing") &&
               sick.out.find("right: ") == std::string::npos;
    }));
    desk.plug("1-4", "-");
    BOOST_TEST(eventually([&] { return doctor().exit_code == 0; }));
    desk.pcscd().signal(SIGKILL);
    desk.pcscd().wait();
    const Finished sick = doctor();
    BOOST_TEST(sick.exit_code == 1);
    BOOST_TEST(said(sick, "pcscd_not_running"), sick.out);
}

BOOST_AUTO_TEST_CASE(an_ambiguous_binding_refuses_the_start_and_later_stops_its_reader_only) {
    Desk desk("ambiguous");
    desk.plug("1-5", "SN5");
    desk.plug("1-6", "SN5");
    desk.start_station();
    const int status = desk.station().wait();
    BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 2));
    const std::string why = read_file(desk.path("stationd.log"));
    for (const char* part : {"reader \"right\"", "usb_serial = \"SN5\"", "usb_path \"1-5\"",
                             "usb_path \"1-6\"", "bind by usb_path instead"}) {
        BOOST_TEST(why.find(part) != std::string::npos, why);
    }
    desk.unplug("1-6");
    desk.plug("1-4", "-");
    desk.start_station();
    desk.require_both_right();
    desk.pcscd().signal(SIGKILL);
    desk.pcscd().wait();
    desk.require_up("right", false);
    desk.plug("1-6", "SN5");
    desk.start_pcscd();
    BOOST_TEST(eventually(
        [&] { return text(desk.reader("right"), "trouble") == "correct_configuration"; }));
    desk.require_up("left", true);
    desk.require_card_at("1-4", "left", "right");
    desk.unplug("1-5");
    desk.require_up("right", true);
    desk.require_card_at("1-6", "right", "left");
}

// No reader answers there, which libnfc says in the log at each try: the tries are what is counted.
BOOST_AUTO_TEST_CASE(a_reader_of_libnfc_is_looked_for_when_something_is_plugged_in) {
    UsbDesk desk(options("libnfc"),
                 "[[reader]]\nname = \"stick\"\nrole = \"production\"\n"
                 "nfc = \"pn53x_usb:001:250\"\n");
    const auto tries = [&] {
        const std::string log = read_file(desk.path("stationd.log"));
        int count = 0;
        for (std::size_t at = 0; (at = log.find("Unable to open \"", at)) != std::string::npos;
             ++at) {
            ++count;
        }
        return count;
    };
    desk.start_station({{"LIBNFC_LOG_LEVEL", "3"}});
    BOOST_REQUIRE(eventually([&] { return tries() >= 4; }));  // 2 s lie between them from now on
    for (const auto& [path, plugged] : {std::pair{"1-4", true}, {"1-5", true}, {"1-4", false}}) {
        const int before = tries();
        BOOST_REQUIRE(eventually([&] { return tries() > before; }));
        const int just_tried = tries();
        std::this_thread::sleep_for(500ms);
        BOOST_TEST(tries() == just_tried);
        plugged ? desk.plug(path, "-") : desk.unplug(path);
        BOOST_TEST(eventually([&] { return tries() > just_tried; }, 1s));
        std::this_thread::sleep_for(3s);  // until it is quiet again
    }
}

// A hub resets a port whose device stalls: the reader is back while its going is still being told.
BOOST_AUTO_TEST_CASE(a_reader_that_was_reset_is_found_again_at_once) {
    Desk desk("reset");
    desk.plug("1-4", "-");
    desk.start_station();
    desk.require_up("left", true);
    for (int round = 0; round < 6; ++round) {
        desk.unplug("1-4");
        desk.plug("1-4", "-");
        desk.slot("1-4").command("insert");
        BOOST_TEST(eventually([&] { return desk.slot("1-4").apdus() > 0; }, 5s), round);
        desk.slot("1-4").command("remove");
        BOOST_REQUIRE(eventually([&] { return !flag(desk.reader("left"), "card_present"); }));
        desk.require_up("left", true);
    }
}
