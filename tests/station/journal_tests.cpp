// Where events go, with a journal that the test plays. To be run in a mount namespace with a /run
// of its own.

#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "station/observe/output.hpp"

using namespace card;
using namespace card::observe;
namespace fs = std::filesystem;

namespace {

const fs::path journal_folder = "/run/systemd/journal";
constexpr std::size_t largest_record = 65'536;

class FixedClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override {
        return parse_rfc3339("2021-12-01T04:00:00.007Z").value();
    }
};

/// The receiving end of journald's native protocol (systemd.journal-fields, "Native Journal
/// Protocol"): NAME=value lines, or NAME, the value's size in 8 octets and the value.
class Journal {
  public:
    Journal() {
        fs::create_directories(journal_folder);
        const std::string path = journal_folder / "socket";
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        BOOST_REQUIRE(
            ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    ~Journal() {
        ::close(socket_);
        fs::remove_all(journal_folder);
    }
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// The next record's fields; none where nothing came.
    std::map<std::string, std::string> record() const {
        std::string data(largest_record, '\0');
        const auto size = ::recv(socket_, data.data(), data.size(), MSG_DONTWAIT);
        data.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        std::map<std::string, std::string> fields;
        for (std::size_t at = 0; at < data.size();) {
            const std::size_t end = data.find_first_of("=\n", at);
            const std::string name = data.substr(at, end - at);
            std::size_t value = end + 1;
            std::size_t length = 0;
            if (data.at(end) == '=') {
                length = data.find('\n', value) - value;
            } else {
                for (std::size_t i = 8; i-- > 0;) {
                    length = length << 8U | static_cast<unsigned char>(data.at(value + i));
                }
                value += 8;
            }
            fields[name] = data.substr(value, length);
            at = value + length + 1;
        }
        return fields;
    }

  private:
    int socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

/// Standard output as a pipe that the test reads.
class StandardOutput {
  public:
    StandardOutput() {
        BOOST_REQUIRE(::pipe2(pipe_.data(), O_NONBLOCK | O_CLOEXEC) == 0);
        ::dup2(pipe_[1], STDOUT_FILENO);
    }
    ~StandardOutput() {
        ::dup2(kept_, STDOUT_FILENO);
        for (const int descriptor : {kept_, pipe_[0], pipe_[1]}) {
            ::close(descriptor);
        }
    }
    StandardOutput(const StandardOutput&) = delete;
    StandardOutput& operator=(const StandardOutput&) = delete;

    std::string written() const {
        std::string data(largest_record, '\0');
        const auto size = ::read(pipe_[0], data.data(), data.size());
        data.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        return data;
    }
    /// As systemd names the journal's stream.
    static std::string stream() {
        struct stat status {};
        ::fstat(STDOUT_FILENO, &status);
        return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
    }

  private:
    int kept_ = ::dup(STDOUT_FILENO);
    std::array<int, 2> pipe_{};
};

struct Fixture {
    ~Fixture() { ::unsetenv("JOURNAL_STREAM"); }

    /// One event of a station that starts now.
    void tell(std::string_view detail = "cut off") {
        EventLog log("kh", clock, {Output()});
        log.tell(EventId::card_torn, {pass_field(PassNumber::parse("KHPS110-000038").value()),
                                      reader_field("ACR1252"), detail_field(detail)});
    }

    FixedClock clock;
    StandardOutput standard_output;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(output_of_events, Fixture)

BOOST_AUTO_TEST_CASE(the_journal_of_a_service_gets_the_fields) {
    const Journal journal;
    ::setenv("JOURNAL_STREAM", StandardOutput::stream().c_str(), 1);
    tell();
    const auto fields = journal.record();
    BOOST_REQUIRE(fields.contains("PASS_NO"));
    BOOST_TEST(fields.at("PASS_NO") == "KHPS110-000038");
    BOOST_TEST(fields.at("EVENT") == "card.torn");
    BOOST_TEST(fields.at("MESSAGE_ID") == entry(EventId::card_torn).message_id);
    BOOST_TEST(fields.at("PRIORITY") == "4");
    BOOST_TEST(fields.at("STATION") == "kh");
    BOOST_TEST(fields.at("READER") == "ACR1252");
    BOOST_TEST(fields.at("SYSLOG_IDENTIFIER") == "stationd");
    BOOST_TEST(fields.at("DETAIL") == "cut off");
    BOOST_TEST(!fields.contains("CODE_FILE"));
}

BOOST_AUTO_TEST_CASE(the_journal_gets_an_event_once) {
    const Journal journal;
    ::setenv("JOURNAL_STREAM", StandardOutput::stream().c_str(), 1);
    tell();
    BOOST_TEST(standard_output.written().empty());
    (void)journal.record();
    BOOST_TEST(journal.record().empty());
}

BOOST_AUTO_TEST_CASE(a_line_end_in_a_field_stays_in_the_field) {
    const Journal journal;
    ::setenv("JOURNAL_STREAM", StandardOutput::stream().c_str(), 1);
    tell("first\nPASS_NO=KHPS110-999999\n");
    const auto fields = journal.record();
    BOOST_REQUIRE(fields.contains("DETAIL"));
    BOOST_TEST(fields.at("DETAIL") == "first\nPASS_NO=KHPS110-999999\n");
    BOOST_TEST(fields.at("PASS_NO") == "KHPS110-000038");
}

BOOST_AUTO_TEST_CASE(a_service_whose_output_is_elsewhere_tells_both) {
    const Journal journal;
    ::setenv("JOURNAL_STREAM", "1:2", 1);
    tell();
    BOOST_TEST(journal.record().contains("PASS_NO"));
    BOOST_TEST(standard_output.written().find("\"event\":\"card.torn\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_journal_that_is_gone_loses_no_event) {
    ::setenv("JOURNAL_STREAM", StandardOutput::stream().c_str(), 1);
    tell();
    BOOST_TEST(standard_output.written().find("\"event\":\"card.torn\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_station_started_by_hand_leaves_the_journal_alone) {
    const Journal journal;
    tell();
    BOOST_TEST(journal.record().empty());
    BOOST_TEST(standard_output.written().find("\"event\":\"card.torn\"") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
