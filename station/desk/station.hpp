#pragma once
// What the desks of one station share, in the station's one thread.

#include <map>
#include <optional>
#include <set>

#include <boost/asio/steady_timer.hpp>

#include "cardformat/crypto/random.hpp"
#include "cardformat/vault/vault.hpp"
#include "station/config/config.hpp"
#include "station/desk/ledger_thread.hpp"
#include "station/observe/events.hpp"
#include "sync/uplink/central_client.hpp"

namespace card::desk {

namespace asio = boost::asio;

/// Wakes everyone who waits for it.
class Signal {
  public:
    explicit Signal(asio::io_context& context) : context_(&context) {}

    void notify();
    asio::awaitable<void> wait();
    /// As `wait`, but no longer than `patience`.
    asio::awaitable<void> wait_for(std::chrono::milliseconds patience);

  private:
    asio::awaitable<void> wait_until(std::chrono::steady_clock::time_point end);

    asio::io_context* context_;
    std::set<asio::steady_timer*> waiting_;
};

/// The real time, for records.
class SystemClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

/// A right to start a renewal, as the central gave it. The lease counts from the asking.
struct HeldClaim {
    Epoch epoch;
    std::chrono::steady_clock::time_point until;
};

struct Station {
    asio::io_context& context;
    const config::Config& config;
    Vault& vault;
    observe::EventLog& log;
    const Clock& clock;
    LedgerThread& ledger;
    SystemRandom random{};
    desfire::PortPassProfile profile{};
    std::map<RenewalId, HeldClaim> claims{};
    /// Renewals that a production desk has chosen for the card on its reader; no other takes them.
    std::set<RenewalId> in_hand{};
    bool central_reachable = false;
    std::string central_trouble{};              ///< what was told last about why not
    std::optional<Timestamp> last_pull{};       ///< when the central last answered a pull
    std::optional<Timestamp> last_heartbeat{};  ///< when it last took one
    bool clock_differs = false;                 ///< from the central's, by the last heartbeat
    std::chrono::steady_clock::time_point letter_keys_until{};  ///< then they are asked for again
    Signal acknowledged;  ///< the central has more facts than before
    Signal owed;          ///< there is something to send
    Signal work;          ///< there may be something to produce
    /// Whether the ledger was compared with what the central has of it. Until then nothing is
    /// claimed and nothing sent.
    bool compared = false;
    Signal compared_now;
    /// Why no new card may be begun, whatever is claimed.
    std::optional<issuance::Notice> no_new_cards{};
    /// Why the station must end, once the ledger failed.
    std::optional<Failure> fatal{};

    Station(asio::io_context& io, const config::Config& settings, Vault& keys,
            observe::EventLog& events, const Clock& now, LedgerThread& memory)
        : context(io),
          config(settings),
          vault(keys),
          log(events),
          clock(now),
          ledger(memory),
          acknowledged(io),
          owed(io),
          work(io),
          compared_now(io) {}

    [[nodiscard]] BusinessDay today() const {
        return config.business_date ? *config.business_date : BusinessDay::of(clock.now());
    }

    /// A ledger that fails ends the station: nothing may go on without its memory.
    void stop_for(const Failure& failure);
};

}  // namespace card::desk
