// Four USB readers of the real pcscd and four boards of the real libnfc produce in one station,
// while readers are pulled out and reader-workers killed at random. LIVE_MIXED_SEED=N plays one
// history again, LIVE_MIXED_SEEDS=N plays that many. What must hold: every renewal is made, each on
// one card.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>
#include <set>
#include <thread>

#include <boost/test/unit_test.hpp>
#include <signal.h>

#include "tests/live/journey.hpp"

namespace {

using namespace live;
using namespace std::chrono_literals;
using Moment = std::chrono::steady_clock::time_point;

constexpr std::array<std::size_t, 8> production{0, 2, 3, 4, 5, 6, 7, 8};
constexpr int renewals = 16;
constexpr int mishaps = 60;
constexpr auto patience = 120s;
/// No hand is faster, and every reader has looked meanwhile.
constexpr auto hand = 500ms;
/// Until then what the station says of a card may be of its last time on the reader.
constexpr auto settled = 1500ms;

int number_in(const char* variable, int otherwise) {
    const char* given = std::getenv(variable);               // NOLINT(concurrency-mt-unsafe)
    return given == nullptr ? otherwise : std::atoi(given);  // NOLINT
}

/// An operator at one reader: a blank on it, taken off when it is finished, put back when asked.
class Operator {
  public:
    Operator(Workplace& place, std::size_t reader) : place_(place), reader_(reader) {}

    /// Does what the station's view of the reader asks for. `made` are the passes of all operators.
    void look(const json::object& view, std::set<std::string>& made) {
        const Moment now = std::chrono::steady_clock::now();
        Slot& slot = place_.slot(reader_);
        if (!slot.present()) {
            if (now >= free_at_) {
                card_.empty() ? slot.place(next_blank()) : slot.put_back();
                acted_at_ = now;
            }
            return;
        }
        const std::string notice = text(view, "notice");
        const std::string pass_no = text(view, "pass_no");
        if (notice == "card_finished" && !pass_no.empty() && made.insert(pass_no).second) {
            card_.clear();
            take_off();
        } else if (now < acted_at_ + settled) {
            return;
        } else if (notice == "card_spoiled" || notice == "card_is_foreign") {
            card_.clear();
            take_off();
        } else if (notice == "put_same_card_back" || notice == "card_is_finished_already") {
            take_off();
        }
    }

  private:
    void take_off() {
        place_.slot(reader_).take_off();
        free_at_ = std::chrono::steady_clock::now() + hand;
    }
    const std::string& next_blank() {
        card_ = place_.blank_card("reader-" + std::to_string(reader_) + "-card-" +
                                  std::to_string(++cards_));
        return card_;
    }

    Workplace& place_;
    std::size_t reader_;
    std::string card_;  ///< that lies on the reader or belongs back on it
    int cards_ = 0;
    Moment free_at_{};
    Moment acted_at_{};
};

/// Pulls readers out and puts them back, and kills workers, by the seed.
class Imp {
  public:
    Imp(Workplace& place, unsigned seed) : place_(place), engine_(seed) {}

    void look() {
        const Moment now = std::chrono::steady_clock::now();
        for (auto& [reader, back_at] : away_) {
            if (back_at <= now) {
                place_.plug(reader);
                back_at = Moment::max();
            }
        }
        std::erase_if(away_, [](const auto& entry) { return entry.second == Moment::max(); });
        if (left_ > 0 && now >= next_at_) {
            --left_;
            next_at_ = now + std::chrono::milliseconds(between(10, 120));
            between(0, 1) == 0 ? kill_a_worker() : unplug_a_reader(now);
        }
    }
    [[nodiscard]] int kills() const { return kills_; }
    [[nodiscard]] int unplugged() const { return unplugged_; }

  private:
    int between(int least, int most) {
        return std::uniform_int_distribution<int>(least, most)(engine_);
    }
    void kill_a_worker() {
        const std::vector<pid_t> workers = place_.workers();
        if (!workers.empty()) {
            const int which = between(0, static_cast<int>(workers.size()) - 1);
            ::kill(workers.at(static_cast<std::size_t>(which)), SIGKILL);
            ++kills_;
        }
    }
    void unplug_a_reader(Moment now) {
        const std::size_t reader =
            production.at(static_cast<std::size_t>(between(0, production.size() - 1)));
        if (away_.emplace(reader, now + std::chrono::milliseconds(between(50, 500))).second) {
            place_.unplug(reader);
            ++unplugged_;
        }
    }

