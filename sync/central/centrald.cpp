// centrald: the central of the exchange, for port offices without one and for tests.

#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>

#include <boost/asio/signal_set.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/program_options.hpp>

#include "cardformat/crypto/random.hpp"
#include "sync/central/mailroom.hpp"
#include "sync/http/tls.hpp"

namespace {

namespace po = boost::program_options;
namespace asio = boost::asio;
using namespace card;

constexpr int exit_usage = 2;
constexpr int exit_failure = 1;

constexpr std::string_view help =
    R"(centrald - the central of the exchange of port passes: rules, renewals, stations

  centrald --database FILE --admin unix:PATH --station NAME=PORT... --listen https://ADDRESS:PORT
      --tls-certificate FILE --tls-key FILE --client-ca FILE

What it needs
  --database FILE          where everything is kept (SQLite); made when it is not there
  --listen ENDPOINT        for stations: https://ADDRESS:PORT
  --tls-certificate FILE   its certificate, in PEM, with the names that stations call it by
  --tls-key FILE           the private key of that; only its owner may read the file
  --client-ca FILE         the CA of the stations' certificates (stationca makes one for development);
                           a certificate that names another station than the request is refused
  --admin ENDPOINT         for centralctl: unix:/PATH, made for this user only (mode 0600)
  --station NAME=PORT,...  a station and the pick-up ports it serves, such as kh=KH; repeatable

What it can be told
  --free-before DATE       a pass that started before this day and was never exchanged is exchanged
                           free of charge (2021-11-01)
  --business-date DATE     take this as today's date, for demonstrations with old sample data
  --import-passes CSV      read passes first; passes that are known stay as they are
  --import-renewals CSV    read renewals first; renewals that are known stay as they are
  --plain-http-on-loopback allow --listen http://127.0.0.1:PORT, without TLS: whoever is on this
                           machine can then be any station
  --import-photos DIR      read photos first: PASS.jpg or PASS.png for each pass that is known
  --letter-key FILE        the key that signs pick-up letters (PEM); made when it is not there
                           (letter-key.pem beside the database)
  --letter-spool DIR       drop pick-up letters (PDF) into this folder, or
  --letter-smtp URL        mail them: smtp://HOST:PORT or smtps://HOST:PORT; without either they
                           wait
  --letter-from ADDRESS    the sender of mailed letters
  --config FILE            read options from a file, one "name = value" a line, such as
                           station = kh=KH; options given here win over the file
  --help                   show this

It writes one JSON line per event to standard output, without names and ID numbers. SIGTERM ends it.
Exit status: 0 ended by a signal, 1 it could not go on, 2 the options are wrong.
)";

class SystemClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

struct Options {
    std::string database;
    http::Endpoint listen{};
    http::Endpoint admin{};
    std::vector<central::Station> stations;
    central::FeeRule fee_rule;
    std::optional<BusinessDay> business_date;
    std::string passes;
    std::string renewals;
    std::string photos;
    std::string letter_key;
    std::optional<letter::Delivery> delivery;
};

/// `kh=KH` or `south=KH,AP`.
Result<central::Station> parse_station(const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    if (equals == std::string::npos || !http::StationName::parse(name)) {
        return fail(Fault::correct_configuration,
                    "a station is NAME=PORT, its name in small letters, digits and hyphens");
    }
    central::Station station{name, {}};
    std::istringstream ports(text.substr(equals + 1));
    for (std::string code; std::getline(ports, code, ',');) {
        const auto port = Port::parse(code);
        if (!port) {
            return tl::make_unexpected(port.error());
        }
        station.ports.push_back(*port);
    }
    if (station.ports.empty()) {
        return fail(Fault::correct_configuration, "station " + name + " serves no port");
    }
    return station;
}

