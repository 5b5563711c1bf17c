#include "station/observe/metrics.hpp"

#include <fstream>
#include <map>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

namespace card::observe {
namespace {

using Labels = prometheus::Labels;

/// More cards than any station writes at a time.
constexpr std::size_t max_cards_timed = 64;
// A card takes some seconds, an act of the ledger some milliseconds.
const prometheus::Histogram::BucketBoundaries card_seconds{1, 2, 3, 5, 8, 13, 30, 60};
const prometheus::Histogram::BucketBoundaries act_seconds{0.0005, 0.001, 0.002, 0.005, 0.01,
                                                          0.02,   0.05,  0.1,   0.5,   1};

double seconds(std::chrono::duration<double> duration) {
    return duration.count();
}

double since_epoch(Timestamp time) {
    return seconds(time.time_since_epoch());
}

double resident_octets() {
    std::ifstream statm("/proc/self/statm");
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
    statm >> all >> resident;
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

struct Metrics::State {
    explicit State(const std::string& version) {
        family<prometheus::Gauge>("cardstation_build_info", "The program's version; always 1.")
            .Add({{"version", version}})
            .Set(1);
        for (const CatalogueEntry& event : catalogue()) {
            (void)events.Add({{"event", std::string(event.name)}});
        }
    }

    template <class Kind>
    prometheus::Family<Kind>& family(const char* name, const char* help) {
        if constexpr (std::is_same_v<Kind, prometheus::Counter>) {
            return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
        } else if constexpr (std::is_same_v<Kind, prometheus::Gauge>) {
            return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
        } else {
            return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
        }
    }
    prometheus::Gauge& gauge(const char* name, const char* help) {
        return family<prometheus::Gauge>(name, help).Add({});
    }
    void time_card(const EventRecord& record);

    prometheus::Registry registry;
    prometheus::Family<prometheus::Counter>& events = family<prometheus::Counter>(
        "cardstation_events_total", "Events of the catalogue, as the log tells them.");
    prometheus::Family<prometheus::Gauge>& jobs =
        family<prometheus::Gauge>("cardstation_jobs", "Renewals and cards by state.");
    prometheus::Family<prometheus::Gauge>& reader_up = family<prometheus::Gauge>(
        "cardstation_reader_up", "1 where the reader can be used; numbered as configured.");
    prometheus::Gauge& in_doubt =
        gauge("cardstation_jobs_in_doubt", "Cards that are started, torn or authorised.");
    prometheus::Gauge& queue =
        gauge("cardstation_report_queue_length", "Facts that the central has not acknowledged.");
    prometheus::Gauge& oldest = gauge("cardstation_report_oldest_age_seconds",
                                      "Age of the oldest of them; 0 where there is none.");
    prometheus::Gauge& journal =
        gauge("cardstation_journal_last_seq", "Number of the journal's newest record.");
    prometheus::Gauge& central = gauge("cardstation_central_up", "1 while the central answers.");
    prometheus::Gauge& last_pull =
        gauge("cardstation_sync_last_success_timestamp_seconds",
              "When changes were last pulled; 0 where that has not been.");
    prometheus::Gauge& memory =
        gauge("process_resident_memory_bytes", "Memory of the process that is in use.");
    prometheus::Histogram& cards =
        family<prometheus::Histogram>("cardstation_issue_duration_seconds",
                                      "From the durable intent to the verified card.")
            .Add({}, card_seconds);
    prometheus::Histogram& acts =
        family<prometheus::Histogram>("cardstation_ledger_act_duration_seconds",
                                      "How long the ledger's thread took for one act.")
            .Add({}, act_seconds);
    std::map<std::string, Timestamp> begun;  ///< attempts being written
};

Metrics::Metrics(const std::string& version) : state_(std::make_unique<State>(version)) {}

Metrics::~Metrics() = default;

void Metrics::count(const EventRecord& record) {
    state_->events.Add({{"event", std::string(record.event.name)}}).Increment();
    state_->time_card(record);
}

void Metrics::State::time_card(const EventRecord& record) {
    const Field* attempt = nullptr;
    for (const Field& field : record.fields) {
        attempt = field.name() == FieldName::attempt ? &field : attempt;
    }
    if (attempt == nullptr) {
        return;
    }
    const auto found = begun.find(attempt->text());
    switch (record.event.id) {
        case EventId::card_started:
        case EventId::card_resumed:
            if (begun.size() < max_cards_timed) {
                begun[attempt->text()] = record.at;
            }
            return;
        case EventId::card_verified:
            if (found != begun.end()) {
                cards.Observe(seconds(record.at - found->second));
            }
            break;
        default:
            break;
    }
    if (found != begun.end()) {
        begun.erase(found);
    }
}

void Metrics::note_ledger_act(std::chrono::nanoseconds took) {
    state_->acts.Observe(seconds(took));
}

std::string Metrics::text(const Standing& standing, Timestamp now) {
    const auto job = [this](const char* name, std::int64_t count) {
        state_->jobs.Add({{"state", name}}).Set(static_cast<double>(count));
    };
    job("to_produce", standing.to_produce);
    job("in_doubt", standing.in_doubt);
    job("to_collect", standing.to_collect);
    job("handed_over", standing.handed_over);
    state_->in_doubt.Set(static_cast<double>(standing.in_doubt));
    state_->queue.Set(static_cast<double>(standing.unacknowledged_facts));
    state_->oldest.Set(
        standing.oldest_unacknowledged ? seconds(now - *standing.oldest_unacknowledged) : 0);
    state_->journal.Set(static_cast<double>(standing.journal_records));
    state_->central.Set(standing.central_reachable ? 1 : 0);
    state_->last_pull.Set(standing.last_pull ? since_epoch(*standing.last_pull) : 0);
    for (std::size_t i = 0; i < standing.readers_up.size(); ++i) {
        state_->reader_up.Add({{"reader", std::to_string(i)}}).Set(standing.readers_up[i] ? 1 : 0);
    }
    state_->memory.Set(resident_octets());
    return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace card::observe
