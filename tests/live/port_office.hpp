#pragma once
// A port office: a station with its readers, on a machine where a central and a pcscd run.

#include "tests/live/machine.hpp"

namespace live {

/// One reader's slot for virtual cards.
class Slot {
  public:
    /// `card` is the program that is the card, and how it finds its reader: `vcard --port N`,
    /// `vcard --reader SOCKET` or `vpn532 --port PATH`.
    Slot(const std::string& programs, const std::string& folder, int number,
         const std::vector<std::string>& card);

    /// Takes off what is there and has this memory file's card in hand. What that one is to do
    /// wrong is said now: another card knows nothing of it.
    void load(const std::string& memory_file);
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

inline constexpr std::size_t production_reader = 0;
inline constexpr std::size_t counter_reader = 1;

/// Where an office is on the machine.
struct Site {
    std::string station;   ///< its name, such as kh
    std::string folder;    ///< of its ledger, logs and configuration; emptied first
    int first_reader = 0;  ///< pcscd's number of its first one
};

/// One station with its readers, at a central and a pcscd that run already.
class PortOffice {
  public:
    /// What holds cards on its readers is started, the station is not. `options` are the machine's.
    PortOffice(WorkplaceOptions options, Site site, UsbBus* bus);

    /// `more` goes into the environment of stationd.
    void start_station(const Environment& more = {});
    void stop_station();
    /// From the next start on the station shows this certificate, by the central's CA or another.
    void use_certificate_of(const std::string& station, const std::string& ca = "ca");
    Process& station() { return *station_; }
    Slot& slot(std::size_t reader) { return slots_.at(reader); }
    /// A `usb` or `libnfc` reader is pulled out of the machine, its card still on it, and comes
    /// back.
    void unplug(std::size_t reader);
    void plug(std::size_t reader);
    /// The reader-workers of the station that runs.
    [[nodiscard]] std::vector<pid_t> workers() const;

    Finished station_run(std::vector<std::string> words);
    /// stationctl status.
    json::object status();
    /// Takes the card off and waits until the station has seen that: pcscd polls its virtual
    /// readers.
    void take_off(std::size_t reader);
    /// What pcscd calls one of its virtual readers.
    [[nodiscard]] std::string virtual_reader(std::size_t reader) const;
    /// What the station says of a reader, or an empty object.
    json::object reader(std::size_t number);
    /// The renewal with this new pass number, as the station knows it, or an empty object.
    json::object renewal(const std::string& pass_no);
    /// Starts a hand-over and goes on; its steps go to the given file. `more` are further words of
    /// the command; without a letter among them, the one that the central holds for the pass.
    Process begin_hand_over(const std::string& old_qr, const std::string& log,
                            const std::vector<std::string>& more = {});
    /// The code on the letter of the renewal that exchanges this old pass, as the central tells its
    /// administrators; waits for it, and keeps it for when the central is away.
    std::string letter_for(const std::string& old_qr);

    /// A file of the office's own.
    [[nodiscard]] std::string path(const std::string& name) const {
        return site_.folder + "/" + name;
    }
    [[nodiscard]] std::string ledger() const { return path("ledger.db"); }
    /// Everything stationd has logged.
    [[nodiscard]] std::vector<json::object> events() const;

  private:
    void write_configuration() const;
    [[nodiscard]] std::string worker_program() const;
    [[nodiscard]] std::string reader_settings(std::size_t reader) const;
    /// The program that is the reader's card, and how it finds the reader.
    [[nodiscard]] std::vector<std::string> card_at(std::size_t reader) const;
    [[nodiscard]] int pcsc_number(std::size_t reader) const;

    WorkplaceOptions options_;
    Site site_;
    UsbBus* bus_;  ///< the machine's, if it has one
    std::optional<Process> station_;
    std::vector<Slot> slots_;
    std::map<std::string, std::string> letters_;  ///< by old pass
};

}  // namespace live