Result<std::optional<BusinessDay>> parse_day(const po::variables_map& given, const char* option) {
    if (given.count(option) == 0) {
        return std::optional<BusinessDay>();
    }
    const auto day = BusinessDay::parse(given[option].as<std::string>());
    if (!day) {
        return fail(Fault::correct_configuration,
                    "--" + std::string(option) + " is a day such as 2021-12-01");
    }
    return day;
}

/// Where stations come in: by TLS with all of its files, or in plain HTTP when asked for.
Result<http::Endpoint> listening_place(const po::variables_map& given) {
    constexpr std::array<const char*, 3> tls_files{"client-ca", "tls-certificate", "tls-key"};
    auto endpoint = http::Endpoint::parse(given["listen"].as<std::string>());
    if (!endpoint) {
        return endpoint;
    }
    if (endpoint->kind != http::Endpoint::Kind::tls) {
        return given["plain-http-on-loopback"].as<bool>()
                   ? endpoint
                   : fail(Fault::correct_configuration,
                          "--listen without TLS needs --plain-http-on-loopback");
    }
    for (const char* file : tls_files) {
        if (given.count(file) == 0) {
            return fail(Fault::correct_configuration,
                        "--listen https://… needs --" + std::string(file));
        }
    }
    const auto file = [&](std::size_t which) {
        return given[tls_files.at(which)].as<std::string>();
    };
    auto identity = http::TlsIdentity::read({file(0), file(1), file(2)}, http::TlsSide::server);
    if (!identity) {
        return tl::make_unexpected(identity.error());
    }
    endpoint->identity = std::move(*identity);
    return endpoint;
}

/// Beside the database, where nothing else is said.
std::string letter_key_path(const std::string& given, const std::string& database) {
    return given.empty()
               ? std::filesystem::path(database).replace_filename("letter-key.pem").string()
               : given;
}

Result<std::optional<letter::Delivery>> parse_delivery(const std::string& spool,
                                                       const std::string& smtp,
                                                       const std::string& from) {
    using Given = std::optional<letter::Delivery>;
    if (!spool.empty() && !smtp.empty()) {
        return fail(Fault::correct_configuration,
                    "--letter-spool and --letter-smtp exclude each other");
    }
    if (smtp.empty() != from.empty()) {
        return fail(Fault::correct_configuration, "--letter-smtp and --letter-from go together");
    }
    if (!smtp.empty() && !smtp.starts_with("smtp://") && !smtp.starts_with("smtps://")) {
        return fail(Fault::correct_configuration,
                    "--letter-smtp is smtp://HOST:PORT or smtps://HOST:PORT");
    }
    return smtp.empty() ? spool.empty() ? Given() : Given(letter::Spool{spool})
                        : Given(letter::MailServer{smtp, from});
}

Result<Options> read_options(const po::variables_map& given) {
    for (const char* needed : {"database", "listen", "admin", "station"}) {
        if (given.count(needed) == 0) {
            return fail(Fault::correct_configuration, "--" + std::string(needed) + " is missing");
        }
    }
    const auto text = [&given](const char* option) {
        return given.count(option) == 0 ? std::string() : given[option].as<std::string>();
    };
    const auto listen = listening_place(given);
    const auto admin = http::Endpoint::parse(text("admin"));
    const auto business_date = parse_day(given, "business-date");
    const auto free_before = parse_day(given, "free-before");
    for (const auto* endpoint : {&listen, &admin}) {
        if (!*endpoint) {
            return tl::make_unexpected(endpoint->error());
        }
    }
    if (admin->kind != http::Endpoint::Kind::unix_socket) {
        return fail(Fault::correct_configuration, "--admin is unix:/PATH");
    }
    for (const auto* day : {&business_date, &free_before}) {
        if (!*day) {
            return tl::make_unexpected(day->error());
        }
    }
    const auto delivery =
        parse_delivery(text("letter-spool"), text("letter-smtp"), text("letter-from"));
    if (!delivery) {
        return tl::make_unexpected(delivery.error());
    }
    Options options{text("database"),
                    *listen,
                    *admin,
                    {},
                    {**free_before},
                    *business_date,
                    text("import-passes"),
                    text("import-renewals"),
                    text("import-photos"),
                    letter_key_path(text("letter-key"), text("database")),
                    *delivery};
    for (const std::string& entry : given["station"].as<std::vector<std::string>>()) {
        auto station = parse_station(entry);
        if (!station) {
            return tl::make_unexpected(station.error());
        }
        options.stations.push_back(std::move(*station));
    }
    return options;
}

