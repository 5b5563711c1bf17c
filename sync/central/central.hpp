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

struct Central {
    asio::io_context& context;
    Store store;
    std::vector<Station> stations;
    const Clock& clock;
    std::optional<BusinessDay> fixed_day;  ///< the business day of a demonstration
    EventSink events;
    std::shared_ptr<Changes> changes = std::make_shared<Changes>(context);
    bool failed = false;  ///< the database cannot be trusted; the program must end

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
