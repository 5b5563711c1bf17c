// Histories: renewals one after the other, each with up to three faults drawn by a seed from all
// that can befall a station. What must hold: each ends issued once, and the independent checker
// finds nothing wrong. A history is replayed by its seed: HISTORY_SEED, and HISTORIES for how many
// renewals (LIVE_SWEEP=full: 400).

#include <algorithm>
#include <cstdlib>
#include <random>

#include <boost/test/unit_test.hpp>
#include <signal.h>

#include "tests/live/fault_proxy.hpp"
#include "tests/live/journey.hpp"

namespace {

using namespace live;

constexpr std::uint16_t proxy_port = 8081;
constexpr unsigned daily_seed = 20211201;
constexpr int daily_histories = 60;
constexpr int full_histories = 400;
constexpr int faults_at_most = 3;

int from_environment(const char* name, int otherwise) {
    const char* given = std::getenv(name);                   // NOLINT(concurrency-mt-unsafe)
    return given == nullptr ? otherwise : std::atoi(given);  // NOLINT(cert-err34-c)
}

WorkplaceOptions behind_the_proxy() {
    WorkplaceOptions options = options_for("histories");
    options.plain_http = true;
    options.central_seen_at = proxy_port;
    return options;
}

/// All that befalls one renewal, drawn before it begins.
class Fate {
  public:
    Fate(std::mt19937& engine, Workplace& place, FaultProxy& proxy)
        : engine_(engine), place_(place), proxy_(proxy) {
        const int count = draw(0, faults_at_most);
        for (int i = 0; i < count; ++i) {
            draw_fault();
        }
    }

    [[nodiscard]] const std::string& words() const { return words_; }

    void befall(Journey& journey) {
        journey.on_production = [this](Slot& slot) { befall(slot, on_production_); };
        journey.on_counter = [this](Slot& slot) { befall(slot, on_counter_); };
        journey.meanwhile = [this] {
            let_accidents_happen();
            for (const std::size_t reader : {production_reader, counter_reader}) {
                end_hang(place_.slot(reader));
            }
        };
    }

  private:
    using OnCard = std::vector<std::function<void(Slot&)>>;
    using Clock = std::chrono::steady_clock;
    struct Accident {
        Clock::time_point at;
        std::function<void()> act;
    };

    int draw(int least, int most) {
        return std::uniform_int_distribution<int>(least, most)(engine_);
    }

    void draw_fault() {
        constexpr int kinds = 6;
        constexpr int apdus = 40;
        constexpr int longest_wait_ms = 900;
        const bool at_counter = draw(0, 1) == 1;
        OnCard& card = at_counter ? on_counter_ : on_production_;
        const std::string where = at_counter ? "counter" : "production";
        const int apdu = draw(1, apdus);
        switch (draw(0, kinds - 1)) {
            case 0: {
                const char* when = std::array{"before", "after", "rolled_back"}.at(
                    static_cast<std::size_t>(draw(0, 2)));
                note(where + ": torn " + when + " APDU " + std::to_string(apdu));
                card.emplace_back(
                    [=](Slot& slot) { slot.tear(static_cast<std::uint32_t>(apdu), when); });
                break;
            }
            case 1:
                note(where + ": station killed at APDU " + std::to_string(apdu));
                card.emplace_back(
                    [=](Slot& slot) { slot.command("hang " + std::to_string(apdu)); });
                break;
            case 2:
                soon(card, where, "station killed", draw(0, longest_wait_ms),
                     [this] { place_.station().signal(SIGKILL); });
                break;
            case 3:
                soon(card, where, "central killed", draw(0, longest_wait_ms),
                     [this] { place_.central().signal(SIGKILL); });
                break;
            case 4:
                soon(card, where, "pcscd killed", draw(0, longest_wait_ms), [this] {
                    place_.pcscd().signal(SIGKILL);
                    place_.pcscd().wait();
                    place_.start_pcscd();
                });
                break;
            default: {
                const auto fault = all_net_faults.at(
                    static_cast<std::size_t>(draw(0, static_cast<int>(all_net_faults.size()) - 1)));
                const std::string call = renewal_calls.at(
                    static_cast<std::size_t>(draw(0, static_cast<int>(renewal_calls.size()) - 1)));
                const int n = draw(1, 3);
                note(call + " " + std::to_string(n) + " " + name(fault));
                proxy_.arm(call, n, fault);
            }
        }
    }

    void soon(OnCard& card, const std::string& where, const std::string& what, int after_ms,
              std::function<void()> act) {
        note(where + ": " + what + " after " + std::to_string(after_ms) + " ms");
        card.emplace_back([this, after_ms, act = std::move(act)](Slot&) {
            accidents_.push_back({Clock::now() + std::chrono::milliseconds(after_ms), act});
        });
    }

    void let_accidents_happen() {
        const auto now = Clock::now();
        const auto due =
            std::stable_partition(accidents_.begin(), accidents_.end(),
                                  [now](const Accident& accident) { return accident.at > now; });
        for (auto accident = due; accident != accidents_.end(); ++accident) {
            accident->act();
        }
        accidents_.erase(due, accidents_.end());
    }

    void note(const std::string& what) { words_ += (words_.empty() ? "" : "; ") + what; }

    static void befall(Slot& slot, const OnCard& faults) {
        for (const auto& fault : faults) {
            fault(slot);
        }
    }

    void end_hang(Slot& slot) {
        if (slot.command("state").ends_with(" hanging")) {
            place_.station().signal(SIGKILL);
            place_.station().wait();
            slot.command("release");
        }
    }

    std::mt19937& engine_;
    Workplace& place_;
    FaultProxy& proxy_;
    std::string words_;
    OnCard on_production_;
    OnCard on_counter_;
    std::vector<Accident> accidents_;
};

BOOST_AUTO_TEST_CASE(whatever_befalls_a_renewal_it_is_issued_once) {
    const auto seed = static_cast<unsigned>(from_environment("HISTORY_SEED", daily_seed));
    const int histories =
        from_environment("HISTORIES", every_point() ? full_histories : daily_histories);
    BOOST_TEST_MESSAGE("HISTORY_SEED=" << seed << " HISTORIES=" << histories);
    std::mt19937 engine(seed);
    FaultProxy proxy(proxy_port, central_port);
    Workplace place(behind_the_proxy());
    place.start_central();
    place.start_station();
    for (int number = 1; number <= histories; ++number) {
        Journey journey(place, synthetic_pass(number));
        Fate fate(engine, place, proxy);
        fate.befall(journey);
        BOOST_TEST_CONTEXT("HISTORY_SEED=" << seed << ", renewal " << number << ": "
                                           << fate.words()) {
            BOOST_REQUIRE(journey.produce());
            BOOST_REQUIRE(journey.hand_over());
            BOOST_REQUIRE(journey.issued());
        }
        proxy.disarm();
        for (const std::size_t reader : {production_reader, counter_reader}) {
            place.slot(reader).tear(0, "before");
            place.slot(reader).command("quirk none");
        }
    }
    place.stop_station();
    place.stop_central();
    const Finished verdict = place.check(histories);
    BOOST_TEST(verdict.exit_code == 0, verdict.out);
}

}  // namespace
