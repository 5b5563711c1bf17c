#include <algorithm>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "reader/hotplug/binding.hpp"

using namespace card;
using namespace card::reader;

namespace {

constexpr UsbId acr122u{0x072f, 0x2200};
constexpr UsbId acr1252u{0x072f, 0x223b};
constexpr UsbId scl3711{0x04e6, 0x5591};
constexpr UsbId ch340{0x1a86, 0x7523};

UsbDevice device(UsbId id, const std::string& path, std::uint8_t number,
                 const std::string& serial = "") {
    return {{1, number}, *UsbPath::parse(path), id, UsbSerial::parse(serial), 0, {}, {}, {}};
}

ListedReader listed(const std::string& name, std::uint8_t number) {
    return {name, UsbAddress{1, number}, false};
}

PcscBinding at(const std::string& path, const std::string& slot = "") {
    return {*UsbPath::parse(path), slot};
}
PcscBinding with_serial(const std::string& serial) {
    return {*UsbSerial::parse(serial), ""};
}
PcscBinding named(const std::string& name) {
    return {ReaderName{name}, ""};
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// Why a choice failed, checked to be of this fault; empty where it did not fail.
std::string why_not(const Result<std::string>& chosen, Fault fault) {
    BOOST_REQUIRE(!chosen);
    BOOST_TEST((chosen.error().fault == fault), chosen.error().detail);
    return chosen.error().detail;
}

std::string refusal(const Result<void>& checked) {
    BOOST_REQUIRE(!checked);
    BOOST_TEST((checked.error().fault == Fault::correct_configuration));
    return checked.error().detail;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_usb_path_is_a_bus_and_ports) {
    for (const char* good : {"1-4", "1-4.2", "12-1.2.3.4", "3-14"}) {
        BOOST_TEST(UsbPath::parse(good).has_value(), good);
    }
    for (const char* bad : {"", "1", "1-", "-4", "1-4.", "1-.4", "1-4..2", "1-04", "0-1", "1-4:1.0",
                            "usb1", "1-4/..", " 1-4", "1-4 ", "1-4444"}) {
        BOOST_TEST(!UsbPath::parse(bad).has_value(), bad);
    }
    BOOST_TEST(!UsbPath::parse("1-1" + std::string(100, '1')).has_value());
}

BOOST_AUTO_TEST_CASE(a_serial_number_is_printable_and_not_empty) {
    BOOST_TEST(UsbSerial::parse("SN 0004/a")->text() == "SN 0004/a");
    for (const std::string& bad : {std::string(), std::string("a\n"), std::string("\x80"),
                                   std::string(127, 'a'), std::string("a\0b", 3)}) {
        BOOST_TEST(!UsbSerial::parse(bad).has_value());
    }
}

BOOST_AUTO_TEST_CASE(the_table_knows_its_readers_and_no_others) {
    BOOST_TEST((find_known_reader(acr122u)->stack == Stack::either));
    BOOST_TEST((find_known_reader(acr122u)->faulty_below == 0x0206));
    BOOST_TEST((find_known_reader(scl3711)->stack == Stack::nfc));
    BOOST_TEST((find_known_reader(acr1252u)->stack == Stack::pcsc));
    BOOST_TEST((find_known_reader(acr122u)->feedback == Feedback::acr122));
    BOOST_TEST(!find_known_reader(acr1252u)->feedback);
    BOOST_TEST((find_known_reader({0x1d6b, 0x0002}) == nullptr));
}

// The point of it all: what PC/SC calls two readers alike depends on the order of plugging in, and
// bus addresses are new each time.
BOOST_AUTO_TEST_CASE(readers_alike_keep_their_identity_in_every_order_of_plugging_in) {
    const std::vector<std::string> paths{"1-4", "1-5", "1-6.1", "1-6.2"};
    std::vector<std::size_t> order{0, 1, 2, 3};
    do {
        std::vector<UsbDevice> devices;
        std::vector<ListedReader> readers;
        for (std::size_t turn = 0; turn < order.size(); ++turn) {
            const auto number = static_cast<std::uint8_t>(10 + turn);
            const std::string& path = paths[order[turn]];
            devices.push_back(device(acr122u, path, number, "SN" + path));
            readers.push_back(listed("ACS ACR122U 0" + std::to_string(turn) + " 00", number));
        }
        for (std::size_t turn = 0; turn < order.size(); ++turn) {
            const std::string& path = paths[order[turn]];
            BOOST_TEST(*choose(at(path), readers, devices) == readers[turn].name);
            BOOST_TEST(*choose(with_serial("SN" + path), readers, devices) == readers[turn].name);
        }
    } while (std::next_permutation(order.begin(), order.end()));
}

BOOST_AUTO_TEST_CASE(a_reader_that_is_not_there_is_waited_for) {
    const std::vector<UsbDevice> devices{device(acr122u, "1-4", 4, "A")};
    const std::vector<ListedReader> readers{listed("ACS ACR122U 00 00", 4)};
    BOOST_TEST(has(why_not(choose(at("1-5"), readers, devices), Fault::wait_for_reader),
                   "usb_path = \"1-5\""));
    BOOST_TEST(has(why_not(choose(with_serial("B"), readers, devices), Fault::wait_for_reader),
                   "usb_serial = \"B\""));
    why_not(choose(named("ACS ACR122U 01 00"), readers, devices), Fault::wait_for_reader);
    // Plugged in, and not yet known to the service.
    BOOST_TEST(has(why_not(choose(at("1-4"), {}, devices), Fault::wait_for_reader),
                   "pcscd has no reader with usb_path = \"1-4\""));
}

BOOST_AUTO_TEST_CASE(a_reader_that_another_program_holds_is_waited_for_and_said_to_be_held) {
    const std::vector<UsbDevice> devices{device(acr122u, "1-4", 4)};
    const std::vector<ListedReader> held{{"ACS ACR122U 00 00", std::nullopt, true}};
    BOOST_TEST(has(why_not(choose(at("1-4"), held, devices), Fault::wait_for_reader),
                   "another program holds"));
}

BOOST_AUTO_TEST_CASE(a_serial_number_of_two_devices_is_refused_with_both_and_the_way_out) {
    const std::vector<UsbDevice> devices{device(acr122u, "1-4", 4, "0001"),
                                         device(acr122u, "1-5", 5, "0001")};
    const std::vector<ListedReader> readers{listed("ACS ACR122U 00 00", 4),
                                            listed("ACS ACR122U 01 00", 5)};
    const std::string why =
        why_not(choose(with_serial("0001"), readers, devices), Fault::correct_configuration);
    for (const char* part : {"usb_serial = \"0001\"", "usb_path \"1-4\"", "usb_path \"1-5\"",
                             "bind by usb_path instead"}) {
        BOOST_TEST(has(why, part), why);
    }
}

BOOST_AUTO_TEST_CASE(a_device_with_two_slots_is_refused_until_the_slot_is_named) {
    const std::vector<UsbDevice> devices{device(acr1252u, "1-4", 4)};
    const std::string picc = "ACS ACR1252 [ACR1252 Dual Reader PICC] 00 00";
    const std::string sam = "ACS ACR1252 [ACR1252 Dual Reader SAM] 00 01";
    const std::vector<ListedReader> readers{listed(picc, 4), listed(sam, 4)};
    const std::string why =
        why_not(choose(at("1-4"), readers, devices), Fault::correct_configuration);
    for (const std::string& part : {picc, sam, std::string("add slot = ")}) {
        BOOST_TEST(has(why, part), why);
    }
    BOOST_TEST(*choose(at("1-4", "PICC"), readers, devices) == picc);
    BOOST_TEST(*choose(at("1-4", "SAM"), readers, devices) == sam);
    why_not(choose(at("1-4", "CONTACT"), readers, devices), Fault::wait_for_reader);
}

BOOST_AUTO_TEST_CASE(a_configuration_is_good_whatever_is_missing) {
    const std::vector<NamedBinding> bindings{
        {"left", at("1-4")}, {"right", with_serial("B")}, {"third", named("Virtual 00 00")}};
    BOOST_TEST(check(bindings, {}, {}).has_value());
    const std::vector<UsbDevice> devices{device(acr122u, "1-4", 4, "A"),
                                         device(acr122u, "1-5", 5, "B")};
    const std::vector<ListedReader> readers{listed("ACS ACR122U 01 00", 4),
                                            listed("ACS ACR122U 00 00", 5),
                                            {"Virtual 00 00", std::nullopt, false}};
    BOOST_TEST(check(bindings, readers, devices).has_value());
}

BOOST_AUTO_TEST_CASE(two_names_for_one_reader_are_refused_with_both) {
    const std::vector<UsbDevice> devices{device(acr122u, "1-4", 4, "A")};
    const std::vector<ListedReader> readers{listed("ACS ACR122U 00 00", 4)};
    const std::vector<NamedBinding> by_two_ways{{"left", at("1-4")}, {"right", with_serial("A")}};
    const std::string why = refusal(check(by_two_ways, readers, devices));
    for (const char* part : {"\"left\" (usb_path = \"1-4\")", "\"right\" (usb_serial = \"A\")",
                             "change one of them"}) {
        BOOST_TEST(has(why, part), why);
    }
    const std::vector<NamedBinding> by_one_way{{"left", at("1-9")}, {"right", at("1-9")}};
    refusal(check(by_one_way, {}, {}));
}

BOOST_AUTO_TEST_CASE(an_ambiguous_binding_refuses_the_configuration_naming_the_reader) {
    const std::vector<UsbDevice> devices{device(acr122u, "1-4", 4, "1"),
                                         device(acr122u, "1-5", 5, "1")};
    const std::vector<NamedBinding> bindings{{"left", with_serial("1")}};
    BOOST_TEST(has(refusal(check(bindings, {}, devices)), "reader \"left\": usb_serial"));
}

BOOST_AUTO_TEST_CASE(a_reader_of_libnfc_is_not_for_pcscd) {
    const std::vector<UsbDevice> devices{device(scl3711, "1-4", 4)};
    const std::vector<NamedBinding> bindings{{"left", at("1-4")}};
    const std::string why = refusal(check(bindings, {}, devices));
    BOOST_TEST(has(why, "SCM SCL3711 at usb_path \"1-4\""), why);
    BOOST_TEST(has(why, "use nfc = "), why);
}

BOOST_AUTO_TEST_CASE(a_reader_of_pcscd_is_not_for_libnfc) {
    std::vector<UsbDevice> devices{device(acr122u, "1-4", 4), device(acr1252u, "1-5", 5),
                                   device(ch340, "1-6", 6)};
    devices[2].port = "/dev/ttyUSB0";
    const std::vector<ListedReader> readers{listed("ACS ACR122U 00 00", 4)};
    const std::string taken = refusal(check_nfc("left", "acr122_usb:001:004", readers, devices));
    for (const char* part : {"\"left\"", "ACS ACR122U 00 00", "usb_path \"1-4\"",
                             "PCSCLITE_FILTER_IGNORE_READER_NAMES"}) {
        BOOST_TEST(has(taken, part), taken);
    }
    // pcscd was told to leave it alone.
    BOOST_TEST(check_nfc("left", "acr122_usb:001:004", {}, devices).has_value());
    BOOST_TEST(has(refusal(check_nfc("left", "pn53x_usb:001:005", {}, devices)), "only pcscd can"));
    for (const char* stable :
         {"pn53x_usb:/dev/card-station/by-path/1-5", "pn53x_usb:/dev/card-station/by-serial/SN5",
          "pn53x_usb:/dev/bus/usb/001/005"}) {
        devices[1].serial = UsbSerial::parse("SN5");
        devices[1].node = "/dev/bus/usb/001/005";
        BOOST_TEST(has(refusal(check_nfc("left", stable, {}, devices)), "only pcscd can"), stable);
    }
    for (const char* good :
         {"pn532_uart:/dev/ttyUSB0", "pn532_uart:/dev/ttyUSB0:115200", "pn532_uart:/dev/ttyUSB7",
          "acr122_usb:002:004", "pn53x_usb", "pn532_uart:/dev/card-station/by-path/1-6:115200",
          "pn53x_usb:/dev/card-station/by-path/1-55"}) {
        BOOST_TEST(check_nfc("left", good, readers, devices).has_value(), good);
    }
}
