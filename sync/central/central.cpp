#include "sync/central/central.hpp"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace card::central {

void Changes::notify() {
    for (const auto& waiting : std::exchange(waiting_, {})) {
        if (const auto timer = waiting.lock()) {
            timer->cancel();
        }
    }
}

asio::awaitable<void> Changes::wait(std::shared_ptr<Changes> changes,
                                    std::chrono::milliseconds at_most) {
    const auto timer = std::make_shared<asio::steady_timer>(changes->context_, at_most);
    std::erase_if(changes->waiting_, [](const auto& other) { return other.expired(); });
    changes->waiting_.push_back(timer);
    boost::system::error_code ignored;
    co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

Moment Central::moment() const {
    const Timestamp now = clock.now();
    return {fixed_day.value_or(BusinessDay::of(now)), now};
}

const Station* Central::find_station(std::string_view name) const {
    const auto found = std::find_if(stations.begin(), stations.end(),
                                    [name](const Station& entry) { return entry.name == name; });
    return found == stations.end() ? nullptr : &*found;
}

http::Response answer(std::string body) {
    http::Response response;
    response.headers["cache-control"] = "no-store";
    response.body = std::move(body);
    return response;
}

http::Response answer(const wire::Problem& problem) {
    http::Response response = answer(encode(problem));
    response.status = problem.status;
    response.content_type = "application/problem+json";
    return response;
}

http::Response answer(Central& central, const Failure& failure) {
    if (failure.fault == Fault::correct_input) {
        return answer(wire::Problem{400, "malformed", failure.detail, false});
    }
    central.events("failure",
                   {{"fault", std::string(name(failure.fault))}, {"detail", failure.detail}});
    if (failure.fault == Fault::stop_station) {
        central.failed = true;
        central.context.stop();
    }
    http::Response busy =
        answer(wire::Problem{503, "unavailable", "the central cannot store anything now", true});
    busy.headers["retry-after"] = "5";  // seconds
    return busy;
}

http::Response no_such_route(std::string_view allowed_method) {
    if (allowed_method.empty()) {
        return answer(wire::Problem{404, "no_such_route", "nothing is here", false});
    }
    http::Response response =
        answer(wire::Problem{405, "method", "this is not asked for in this way", false});
    response.headers["allow"] = allowed_method;
    return response;
}

}  // namespace card::central
