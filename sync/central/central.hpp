#pragma once
// The central as two HTTP handlers: one for stations by TLS, one for administrators on a UNIX
// socket. One thread, one context, one database connection.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "cardformat/base/ports.hpp"
#include "sync/central/store.hpp"
#include "sync/http/http.hpp"

namespace card::central {

namespace asio = boost::asio;

/// Names and texts of one event. Pass numbers may stand there; ID numbers and names never.
using EventFields = std::vector<std::pair<std::string_view, std::string>>;
using EventSink = std::function<void(std::string_view event, const EventFields& fields)>;

/// Wakes those who wait for a change.
class Changes {
  public:
    explicit Changes(asio::io_context& context) : context_(context) {}
    void notify();
    /// Returns at the next change, or when the time is over.
    static asio::awaitable<void> wait(std::shared_ptr<Changes> changes,
                                      std::chrono::milliseconds at_most);

  private:
    asio::io_context& context_;
    std::vector<std::weak_ptr<asio::steady_timer>> waiting_;
};

struct Central;

/// Facts that arrive in one turn of the loop share a commit, however many stations they come from:
/// under load that is what the central can do at all (README.md).
class FactGroup {
  public:
    explicit FactGroup(std::size_t max_requests = 64) : max_requests_(max_requests) {}

    /// The answer once it is durable.
    static asio::awaitable<Result<Reply<wire::FactsAnswer>>> record(
        std::shared_ptr<Central> central, FactsRequest request);

  private:
    struct Waiting;
    static void commit(const std::shared_ptr<Central>& central);

    std::size_t max_requests_;
    std::vector<std::shared_ptr<Waiting>> waiting_;
};

struct Central {
    asio::io_context& context;
    Store store;
    std::vector<Station> stations;
    const Clock& clock;
    std::optional<BusinessDay> fixed_day;  ///< the business day of a demonstration
    EventSink events;
    std::shared_ptr<Changes> changes = std::make_shared<Changes>(context);
    std::shared_ptr<FactGroup> fact_group = std::make_shared<FactGroup>();
    wire::LetterKeys letter_keys{};
    /// How long after its last answer from here a station may hand over; 0: not at all.
    std::int64_t offline_handover_s = 0;
    std::function<void()> letters_due{};  ///< told when a letter may have become due
    bool failed = false;                  ///< the database cannot be trusted; the program must end

    [[nodiscard]] Moment moment() const;
    [[nodiscard]] const Station* find_station(std::string_view name) const;
};

/// What sync/openapi.yaml describes.
asio::awaitable<http::Response> station_api(std::shared_ptr<Central> central,
                                            http::Request request);
asio::awaitable<http::Response> admin_api(std::shared_ptr<Central> central, http::Request request);

// For the two handlers.
[[nodiscard]] http::Response answer(std::string body);
[[nodiscard]] http::Response answer(const wire::Problem& problem);
/// A failure of the store: told in the log, and as little as possible to the peer.
[[nodiscard]] http::Response answer(Central& central, const Failure& failure);
[[nodiscard]] http::Response no_such_route(std::string_view allowed_method);

}  // namespace card::central
