#include "sync/central/central.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>
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

struct FactGroup::Waiting {
    Waiting(asio::io_context& context, FactsRequest asked)
        : request(std::move(asked)), done(context, asio::steady_timer::time_point::max()) {}

    FactsRequest request;
    std::optional<Result<Reply<wire::FactsAnswer>>> reply;
    asio::steady_timer done;
};

asio::awaitable<Result<Reply<wire::FactsAnswer>>> FactGroup::record(
    std::shared_ptr<Central> central, FactsRequest request) {
    const auto waiting = std::make_shared<Waiting>(central->context, std::move(request));
    FactGroup& group = *central->fact_group;
    if (group.waiting_.empty()) {
        // Behind everything that is ready to run now.
        asio::post(central->context, [central] { commit(central); });
    }
    group.waiting_.push_back(waiting);
    boost::system::error_code ignored;
    co_await waiting->done.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return std::move(*waiting->reply);
}

void FactGroup::commit(const std::shared_ptr<Central>& central) {
    FactGroup& group = *central->fact_group;
    const auto end = group.waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                  group.max_requests_, group.waiting_.size()));
    const std::vector<std::shared_ptr<Waiting>> members(group.waiting_.begin(), end);
    group.waiting_.erase(group.waiting_.begin(), end);
    if (!group.waiting_.empty()) {
        asio::post(central->context, [central] { commit(central); });
    }
    std::vector<FactsRequest> requests;
    requests.reserve(members.size());
    for (const auto& member : members) {
        requests.push_back(std::move(member->request));
    }
    auto replies = central->store.record_facts(requests, central->moment());
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (replies) {
            members[i]->reply = std::move((*replies)[i]);
        } else if (members.size() == 1 || replies.error().fault == Fault::stop_station) {
            members[i]->reply = tl::make_unexpected(replies.error());
        } else {
            // One of them cannot be stored: it must not hold up the others.
            auto alone = central->store.record_facts({requests[i]}, central->moment());
            members[i]->reply =
                alone ? Result<Reply<wire::FactsAnswer>>(std::move(alone->front()))
                      : Result<Reply<wire::FactsAnswer>>(tl::make_unexpected(alone.error()));
        }
        members[i]->done.cancel();
    }
    central->changes->notify();
    if (central->letters_due) {
        central->letters_due();
    }
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