    Workplace& place_;
    std::mt19937 engine_;
    std::map<std::size_t, Moment> away_;
    Moment next_at_{};
    int left_ = mishaps;
    int kills_ = 0;
    int unplugged_ = 0;
};

/// How many cards each kind of reader has verified: by the first word of the readers' names.
std::map<std::string, int> cards_made_by(const Workplace& place) {
    std::map<std::string, int> kinds;
    for (const json::object& event : place.events()) {
        if (text(event, "event") == "card.verified") {
            const std::string reader = text(event, "reader");
            ++kinds[reader.substr(0, reader.find(' '))];
        }
    }
    return kinds;
}

void produce_with_mishaps(unsigned seed) {
    WorkplaceOptions options = options_for("mixed-" + std::to_string(seed));
    options.readers.assign(5, Stack::usb);
    options.readers.insert(options.readers.end(), 4, Stack::libnfc);
    Workplace place(options);
    place.start_central();
    place.start_station();
    std::vector<std::string> words{"apply", "--port", "KH"};
    for (int number = 1; number <= renewals; ++number) {
        words.push_back(synthetic_pass(number));
    }
    place.central_command(words);
    place.central_run({"approve", "--all", "--payment-confirmed"});
    std::vector<Operator> operators;
    for (const std::size_t reader : production) {
        operators.emplace_back(place, reader);
    }
    Imp imp(place, seed);
    std::set<std::string> made;
    const bool all_made = eventually(
        [&] {
            imp.look();
            const json::object status = place.status();
            const json::value* readers = status.if_contains("readers");
            for (std::size_t i = 0; readers != nullptr && i < operators.size(); ++i) {
                operators[i].look(readers->at(production.at(i)).as_object(), made);
            }
            return made.size() == renewals;
        },
        patience);
    BOOST_TEST(all_made, made.size() << " of " << renewals << " made");
    const std::map<std::string, int> kinds = cards_made_by(place);
    BOOST_TEST(kinds.size() == 2U, "one kind of reader made nothing");
    BOOST_TEST(imp.kills() > 0);
    BOOST_TEST(imp.unplugged() > 0);
    BOOST_TEST_MESSAGE(imp.kills()
                       << " workers killed, " << imp.unplugged() << " readers unplugged");
    BOOST_REQUIRE(eventually([&] { return place.status().at("unacknowledged_facts") == 0; }));
    place.stop_station();
    place.stop_central();
    const Finished verdict = place.check(0);
    BOOST_TEST(verdict.exit_code == 0, verdict.out);
}

}  // namespace

BOOST_AUTO_TEST_CASE(eight_readers_of_two_kinds_make_every_renewal_once_whatever_befalls_them) {
    const int first = number_in("LIVE_MIXED_SEED", 1);
    const int last = first + number_in("LIVE_MIXED_SEEDS", 1);
    for (int seed = first; seed < last; ++seed) {
        BOOST_TEST_MESSAGE("LIVE_MIXED_SEED=" << seed);
        BOOST_TEST_CONTEXT("LIVE_MIXED_SEED=" << seed) {
            produce_with_mishaps(static_cast<unsigned>(seed));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_reader_pulled_out_in_the_middle_of_a_card_goes_on_with_it_when_it_is_back) {
    WorkplaceOptions options = options_for("pulled-out");
    options.readers = {Stack::usb, Stack::usb, Stack::libnfc};
    Workplace place(options);
    place.start_central();
    place.start_station();
    int number = 0;
    for (const auto& [reader, silence] :
         {std::pair{production_reader, "hang 25"}, std::pair{std::size_t{2}, "mute 25"}}) {
        BOOST_TEST_CONTEXT(options.readers.at(reader)) {
            const Journey journey(place, synthetic_pass(++number));
            Slot& slot = place.slot(reader);
            slot.load(journey.card_file());
            BOOST_REQUIRE_EQUAL(slot.command(silence), "ok");
            slot.put_back();
            BOOST_REQUIRE(eventually([&] { return slot.apdus() == 25; }));
            place.unplug(reader);
            BOOST_TEST(eventually([&] { return !place.reader(reader).at("up").as_bool(); }));
            place.plug(reader);
            BOOST_TEST(eventually([&] {
                return text(place.renewal(journey.pass_no()), "card_stage") == "verified";
            }));
            place.take_off(reader);
        }
    }
    const std::vector<json::object> events = place.events();
    BOOST_TEST(std::count_if(events.begin(), events.end(), [](const json::object& event) {
                   return text(event, "event") == "card.resumed";
               }) == 2);
    place.stop_station();
    place.stop_central();
    const Finished verdict = place.check(0);
    BOOST_TEST(verdict.exit_code == 0, verdict.out);
}
