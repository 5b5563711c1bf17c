// Durable facts per second of a central on a real disk: requests that arrive together share a
// commit, beside one commit for each request. Both are measured in turn in one run.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "cardformat/crypto/hash.hpp"
#include "cardformat/crypto/random.hpp"
#include "sync/central/central.hpp"

using namespace card;
using namespace card::central;

namespace {

constexpr int stations = 32;
constexpr int facts_each = 60;
constexpr int rounds = 5;
constexpr std::size_t together = 64;
constexpr std::size_t alone = 1;

class WallClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

Uuid uuid(SystemRandom& random) {
    return new_uuid(random, Timestamp{});
}

/// The lines of one station's ledger, made before the time is taken.
std::vector<std::string> ledger_lines(SystemRandom& random) {
    std::vector<std::string> lines;
    wire::Fact fact{};
    fact.incarnation = uuid(random);
    fact.previous = Bytes(32, 0);
    fact.type = wire::FactType::handover_refused;
    fact.reason = "wrong_old_pass";
    for (fact.seq = 1; fact.seq <= facts_each; ++fact.seq) {
        fact.id = uuid(random);
        fact.renewal = RenewalId(uuid(random));
        lines.push_back(encode(fact));
        const Sha256 hash = sha256(as_bytes(lines.back()));
        fact.previous.assign(hash.begin(), hash.end());
    }
    return lines;
}

/// One station over one kept connection, a fact a request.
asio::awaitable<void> send_all(asio::io_context& context, http::Endpoint endpoint,
                               std::string station, std::vector<std::string> lines, int& failed) {
    http::Client client(context, endpoint, {});
    for (std::string& line : lines) {
        http::Request request{"POST",
                              "/v1/stations/" + station + "/facts",
                              {{"content-type", "application/x-ndjson"}},
                              std::move(line)};
        const Result<http::Response> response =
            co_await client.call(std::move(request), std::chrono::seconds(60));
        failed += response && response->status == 200 ? 0 : 1;
    }
}

/// Durable facts per second.
double measured(const std::filesystem::path& folder, std::size_t group) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    SystemRandom random;
    const WallClock clock;
    asio::io_context serving(1);
    auto store = Store::open(folder / "central.db", random, FeeRule{});
    if (!store) {
        std::cerr << "group_commit: " << store.error().detail << "\n";
        std::exit(1);
    }
    const auto central =
        std::make_shared<Central>(Central{serving,
                                          std::move(*store),
                                          {},
                                          clock,
                                          std::nullopt,
                                          [](std::string_view, const EventFields&) {}});
    central->fact_group = std::make_shared<FactGroup>(group);
    for (int i = 0; i < stations; ++i) {
        central->stations.push_back({"s" + std::to_string(i), {*Port::parse("KH")}});
    }
    const http::Endpoint endpoint =
        *http::Endpoint::parse("unix:" + (folder / "central.sock").string());
    if (!http::serve(serving, endpoint, {}, [central](http::Request request) {
            return station_api(central, std::move(request));
        })) {
        std::exit(1);
    }
    asio::io_context asking(1);
    int failed = 0;
    for (const Station& station : central->stations) {
        asio::co_spawn(asking,
                       send_all(asking, endpoint, station.name, ledger_lines(random), failed),
                       asio::detached);
    }
    std::thread server([&serving] { serving.run(); });
    const auto began = std::chrono::steady_clock::now();
    asking.run();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    serving.stop();
    server.join();
    if (failed != 0) {
        std::cerr << "group_commit: " << failed << " requests were not stored\n";
        std::exit(1);
    }
    return stations * facts_each / took.count();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "group_commit FOLDER    measures on the disk of that folder\n";
        return 2;
    }
    const std::filesystem::path folder = std::filesystem::absolute(argv[1]) / "group_commit";
    (void)measured(folder, together);  // thrown away
    std::vector<double> ratios;
    std::cout << stations << " stations, each " << facts_each
              << " facts, one a request; facts per second\n"
              << "  one commit each   shared commits   ratio\n"
              << std::fixed;
    for (int round = 0; round < rounds; ++round) {
        const double one_each = measured(folder, alone);
        const double shared = measured(folder, together);
        ratios.push_back(shared / one_each);
        std::cout << std::setw(17) << std::setprecision(0) << one_each << std::setw(17) << shared
                  << std::setw(8) << std::setprecision(1) << ratios.back() << std::endl;
    }
    std::sort(ratios.begin(), ratios.end());
    std::cout << "  median ratio " << ratios[ratios.size() / 2] << ", goal 5 or more\n";
    std::filesystem::remove_all(folder);
    return 0;
}
