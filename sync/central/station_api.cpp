#include <algorithm>
#include <charconv>
#include <chrono>

#include "sync/central/central.hpp"

namespace card::central {
namespace {

using Segments = std::vector<std::string>;
using Shared = std::shared_ptr<Central>;

constexpr int bad_request = 400;
constexpr int forbidden = 403;
constexpr int not_found = 404;
constexpr int too_large = 413;

http::Response unknown_station() {
    return answer(wire::Problem{not_found, "unknown_station", "no such station", false});
}

/// Whether a peer speaks for the station it names. A process of this machine does where plain HTTP
/// was asked for.
bool speaks_for(const http::Peer& peer, std::string_view station) {
    const auto* proved = std::get_if<http::StationName>(&peer);
    return proved == nullptr || proved->text() == station;
}

http::Response wrong_station(Central& central, const http::Peer& peer) {
    central.events("wrong_station", {{"certificate_of", std::get<http::StationName>(peer).text()}});
    return answer(wire::Problem{forbidden, "wrong_station",
                                "the client's certificate names another station", false});
}

http::Response refused(std::string code, std::string detail) {
    return answer(wire::Problem{bad_request, std::move(code), std::move(detail), false});
}

/// 0 to `max_wait_s`; nothing for another text.
std::optional<std::chrono::seconds> parse_wait(const std::string& text) {
    int seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (!text.empty() &&
        (error != std::errc{} || end != text.data() + text.size() || seconds < 0)) {
        return std::nullopt;
    }
    return std::chrono::seconds(std::min(seconds, wire::max_wait_s));
}

asio::awaitable<http::Response> renewals(Shared central, Station station, std::string target) {
    const auto wait = parse_wait(http::query_value(target, "wait"));
    if (!wait) {
        co_return refused("malformed", "wait is a number of seconds");
    }
    const std::string cursor = http::query_value(target, "cursor");
    const auto until = std::chrono::steady_clock::now() + *wait;
    for (;;) {
        const auto page = central->store.page(station, cursor);
        if (!page) {
            co_return answer(*central, page.error());
        }
        if (const auto* problem = std::get_if<wire::Problem>(&*page)) {
            co_return answer(*problem);
        }
        const auto& found = std::get<wire::RenewalPage>(*page);
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        if (!found.renewals.empty() || left.count() <= 0) {
            co_return answer(encode(found));
        }
        co_await Changes::wait(central->changes, left);
    }
}

http::Response claims(Central& central, const Station& station, const std::string& body) {
    const auto request = wire::decode_claim_request(body);
    if (!request) {
        return answer(central, request.error());
    }
    const auto reply = central.store.claim(station, *request, central.moment());
    if (!reply) {
        return answer(central, reply.error());
    }
    if (const auto* problem = std::get_if<wire::Problem>(&*reply)) {
        return answer(*problem);
    }
    const auto& claimed = std::get<wire::ClaimAnswer>(*reply);
    central.events("claim", {{"station", station.name},
                             {"claim", request->claim_id.text()},
                             {"granted", std::to_string(claimed.granted.size())},
                             {"refused", std::to_string(claimed.refused.size())}});
    return answer(encode(claimed));
}

http::Response authorisations(Central& central, const std::string& renewal,
                              const http::Request& request) {
    const auto id = Uuid::parse(renewal);
    const auto asked = wire::decode_authorisation_request(request.body);
    const auto header = request.headers.find("idempotency-key");
    const auto key = header == request.headers.end() ? std::nullopt : Uuid::parse(header->second);
    if (!id || !key) {
        return id ? refused("idempotency_key", "an Idempotency-Key with a UUID is required")
                  : answer(wire::Problem{not_found, "unknown", "查無此換證申請", false});
    }
    if (!asked) {
        return answer(central, asked.error());
    }
    if (!speaks_for(request.peer, asked->station)) {
        return wrong_station(central, request.peer);
    }
    const Station* station = central.find_station(asked->station);
    if (station == nullptr) {
        return unknown_station();
    }
    const auto reply =
        central.store.authorise(*station, *key, RenewalId(*id), *asked, central.moment());
    if (!reply) {
        return answer(central, reply.error());
    }
    if (const auto* problem = std::get_if<wire::Problem>(&*reply)) {
        central.events(
            "authorisation_refused",
            {{"station", station->name}, {"renewal", id->text()}, {"code", problem->code}});
        return answer(*problem);
    }
    const auto& granted = std::get<wire::Authorisation>(*reply);
    central.events("authorised", {{"station", station->name},
                                  {"renewal", id->text()},
                                  {"authorisation", granted.id.text()}});
    return answer(encode(granted));
}

/// The lines of a body, the last with or without its line end.
Segments lines_of(std::string_view body) {
    Segments lines;
    while (!body.empty()) {
        const std::size_t size = std::min(body.find('\n'), body.size());
        lines.emplace_back(body.substr(0, size));
        body.remove_prefix(std::min(size + 1, body.size()));
    }
    return lines;
}

void tell(Central& central, const Station& station, const wire::FactsAnswer& facts) {
    central.events("facts", {{"station", station.name},
                             {"count", std::to_string(facts.results.size())},
                             {"acked_through", std::to_string(facts.acked_through)}});
    for (const wire::FactResult& result : facts.results) {
        if (result.outcome == wire::FactOutcome::stored_conflict ||
            result.outcome == wire::FactOutcome::stored_unknown) {
            central.events("fact_odd", {{"station", station.name},
                                        {"seq", std::to_string(result.seq)},
                                        {"outcome", std::string(name(result.outcome))},
                                        {"order", result.order}});
        }
    }
}

http::Response facts(Central& central, const Station& station, const std::string& body) {
    const Segments lines = lines_of(body);
    const bool oversized = std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
        return line.size() > wire::max_fact_size;
    });
    if (lines.size() > wire::max_fact_batch || oversized) {
        return answer(wire::Problem{too_large, "batch_too_large",
                                    "too many facts, or one of them is too long", false});
    }
    const auto reply = central.store.record_facts(station, lines, central.moment());
    if (!reply) {
        return answer(central, reply.error());
    }
    central.changes->notify();
    if (const auto* problem = std::get_if<wire::Problem>(&*reply)) {
        central.events(
            "facts_refused",
            {{"station", station.name}, {"code", problem->code}, {"detail", problem->detail}});
        return answer(*problem);
    }
    const auto& stored = std::get<wire::FactsAnswer>(*reply);
    tell(central, station, stored);
    return answer(encode(stored));
}

