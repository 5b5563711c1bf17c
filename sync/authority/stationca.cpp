// stationca: a development CA for the central and its stations, in a folder of plain files.

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/authority/authority.hpp"

namespace {

using namespace card;
using Words = std::vector<std::string>;
namespace fs = std::filesystem;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr std::chrono::days ca_life{5 * 365};
constexpr std::chrono::days server_life{365};
constexpr std::chrono::days station_life{90};
/// Clocks differ a little: what is made now is valid since a moment ago.
constexpr std::chrono::minutes clock_difference{5};

constexpr std::string_view help =
    R"(stationca - certificates for TLS between stations and the central, for development

  stationca create DIR           make a CA in a new folder: ca.pem, ca.key            5 years
  stationca server DIR NAME...   certificate for the central under these DNS names
                                 or addresses: server.pem, server.key                 1 year
  stationca station DIR NAME     certificate for a station, such as kh:
                                 station-kh.pem, station-kh.key                       90 days

Keys are EC P-256, in plain files that only their owner may read. Nothing is overwritten: to renew a
certificate, move the old files away first. Only ca.pem, and a side's own two files, leave DIR.
Whoever reads ca.key can be any station. For real offices use a CA that guards its key; what it has
to put into a station's certificate is the URI port-office:NAME, as a subjectAltName.

Exit status: 0 done, 1 failed, 2 wrong usage.
)";

Result<void> write_new(const fs::path& path, std::string_view text, mode_t mode) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file < 0) {
        return fail(Fault::correct_input,
                    path.string() + ": " + std::generic_category().message(errno));
    }
    const bool written =
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(file) == 0;
    const bool closed = ::close(file) == 0;
    return written && closed ? Result<void>()
                             : fail(Fault::correct_input, path.string() + ": cannot be written");
}

/// NAME.pem and NAME.key; neither where one of them is there already.
Result<void> write_pair(const fs::path& folder, const std::string& name,
                        const authority::Issued& issued) {
    const fs::path certificate = folder / (name + ".pem");
    std::error_code error;
    if (fs::exists(certificate, error)) {
        return fail(Fault::correct_input,
                    certificate.string() + " is there already; move it away first");
    }
    if (auto key = write_new(folder / (name + ".key"), issued.key.reveal(), S_IRUSR | S_IWUSR);
        !key) {
        return key;
    }
    return write_new(certificate, issued.certificate, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
}

std::string read_text(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

Result<authority::Authority> open_authority(const fs::path& folder) {
    std::string key = read_text(folder / "ca.key");
    auto opened = authority::Authority::read(read_text(folder / "ca.pem"), key);
    wipe_octets(key);
    return opened ? std::move(opened) : fail(folder.string(), opened.error());
}

authority::Validity from_now(std::chrono::days life) {
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    return {now - clock_difference, now + life};
}

Result<void> create(const fs::path& folder) {
    if (::mkdir(folder.c_str(), S_IRWXU) != 0) {
        return fail(Fault::correct_input,
                    folder.string() + ": " + std::generic_category().message(errno));
    }
    return write_pair(folder, "ca", authority::Authority::create(from_now(ca_life)));
}

Result<void> make_station(const fs::path& folder, const std::string& name) {
    const auto opened = open_authority(folder);
    const auto station = http::StationName::parse(name);
    if (!opened || !station) {
        return tl::make_unexpected(opened ? station.error() : opened.error());
    }
    return write_pair(folder, "station-" + name, opened->station(*station, from_now(station_life)));
}

Result<void> make_server(const fs::path& folder, const Words& names) {
    const auto opened = open_authority(folder);
    if (!opened) {
        return tl::make_unexpected(opened.error());
    }
    for (const std::string& name : names) {
        const bool v6 = name.find(':') != std::string::npos;
        if (!http::Endpoint::parse("https://" + (v6 ? "[" + name + "]" : name) + ":443")) {
            return fail(Fault::correct_input, name + " is no DNS name and no address");
        }
    }
    return write_pair(folder, "server", opened->server(names, from_now(server_life)));
}

int main(const Words& words) {
    if (words == Words{"--help"}) {
        std::cout << help;
        return 0;
    }
    const std::string command = words.empty() ? "" : words.front();
    Result<void> done;
    if (command == "create" && words.size() == 2) {
        done = create(words[1]);
    } else if (command == "station" && words.size() == 3) {
        done = make_station(words[1], words[2]);
    } else if (command == "server" && words.size() >= 3) {
        done = make_server(words[1], Words(words.begin() + 2, words.end()));
    } else {
        std::cerr << "stationca: this is not a command; stationca --help lists them.\n";
        return exit_usage;
    }
    if (!done) {
        std::cerr << "stationca: " << done.error().detail << "\n";
        return exit_failed;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    return main(Words(argv + 1, argv + argc));
}
