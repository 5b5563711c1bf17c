#pragma once
// The machine of the live tests: the real pcscd with virtual readers, a central, cards, keys and
// certificates. To be used inside tests/live/in-namespace, which ends everything with the test.

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "tests/live/process.hpp"
#include "tests/live/usb_bus.hpp"

namespace live {

namespace json = boost::json;

/// How a reader is driven, and so which program is behind it: vcard or vpn532.
enum class Stack : std::uint8_t {
    pcsc,  ///< a virtual reader of pcscd's, always there
    usb,   ///< likewise pcscd's, but a USB device that can be unplugged; not beside `pcsc`
    libnfc
};
std::ostream& operator<<(std::ostream& out, Stack stack);

/// The central listens here on loopback.
inline constexpr int central_port = 8080;

struct WorkplaceOptions {
    std::string programs;  ///< folder of the programs under test
    std::string source;    ///< the project's own folder, for its scripts and sample data
    std::string folder;    ///< where databases, keys, cards and logs go; emptied first
    std::string passes;    ///< CSV file of passes that may be exchanged
    std::string business_date = "2021-12-01";
    std::string chip = "EV2-4K";  ///< of blank cards, as vcard names it
    /// One for each reader; the second is the counter's, the others are for production.
    std::vector<Stack> readers{Stack::pcsc, Stack::pcsc};
    std::string usb_model = acr122u;     ///< of the `usb` ones
    bool plain_http = false;             ///< between station and central, in place of TLS
    int central_seen_at = central_port;  ///< loopback port where stations look for it: a proxy's
    std::string second_station;          ///< where not empty, an office of another port, such as kl
};

/// What a second office has: the first two readers of the first one's.
[[nodiscard]] std::vector<Stack> readers_of_second(const WorkplaceOptions& options);
/// How many of the first `end` readers pcscd drives.
[[nodiscard]] int pcsc_readers(const std::vector<Stack>& readers, std::size_t end);
/// pcscd's virtual reader 0 waits for its card at this TCP port, the next one two further on.
inline constexpr int base_port = 35963;
[[nodiscard]] std::string endpoint(const WorkplaceOptions& options, int port);

class Machine {
  public:
    /// Keys, a CA and the central's certificate are made, and pcscd is started.
    explicit Machine(WorkplaceOptions options);

    /// Also after it was killed.
    void start_pcscd();
    Process& pcscd() { return *pcscd_; }
    /// Where there are `usb` readers.
    UsbBus* usb_bus() { return bus_ ? &*bus_ : nullptr; }
    /// `more` goes into the environment of centrald, which may then be dead already.
    void start_central(const Environment& more = {});
    void stop_central();
    Process& central() { return *central_; }

    /// centralctl with --json; fails the test where it cannot be understood.
    json::object central_command(const std::vector<std::string>& words);
    Finished central_run(std::vector<std::string> words);
    /// A blank card's memory file.
    std::string blank_card(const std::string& name, int genuine = -1);
    /// What the QR code of the pass's newest pick-up letter holds, read from the picture of its
    /// page; waits until the letter is there, and is empty where it never comes.
    std::string letter_code(const std::string& pass_no);
    /// cardtool verify at the business date, of the card on a reader that no station uses.
    Finished verify_as_gate(const std::string& reader_name);

  protected:
    [[nodiscard]] const WorkplaceOptions& options() const { return options_; }

  private:
    [[nodiscard]] std::string file(const std::string& name) const {
        return options_.folder + "/" + name;
    }

    WorkplaceOptions options_;
    std::optional<UsbBus> bus_;
    std::optional<Process> pcscd_;
    std::optional<Process> central_;
};

/// stationca's command `words.front()` for the CA of this name on the machine; throws where it
/// fails.
void make_certificate(const WorkplaceOptions& options, const std::string& ca,
                      const std::vector<std::string>& words);

/// Polls until it holds; false after `patience`.
bool eventually(const std::function<bool()>& holds,
                std::chrono::milliseconds patience = std::chrono::seconds(20));

/// Sends a line to a UNIX socket and gives the line that comes back, empty where nobody answers.
[[nodiscard]] std::string exchange_line(const std::string& path, const std::string& line);
[[nodiscard]] std::string text(const json::object& object, std::string_view key);
[[nodiscard]] std::string read_file(const std::string& path);

/// PCSCD and VPCD_DRIVER, as unpack-pcscd prints them: NAME='value', a line each.
[[nodiscard]] Environment unpacked_pcscd(const std::string& source);

}  // namespace live
