#include "sync/central/ledger_api.hpp"

#include <algorithm>
#include <charconv>

namespace card::central {
namespace {

constexpr int bad_request = 400;
constexpr int too_large = 413;

http::Response malformed(std::string detail) {
    return answer(wire::Problem{bad_request, "malformed", std::move(detail), false});
}

/// The lines of a body, the last with or without its line end.
std::vector<std::string> lines_of(std::string_view body) {
    std::vector<std::string> lines;
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

/// A number from 0 on; nothing for another text. No text is 0.
std::optional<std::int64_t> parse_seq(const std::string& text) {
    std::int64_t seq = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
    const bool whole = error == std::errc{} && end == text.data() + text.size() && seq >= 0;
    return whole || text.empty() ? std::optional(seq) : std::nullopt;
}

}  // namespace

asio::awaitable<http::Response> facts(std::shared_ptr<Central> central, Station station,
                                      std::string body) {
    FactsRequest request{station, lines_of(body)};
    const bool oversized =
        std::any_of(request.lines.begin(), request.lines.end(),
                    [](const std::string& line) { return line.size() > wire::max_fact_size; });
    if (request.lines.size() > wire::max_fact_batch || oversized) {
        co_return answer(wire::Problem{too_large, "batch_too_large",
                                       "too many facts, or one of them is too long", false});
    }
    const Result<Reply<wire::FactsAnswer>> reply =
        co_await FactGroup::record(central, std::move(request));
    if (!reply) {
        co_return answer(*central, reply.error());
    }
    if (const auto* problem = std::get_if<wire::Problem>(&*reply)) {
        central->events(
            "facts_refused",
            {{"station", station.name}, {"code", problem->code}, {"detail", problem->detail}});
        co_return answer(*problem);
    }
    const auto& stored = std::get<wire::FactsAnswer>(*reply);
    tell(*central, station, stored);
    co_return answer(encode(stored));
}

http::Response acknowledged(Central& central, const Station& station, const std::string& target) {
    const std::string text = http::query_value(target, "incarnation");
    const auto incarnation = Uuid::parse(text);
    if (!text.empty() && !incarnation) {
        return malformed("incarnation is a UUID");
    }
    const auto reply = central.store.acknowledged(station, incarnation);
    if (!reply) {
        return answer(central, reply.error());
    }
    const auto* problem = std::get_if<wire::Problem>(&*reply);
    return problem != nullptr ? answer(*problem)
                              : answer(encode(std::get<wire::Acknowledged>(*reply)));
}

http::Response own_facts(Central& central, const Station& station, const std::string& target) {
    const auto incarnation = Uuid::parse(http::query_value(target, "incarnation"));
    const auto after = parse_seq(http::query_value(target, "after"));
    if (!incarnation || !after) {
        return malformed(incarnation ? "after is a number" : "incarnation is a UUID");
    }
    const auto found = central.store.own_facts(station, *incarnation, *after);
    if (!found) {
        return answer(central, found.error());
    }
    std::string body;
    for (const std::string& line : found->lines) {
        body.append(line).append("\n");
    }
    http::Response response = answer(std::move(body));
    response.content_type = "application/x-ndjson";
    return response;
}

http::Response open_incarnation(Central& central, const Station& station,
                                const std::string& incarnation, const std::string& body) {
    const auto id = Uuid::parse(incarnation);
    if (!id) {
        return malformed("an incarnation is a UUID");
    }
    const auto notice = wire::decode_incarnation_notice(body);
    if (!notice) {
        return answer(central, notice.error());
    }
    const auto reply = central.store.open_incarnation(station, *id, *notice, central.moment());
    if (!reply) {
        return answer(central, reply.error());
    }
    if (const auto* problem = std::get_if<wire::Problem>(&*reply)) {
        central.events("incarnation_refused", {{"station", station.name}, {"code", problem->code}});
        return answer(*problem);
    }
    central.events("incarnation_opened", {{"station", station.name},
                                          {"incarnation", id->text()},
                                          {"restored", notice->follows ? "true" : "false"}});
    return answer(encode(std::get<wire::Acknowledged>(*reply)));
}

http::Response heartbeat(Central& central, const Station& station, const std::string& body) {
    const auto status = wire::decode_station_status(body);
    if (!status) {
        return answer(central, status.error());
    }
    const Moment moment = central.moment();
    if (const auto stored = central.store.heartbeat(station, *status, moment); !stored) {
        return answer(central, stored.error());
    }
    return answer(encode(wire::StatusAnswer{moment.now, central.offline_handover_s}));
}

}  // namespace card::central
