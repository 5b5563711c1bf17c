#include <set>
#include <string>

#include <boost/test/unit_test.hpp>

#include "station/doctor/diagnosis.hpp"

using namespace card;
using namespace card::doctor;
using namespace card::reader;

namespace {

constexpr UsbId acr122u{0x072f, 0x2200};
constexpr UsbId scl3711{0x04e6, 0x5591};
constexpr UsbId ch340{0x1a86, 0x7523};

UsbDevice device(UsbId id, const std::string& path, std::uint8_t number) {
    UsbDevice seen{{1, number}, *UsbPath::parse(path), id, std::nullopt, 0x0214, {}, {}, {}};
    seen.node = "/dev/bus/usb/001/00" + std::to_string(number);
    return seen;
}

/// A machine where all is well: one reader of each stack.
Facts healthy() {
    Facts facts{{{"left", {*UsbPath::parse("1-4"), ""}}},
                {},
                std::vector<ListedReader>{{"ACS ACR122U 00 00", UsbAddress{1, 4}, false}},
                {device(acr122u, "1-4", 4), device(scl3711, "1-5", 5), device(ch340, "1-6", 6)},
                {},
                false};
    facts.devices[2].port = "/dev/ttyUSB0";
    return facts;
}

Facts without_service(Fault fault) {
    Facts facts = healthy();
    facts.listed = fail(fault, "SCardEstablishContext");
    return facts;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// The one finding, which must be of this trouble and whose fix must hold this.
void require_only(const Facts& facts, Trouble trouble, std::string_view subject,
                  std::string_view fix) {
    const std::vector<Finding> found = diagnose(facts);
    BOOST_REQUIRE_EQUAL(found.size(), 1U);
    BOOST_TEST(words(found[0].trouble).name == words(trouble).name);
    BOOST_TEST(has(found[0].subject, subject), found[0].subject);
    BOOST_TEST(has(found[0].fix, fix), found[0].fix);
}

}  // namespace

BOOST_AUTO_TEST_CASE(where_all_is_well_nothing_is_found) {
    BOOST_TEST(diagnose(healthy()).empty());
}

BOOST_AUTO_TEST_CASE(a_service_that_does_not_run_is_started) {
    require_only(without_service(Fault::start_pcscd), Trouble::pcscd_not_running,
                 "SCardEstablishContext", "systemctl enable --now pcscd.socket");
}

BOOST_AUTO_TEST_CASE(a_service_that_denies_access_has_its_group_set) {
    require_only(without_service(Fault::grant_reader_access), Trouble::no_access_to_pcscd,
                 "SCardEstablishContext", "SocketGroup=card-station");
}

BOOST_AUTO_TEST_CASE(a_worker_that_gives_no_list_is_a_wrong_setting) {
    require_only(without_service(Fault::restart_worker), Trouble::worker_unusable, "",
                 "reader_worker");
}

BOOST_AUTO_TEST_CASE(a_missing_reader_is_told_with_those_that_are_there) {
    Facts facts = healthy();
    facts.bindings.push_back({"right", {*UsbPath::parse("1-9"), ""}});
    require_only(facts, Trouble::reader_missing, "right: no USB device with usb_path = \"1-9\"",
                 "ACS ACR122U at usb_path \"1-4\"");
}

BOOST_AUTO_TEST_CASE(a_wrong_binding_is_told_with_the_setting_to_change) {
    Facts facts = healthy();
    facts.bindings.push_back({"right", {ReaderName{"ACS ACR122U 00 00"}, ""}});
    require_only(facts, Trouble::binding_wrong, "station.toml", "change one of them");
}

BOOST_AUTO_TEST_CASE(a_libnfc_reader_that_pcscd_has_is_a_wrong_binding) {
    Facts facts = healthy();
    facts.nfc_readers.emplace("right", reader::NfcConnection{"acr122_usb:001:004"});
    require_only(facts, Trouble::binding_wrong, "station.toml", "right");
}

BOOST_AUTO_TEST_CASE(a_driver_of_the_kernel_is_unloaded) {
    Facts facts = healthy();
    facts.devices[1].drivers = {"pn533_usb"};
    require_only(facts, Trouble::kernel_driver_in_the_way, "SCM SCL3711", "rmmod pn533_usb");
    facts.devices[1].drivers = {"usbfs"};  // libusb's own
    BOOST_TEST(diagnose(facts).empty());
}

BOOST_AUTO_TEST_CASE(a_reader_in_other_hands_is_told_unless_they_are_the_stations) {
    Facts facts = healthy();
    facts.listed->push_back({"Other 00 00", std::nullopt, true});
    require_only(facts, Trouble::claimed_by_another_program, "Other 00 00", "lsof");
    facts.station_runs = true;
    BOOST_TEST(diagnose(facts).empty());
}

BOOST_AUTO_TEST_CASE(a_bridge_without_its_serial_port_was_taken_by_brltty) {
    Facts facts = healthy();
    facts.devices[2].port.clear();
    require_only(facts, Trouble::claimed_by_another_program, "CH340", "remove brltty");
}

BOOST_AUTO_TEST_CASE(a_node_of_libnfc_that_may_not_be_opened_gets_its_rules_applied) {
    Facts facts = healthy();
    facts.closed_nodes = {"/dev/bus/usb/001/005"};
    require_only(facts, Trouble::no_access_to_reader, "SCM SCL3711", "udevadm trigger");
    facts.closed_nodes = {"/dev/ttyUSB0"};
    require_only(facts, Trouble::no_access_to_reader, "/dev/ttyUSB0", "udevadm trigger");
    // Of a PC/SC reader only pcscd opens the node; of a bridge nobody opens the USB device.
    facts.closed_nodes = {"/dev/bus/usb/001/004", "/dev/bus/usb/001/006"};
    BOOST_TEST(diagnose(facts).empty());
}

BOOST_AUTO_TEST_CASE(faulty_firmware_is_told_with_the_first_good_one) {
    Facts facts = healthy();
    facts.devices[0].firmware = 0x0206;
    BOOST_TEST(diagnose(facts).empty());
    facts.devices[0].firmware = 0x0205;
    require_only(facts, Trouble::faulty_firmware, "firmware 2.05", "2.06 or newer");
}

BOOST_AUTO_TEST_CASE(every_trouble_has_words_of_its_own) {
    std::set<std::string_view> names;
    std::set<std::string_view> texts;
    for (unsigned i = 0; i <= static_cast<unsigned>(Trouble::faulty_firmware); ++i) {
        const TroubleWords& said = words(static_cast<Trouble>(i));
        BOOST_TEST(!said.en.empty());
        names.insert(said.name);
        texts.insert(said.zh);
    }
    BOOST_TEST(names.size() == static_cast<std::size_t>(Trouble::faulty_firmware) + 1);
    BOOST_TEST(texts.size() == names.size());
}
