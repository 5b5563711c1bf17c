#include <algorithm>
#include <charconv>
#include <chrono>

#include "sync/central/ledger_api.hpp"

namespace card::central {
namespace {

using Segments = std::vector<std::string>;
using Shared = std::shared_ptr<Central>;

constexpr int bad_request = 400;
constexpr int forbidden = 403;
constexpr int not_found = 404;

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

http::Response releases(Central& central, const Station& station, const std::string& body) {
    const auto request = wire::decode_release_request(body);
    if (!request) {
        return answer(central, request.error());
    }
    const auto reply = central.store.release(station, *request);
    if (!reply) {
        return answer(central, reply.error());
    }
    central.events("claims_released", {{"station", station.name},
                                       {"released", std::to_string(reply->released.size())},
                                       {"refused", std::to_string(reply->refused.size())}});
    return answer(encode(*reply));
}

http::Response held_claims(Central& central, const Station& station, const std::string& target) {
    const std::string text = http::query_value(target, "after");
    const auto after = Uuid::parse(text);
    if (!text.empty() && !after) {
        return refused("malformed", "after is the id of a renewal");
    }
    const auto held =
        central.store.held_claims(station, after ? std::optional(RenewalId(*after)) : std::nullopt);
    return held ? answer(encode(*held)) : answer(central, held.error());
}

http::Response photo(Central& central, const std::string& name, const http::Request& request) {
    const Station* station = central.find_station(http::query_value(request.target, "station"));
    const auto hash = wire::parse_photo_hash(name);
    if (station == nullptr) {
        return unknown_station();
    }
    if (!speaks_for(request.peer, station->name)) {
        return wrong_station(central, request.peer);
    }
    if (!hash) {
        return refused("malformed", "a photo is named by its SHA-256 in capital hexadecimal");
    }
    const auto reply = central.store.photo(*station, *hash);
    if (!reply) {
        return answer(central, reply.error());
    }
    if (const auto* problem = std::get_if<wire::Problem>(&*reply)) {
        return answer(*problem);
    }
    const auto& found = std::get<PhotoFile>(*reply);
    http::Response response = answer(std::string(found.octets.reveal()));
    response.content_type = found.media_type;
    return response;
}

http::Response for_a_station(Central& central, const Station& station, const http::Request& request,
                             const Segments& path) {
    const bool get = request.method == "GET";
    const bool post = request.method == "POST";
    const bool put = request.method == "PUT";
    const std::string& what = path[3];
    if (path.size() == 4 && what == "claims") {
        return get    ? held_claims(central, station, request.target)
               : post ? claims(central, station, request.body)
                      : no_such_route("GET, POST");
    }
    if (path.size() == 5 && what == "claims" && path[4] == "releases") {
        return post ? releases(central, station, request.body) : no_such_route("POST");
    }
    if (path.size() == 4 && what == "facts") {
        return get ? own_facts(central, station, request.target) : no_such_route("GET, POST");
    }
    if (path.size() == 5 && what == "facts" && path[4] == "acknowledged") {
        return get ? acknowledged(central, station, request.target) : no_such_route("GET");
    }
    if (path.size() == 5 && what == "incarnations") {
        return put ? open_incarnation(central, station, path[4], request.body)
                   : no_such_route("PUT");
    }
    if (path.size() == 4 && what == "status") {
        return put ? heartbeat(central, station, request.body) : no_such_route("PUT");
    }
    return no_such_route({});
}

/// Everything that is answered without waiting.
http::Response at_once(Central& central, const http::Request& request, const Segments& path) {
    const bool get = request.method == "GET";
    if (path == Segments{"healthz"}) {
        return get ? answer("{\"status\":\"ok\"}") : no_such_route("GET");
    }
    if (path == Segments{"v1", "letter-keys"}) {
        return get ? answer(encode(central.letter_keys)) : no_such_route("GET");
    }
    if (path.size() == 3 && path[0] == "v1" && path[1] == "photos") {
        return get ? photo(central, path[2], request) : no_such_route("GET");
    }
    if (path.size() < 4 || path[0] != "v1") {
        return no_such_route({});
    }
    if (path[1] == "renewals" && path.size() == 4 && path[3] == "handover-authorizations") {
        return request.method == "POST" ? authorisations(central, path[2], request)
                                        : no_such_route("POST");
    }
    const Station* station = central.find_station(path[2]);
    if (path[1] != "stations" || station == nullptr) {
        return path[1] == "stations" ? unknown_station() : no_such_route({});
    }
    return for_a_station(central, *station, request, path);
}

/// `name` is what follows /v1/stations/{station}/.
bool is_asked(const Segments& path, std::string_view name) {
    return path.size() == 4 && path[0] == "v1" && path[1] == "stations" && path[3] == name;
}

}  // namespace

asio::awaitable<http::Response> station_api(Shared central, http::Request request) {
    const Segments path = http::path_segments(request.target);
    const bool of_station = path.size() > 2 && path[0] == "v1" && path[1] == "stations";
    if (of_station && !speaks_for(request.peer, path[2])) {
        co_return wrong_station(*central, request.peer);
    }
    const bool polled = is_asked(path, "renewals");
    const bool told = is_asked(path, "facts") && request.method == "POST";
    if (!polled && !told) {
        co_return at_once(*central, request, path);
    }
    const Station* station = central->find_station(path[2]);
    if (station == nullptr || (polled && request.method != "GET")) {
        co_return station == nullptr ? unknown_station() : no_such_route("GET");
    }
    Station asking = *station;
    if (told) {
        std::string body = std::move(request.body);
        http::Response stored = co_await facts(central, std::move(asking), std::move(body));
        co_return stored;
    }
    std::string target = request.target;
    http::Response response = co_await renewals(central, std::move(asking), std::move(target));
    co_return response;
}

}  // namespace card::central