po::options_description described() {
    po::options_description described;
    auto add = described.add_options();
    for (const char* option :
         {"database", "listen", "admin", "business-date", "import-passes", "import-renewals",
          "import-photos", "letter-key", "letter-spool", "letter-smtp", "letter-from",
          "tls-certificate", "tls-key", "client-ca"}) {
        add(option, po::value<std::string>());
    }
    add("plain-http-on-loopback", po::bool_switch());
    add("free-before", po::value<std::string>()->default_value("2021-11-01"));
    add("station", po::value<std::vector<std::string>>());
    return described;
}

Result<po::variables_map> parse_arguments(int argc, char** argv) {
    po::options_description all = described();
    po::variables_map given;
    try {
        all.add_options()("help", "")("config", po::value<std::string>());
        po::store(po::command_line_parser(argc, argv).options(all).run(), given);
        if (given.count("config") != 0) {
            const auto path = given["config"].as<std::string>();
            std::ifstream file(path);
            if (!file) {
                return fail(Fault::correct_configuration, "cannot read " + path);
            }
            po::store(po::parse_config_file(file, described()), given);
        }
        po::notify(given);
    } catch (const po::error& error) {
        return fail(Fault::correct_configuration, error.what());
    }
    return given;
}

/// One JSON line on standard output.
central::EventSink event_lines(const Clock& clock) {
    return [&clock](std::string_view event, const central::EventFields& fields) {
        boost::json::object line{{"ts", to_rfc3339(clock.now())}, {"event", event}};
        for (const auto& [name, value] : fields) {
            line[{name.data(), name.size()}] = value;
        }
        std::cout << boost::json::serialize(line) << std::endl;
    };
}

Result<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return fail(Fault::correct_configuration, "cannot read " + path);
    }
    return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<void> import_one(central::Central& central, const std::string& path, bool renewals) {
    if (path.empty()) {
        return {};
    }
    const auto csv = read_file(path);
    if (!csv) {
        return tl::make_unexpected(csv.error());
    }
    const auto counts = renewals ? central.store.import_renewals(*csv, central.moment())
                                 : central.store.import_passes(*csv);
    if (!counts) {
        return fail("importing " + path, counts.error());
    }
    std::string skipped;
    for (const std::size_t line : counts->skipped) {
        skipped += (skipped.empty() ? "" : ",") + std::to_string(line);
    }
    central.events("imported", {{"what", renewals ? "renewals" : "passes"},
                                {"added", std::to_string(counts->added)},
                                {"known", std::to_string(counts->known)},
                                {"skipped_lines", skipped}});
    return {};
}

/// Files that are no photo of a known pass are left, and counted.
Result<void> import_photos(central::Central& central, const std::string& folder) {
    if (folder.empty()) {
        return {};
    }
    static const std::map<std::string, std::string> media_types{{".jpg", "image/jpeg"},
                                                                {".png", "image/png"}};
    std::error_code error;
    std::size_t added = 0;
    std::size_t left = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        const auto type = media_types.find(entry.path().extension().string());
        const auto number = PassNumber::parse(entry.path().stem().string());
        if (type == media_types.end() || !number || entry.file_size(error) > wire::max_photo_size) {
            ++left;
            continue;
        }
        auto octets = read_file(entry.path().string());
        if (!octets) {
            return tl::make_unexpected(octets.error());
        }
        const auto stored =
            central.store.import_photo(*number, {type->second, PersonalText(*octets)});
        wipe_octets(*octets);
        if (!stored) {
            return fail("importing photos", stored.error());
        }
        (std::holds_alternative<PhotoHash>(*stored) ? added : left) += 1;
    }
    if (error) {
        return fail(Fault::correct_configuration, "cannot read " + folder);
    }
    central.events(
        "imported",
        {{"what", "photos"}, {"added", std::to_string(added)}, {"left", std::to_string(left)}});
    return {};
}

