// The station daemon: reads its configuration, opens keys and ledger, serves readers and console.

#include <iostream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/program_options.hpp>

#include "reader/host/reader_list.hpp"
#include "reader/usb/usb_devices.hpp"
#include "station/console/console.hpp"
#include "station/console/monitor.hpp"
#include "station/desk/heartbeat.hpp"
#include "station/desk/production_desk.hpp"
#include "station/desk/status_report.hpp"
#include "station/desk/uplink_loops.hpp"
#include "station/observe/output.hpp"
#include "station/observe/service.hpp"
#include "station/vault/key_store.hpp"
#include "station/vault/lock_down.hpp"

namespace card {
namespace {

namespace asio = boost::asio;
namespace options = boost::program_options;
using namespace observe;

constexpr int exit_configuration = 2;
constexpr int exit_ledger = 3;
constexpr int exit_token = 4;
constexpr std::chrono::seconds list_patience{5};
constexpr auto status_interval = std::chrono::seconds(30);

int complain(const Failure& failure) {
    std::cerr << "stationd: " << failure.detail << "\n";
    switch (failure.fault) {
        case Fault::stop_station:
            return exit_ledger;
        case Fault::insert_key_token:
            return exit_token;
        default:
            return exit_configuration;
    }
}

/// One reader with whoever serves it.
struct Post {
    std::unique_ptr<desk::ReaderView> view;
    std::unique_ptr<reader::ReaderHost> host;
    std::unique_ptr<desk::CounterDesk> counter;
};

std::vector<Post> open_posts(desk::Station& station) {
    std::vector<Post> posts;
    for (const config::ReaderSetting& setting : station.config.readers) {
        Post post;
        post.view = std::make_unique<desk::ReaderView>();
        post.view->name = setting.name;
        post.view->role = setting.role;
        post.host = std::make_unique<reader::ReaderHost>(
            station.context, reader::HostSettings{station.config.reader_worker, setting.address});
        if (setting.role == config::ReaderRole::counter) {
            post.counter = std::make_unique<desk::CounterDesk>(station, *post.host, *post.view);
        }
        posts.push_back(std::move(post));
    }
    return posts;
}

void spawn_posts(desk::Station& station, std::vector<Post>& posts, console::Console& console) {
    for (Post& post : posts) {
        console.readers.push_back(post.view.get());
        if (post.counter) {
            console.counter = post.counter.get();
            asio::co_spawn(station.context, post.counter->serve(), asio::detached);
        } else {
            asio::co_spawn(station.context, desk::produce_cards(station, *post.host, *post.view),
                           asio::detached);
        }
    }
}

void tell_of_keys(EventLog& log, const Vault& vault) {
    for (const VaultNotice& notice : vault.notices()) {
        if (notice.kind == VaultNotice::Kind::unsafe) {
            log.tell(EventId::keys_unsafe);
        } else {
            log.tell(EventId::keys_incomplete,
                     {code_field(name(notice.kind)), generation_field(notice.generation)});
        }
    }
}

/// Refuses bindings that what is plugged in shows to be wrong. Readers that are not there yet, and
/// a service that does not run, are waited for later.
Result<void> check_readers(const config::Config& config) {
    const auto listed = reader::list_readers(config.reader_worker, list_patience)
                            .value_or(std::vector<reader::ListedReader>());
    const std::vector<reader::UsbDevice> devices = reader::usb_devices();
    std::vector<reader::NamedBinding> bindings;
    for (const config::ReaderSetting& setting : config.readers) {
        if (const auto* nfc = std::get_if<reader::NfcConnection>(&setting.address)) {
            auto checked = reader::check_nfc(setting.name, nfc->text, listed, devices);
            if (!checked) {
                return checked;
            }
            continue;
        }
        bindings.push_back({setting.name, std::get<reader::PcscAddress>(setting.address).binding});
    }
    return reader::check(bindings, listed, devices);
}

/// What the station proves itself with to the central, and whom it trusts.
Result<void> secure(config::Config& config) {
    if (config.tls) {
        auto identity = http::TlsIdentity::read(*config.tls, http::TlsSide::client);
        if (!identity) {
            return tl::make_unexpected(identity.error());
        }
        config.central.identity = std::move(*identity);
    }
    return {};
}

/// What ops must know about this start.
void warn(EventLog& log, const config::Config& config, const Vault& vault) {
    tell_of_keys(log, vault);
    if (config.business_date) {
        log.tell(EventId::business_date_fixed, {date_field(*config.business_date)});
    }
    if (config.central.kind == http::Endpoint::Kind::loopback_tcp) {
        log.tell(EventId::central_in_the_clear);
    }
}

/// In the words of `systemctl status`.
std::string status_line(const desk::Station& station, const ledger::Counts& counts) {
    return "STATUS=" + std::to_string(counts.to_produce) + " to produce, " +
           std::to_string(counts.in_doubt) + " in doubt, " + std::to_string(counts.to_collect) +
           " to collect, " + std::to_string(counts.unacknowledged_facts) +
           " facts owed; the central " + (station.central_reachable ? "answers" : "is not reached");
}

/// Tells the service manager that all is up, and from then on that it gets on.
void supervise(desk::Station& station) {
    if (!has_service_manager()) {
        return;
    }
    notify_service_manager("READY=1");
    auto beat = [&station](Result<ledger::Counts> counts) {
        if (counts) {
            notify_service_manager("WATCHDOG=1\n" + status_line(station, *counts));
        } else {
            station.stop_for(counts.error());
        }
    };
    asio::co_spawn(
        station.context,
        desk::beat_while_alive(station.context, station.ledger,
                               watchdog_interval().value_or(status_interval), std::move(beat)),
        asio::detached);
}

int run(const config::Config& config) {
    if (const auto checked = check_readers(config); !checked) {
        return complain(checked.error());
    }
    auto vault = open_vault(config.keys);
    if (!vault) {
        return complain(vault.error());
    }
    const desk::SystemClock clock;
    SystemRandom random;
    auto ledger = ledger::Ledger::open(config.ledger, clock, random, (*vault)->sealing_key());
    if (!ledger) {
        return complain(ledger.error());
    }
    const bool checked_whole = ledger->checked_whole();
    asio::io_context context(1);
    Metrics metrics(STATION_VERSION);
    desk::LedgerThread ledger_thread(
        context, std::move(*ledger),
        [&metrics](std::chrono::nanoseconds took) { metrics.note_ledger_act(took); });
    EventLog log(config.station, clock,
                 {Output(), [&metrics](const EventRecord& record) { metrics.count(record); }});
    desk::Station station(context, config, **vault, log, clock, ledger_thread);
    std::vector<Post> posts = open_posts(station);
    console::Console console{station, {}, nullptr};
    const auto served = http::serve(
        context, config.control, http::Limits{},
        [&console](http::Request request) { return console::answer(console, std::move(request)); });
    if (!served) {
        return complain(served.error());
    }
    console::Monitor monitor{station, metrics, console.readers};
    if (config.metrics) {
        const auto watched = http::serve(context, *config.metrics, http::Limits{},
                                         [&monitor](http::Request request) {
                                             return console::watch(monitor, std::move(request));
                                         });
        if (!watched) {
            return complain(watched.error());
        }
    }
    if (!checked_whole) {
        log.tell(EventId::ledger_check_unfinished);
    }
    warn(log, config, **vault);
    spawn_posts(station, posts, console);
    asio::co_spawn(context, desk::pull_renewals(station), asio::detached);
    asio::co_spawn(context, desk::send_facts(station), asio::detached);
    asio::co_spawn(context, desk::watch_certificate(station), asio::detached);
    asio::co_spawn(context, desk::report_status(station, "stationd " STATION_VERSION),
                   asio::detached);
    asio::signal_set signals(context, SIGTERM, SIGINT);
    signals.async_wait([&](const boost::system::error_code& error, int) {
        if (!error) {
            log.tell(EventId::station_stopped);
            context.stop();
        }
    });
    log.tell(EventId::station_ready);
    supervise(station);
    context.run();
    notify_service_manager("STOPPING=1");
    return station.fatal ? exit_ledger : 0;
}

int main(int argc, char** argv) {
    options::options_description described(
        "stationd serves the card readers of one port office: it pulls approved renewals,\n"
        "writes their cards, hands them over at the counter, and reports to the central.\n"
        "It logs one JSON line an event on standard output and ends on SIGTERM.\n\nOptions");
    described.add_options()("config", options::value<std::string>(),
                            "the configuration file; station/config/README.md lists the settings")(
        "events", "print the catalogue of events and what to do on each")("help", "this text");
    options::variables_map given;
    try {
        options::store(options::parse_command_line(argc, argv, described), given);
    } catch (const options::error& error) {
        std::cerr << "stationd: " << error.what() << "\nTry stationd --help.\n";
        return exit_configuration;
    }
    if (given.contains("help")) {
        std::cout << described
                  << "\nExit status: 0 ended as asked, 2 configuration or keys cannot be used,\n"
                     "3 the ledger cannot be trusted, 4 the token with the keys is not there.\n"
                     "Never restart it by itself after 2: a wrong PIN tried again locks the "
                     "token.\n";
        return 0;
    }
    if (given.contains("events")) {
        std::cout << catalogue_page();
        return 0;
    }
    if (!given.contains("config")) {
        std::cerr << "stationd: --config FILE is missing. Try stationd --help.\n";
        return exit_configuration;
    }
    lock_down();
    auto config = config::read(given["config"].as<std::string>());
    if (!config) {
        return complain(config.error());
    }
    const auto secured = secure(*config);
    return secured ? run(*config) : complain(secured.error());
}

}  // namespace
}  // namespace card

int main(int argc, char** argv) {
    return card::main(argc, argv);
}