http::Response acknowledged(Central& central, const Station& station, const std::string& target) {
    const auto incarnation = Uuid::parse(http::query_value(target, "incarnation"));
    if (!incarnation) {
        return refused("malformed", "incarnation is a UUID");
    }
    const auto known = central.store.acknowledged(station, *incarnation);
    return known ? answer(encode(*known)) : answer(central, known.error());
}

/// Everything but the long poll.
http::Response at_once(Central& central, const http::Request& request, const Segments& path) {
    const bool get = request.method == "GET";
    const bool post = request.method == "POST";
    if (path == Segments{"healthz"}) {
        return get ? answer("{\"status\":\"ok\"}") : no_such_route("GET");
    }
    if (path.size() < 4 || path[0] != "v1") {
        return no_such_route({});
    }
    if (path[1] == "renewals" && path.size() == 4 && path[3] == "handover-authorizations") {
        return post ? authorisations(central, path[2], request) : no_such_route("POST");
    }
    const Station* station = central.find_station(path[2]);
    if (path[1] != "stations" || station == nullptr) {
        return path[1] == "stations" ? unknown_station() : no_such_route({});
    }
    if (path.size() == 4 && path[3] == "claims") {
        return post ? claims(central, *station, request.body) : no_such_route("POST");
    }
    if (path.size() == 4 && path[3] == "facts") {
        return post ? facts(central, *station, request.body) : no_such_route("POST");
    }
    if (path.size() == 5 && path[3] == "facts" && path[4] == "acknowledged") {
        return get ? acknowledged(central, *station, request.target) : no_such_route("GET");
    }
    return no_such_route({});
}

}  // namespace

asio::awaitable<http::Response> station_api(Shared central, http::Request request) {
    const Segments path = http::path_segments(request.target);
    const bool of_station = path.size() > 2 && path[0] == "v1" && path[1] == "stations";
    if (of_station && !speaks_for(request.peer, path[2])) {
        co_return wrong_station(*central, request.peer);
    }
    const bool polled = of_station && path.size() == 4 && path[3] == "renewals";
    const Station* station = polled ? central->find_station(path[2]) : nullptr;
    if (!polled) {
        co_return at_once(*central, request, path);
    }
    if (station == nullptr || request.method != "GET") {
        co_return station == nullptr ? unknown_station() : no_such_route("GET");
    }
    Station asking = *station;
    std::string target = request.target;
    http::Response response = co_await renewals(central, std::move(asking), std::move(target));
    co_return response;
}

}  // namespace card::central