Result<void> listen(const std::shared_ptr<central::Central>& central, const Options& options) {
    const auto refused = [central](const std::string& address, const Failure& why) {
        central->events("tls_refused", {{"address", address}, {"detail", why.detail}});
    };
    auto stations = http::serve(
        central->context, options.listen, {},
        [central](http::Request request) {
            return central::station_api(central, std::move(request));
        },
        refused);
    if (!stations) {
        return stations;
    }
    return http::serve(central->context, options.admin, {}, [central](http::Request request) {
        return central::admin_api(central, std::move(request));
    });
}

/// Gives whether the end was asked for.
Result<bool> run(const Options& options) {
    const SystemClock clock;
    SystemRandom random;
    const auto letter_key = central::LetterKey::open(options.letter_key);
    if (!letter_key) {
        return tl::make_unexpected(letter_key.error());
    }
    auto store =
        central::Store::open(options.database, random, options.fee_rule, letter_key->signer());
    if (!store) {
        return tl::make_unexpected(store.error());
    }
    asio::io_context context(1);
    const auto central = std::make_shared<central::Central>(
        central::Central{context, std::move(*store), options.stations, clock, options.business_date,
                         event_lines(clock)});
    for (const bool renewals : {false, true}) {
        const auto imported =
            import_one(*central, renewals ? options.renewals : options.passes, renewals);
        if (!imported) {
            return tl::make_unexpected(imported.error());
        }
    }
    if (auto imported = import_photos(*central, options.photos); !imported) {
        return tl::make_unexpected(imported.error());
    }
    central->letter_keys = letter_key->public_keys();
    std::optional<central::Mailroom> mailroom;
    if (options.delivery) {
        mailroom.emplace(*central, *options.delivery);
        central->letters_due = [&mailroom] { mailroom->wake(); };
    }
    asio::signal_set signals(context, SIGTERM, SIGINT);
    signals.async_wait([&context](const boost::system::error_code&, int) { context.stop(); });
    if (const auto listening = listen(central, options); !listening) {
        return tl::make_unexpected(listening.error());
    }
    central->events("started", {{"listen", options.listen.text()},
                                {"admin", options.admin.text()},
                                {"business_date", central->moment().today.iso()},
                                {"business_date_fixed", options.business_date ? "true" : "false"},
                                {"letter_kid", to_hex(letter_key->id())},
                                {"letters_sent", options.delivery ? "true" : "false"}});
    if (mailroom) {
        mailroom->wake();
    }
    context.run();
    central->letters_due = {};
    (void)std::remove(options.admin.path.c_str());
    central->events("stopped", {});
    return !central->failed;
}

}  // namespace

int main(int argc, char** argv) {
    (void)std::signal(SIGPIPE, SIG_IGN);
    const auto given = parse_arguments(argc, argv);
    if (given && given->count("help") != 0) {
        std::cout << help;
        return 0;
    }
    const auto options = given ? read_options(*given) : tl::make_unexpected(given.error());
    if (!options) {
        std::cerr << "centrald: " << options.error().detail << "\ncentrald --help tells more.\n";
        return exit_usage;
    }
    const auto ended = run(*options);
    if (!ended) {
        std::cerr << "centrald: " << ended.error().detail << " [" << name(ended.error().fault)
                  << "]\n";
        return exit_failure;
    }
    return *ended ? 0 : exit_failure;
}
