#pragma once
// A port office on one machine: the real pcscd with virtual readers, a central, one station. To be
// used inside tests/live/in-namespace, which ends everything with the test.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "tests/live/process.hpp"

namespace live {

namespace json = boost::json;

/// How a reader is driven, and so which program is behind it: vcard or vpn532.
enum class Stack : std::uint8_t { pcsc, libnfc };

/// One reader's slot for virtual cards.
class Slot {
  public:
    /// `card` is the program that is the card, and how it finds its reader: `vcard --port N`,
    /// `vcard --reader SOCKET` or `vpn532 --port PATH`.
    Slot(const std::string& programs, const std::string& folder, int number,
         const std::vector<std::string>& card);

    /// Puts the card of this memory file on the reader, in place of any other.
    void place(const std::string& memory_file);
    void put_back();
    void take_off();
    void tear(std::uint32_t at, const std::string& when);
    [[nodiscard]] std::int64_t apdus();
    void reset_apdus();
    [[nodiscard]] bool present();
    std::string command(const std::string& line);

  private:
    std::string socket_;
    std::optional<Process> process_;
};

struct WorkplaceOptions {
    std::string programs;  ///< folder of the programs under test
    std::string source;    ///< the project's own folder, for its scripts and sample data
    std::string folder;    ///< where databases, keys, cards and logs go; emptied first
    std::string passes;    ///< CSV file of passes that may be exchanged
    std::string business_date = "2021-12-01";
    Stack stack = Stack::pcsc;        ///< of all readers
    int more_production_readers = 0;  ///< numbered from 2
    bool plain_http = false;          ///< between station and central, in place of TLS
};

inline constexpr std::size_t production_reader = 0;
inline constexpr std::size_t counter_reader = 1;

class Workplace {
  public:
    explicit Workplace(WorkplaceOptions options);

    /// Also after it was killed.
    void start_pcscd();
    Process& pcscd() { return *pcscd_; }
    void start_central();
    void stop_central();
    /// `more` goes into the environment of stationd.
    void start_station(const Environment& more = {});
    void stop_station();
    /// From the next start on the station shows this certificate, by the central's CA or another.
    void use_certificate_of(const std::string& station, const std::string& ca = "ca");
    Process& station() { return *station_; }
    Process& central() { return *central_; }
    Slot& slot(std::size_t reader) { return slots_.at(reader); }

    /// centralctl with --json; fails the test where it cannot be understood.
    json::object central_command(const std::vector<std::string>& words);
    Finished central_run(std::vector<std::string> words);
    Finished station_run(std::vector<std::string> words);
    /// stationctl status.
    json::object status();
    /// Takes the card off and waits until the station has seen that: pcscd polls its virtual
    /// readers.
    void take_off(std::size_t reader);
    /// What the station says of a reader, or an empty object.
    json::object reader(std::size_t number);
    /// The renewal with this new pass number, as the station knows it, or an empty object.
    json::object renewal(const std::string& pass_no);
    /// Starts a hand-over and goes on; its steps go to the given file.
    Process begin_hand_over(const std::string& old_qr, const std::string& log);

    /// A blank card's memory file.
    std::string blank_card(const std::string& name, int genuine = -1);
    [[nodiscard]] std::string path(const std::string& name) const {
        return options_.folder + "/" + name;
    }
    [[nodiscard]] std::string ledger() const { return path("ledger.db"); }
    /// The independent checker's verdict on everything, daemons stopped.
    Finished check(int expect_issued);
    /// Everything stationd has logged.
    [[nodiscard]] std::vector<json::object> events() const;

  private:
    void make_certificate(const std::string& ca, const std::vector<std::string>& words) const;
    [[nodiscard]] std::string central_endpoint() const;
    void write_configuration() const;

    WorkplaceOptions options_;
    std::optional<Process> pcscd_;
    std::optional<Process> central_;
    std::optional<Process> station_;
    std::vector<Slot> slots_;
    int cards_ = 0;
};

/// Polls until it holds; false after `patience`.
bool eventually(const std::function<bool()>& holds,
                std::chrono::milliseconds patience = std::chrono::seconds(20));

/// PCSCD and VPCD_DRIVER, as unpack-pcscd prints them: NAME='value', a line each.
[[nodiscard]] Environment unpacked_pcscd(const std::string& source);
/// Sends a line to a UNIX socket and gives the line that comes back, empty where nobody answers.
[[nodiscard]] std::string exchange_line(const std::string& path, const std::string& line);
[[nodiscard]] std::string text(const json::object& object, std::string_view key);
[[nodiscard]] std::string read_file(const std::string& path);

}  // namespace live
