#include <boost/json/serialize.hpp>

#include "sync/central/central.hpp"
#include "sync/wire/members.hpp"

namespace card::central {
namespace {

namespace json = boost::json;
using Segments = std::vector<std::string>;

constexpr std::size_t max_reason_size = 200;

json::object to_json(const PassRecord& record) {
    return {{"pass_number", record.pass.number.text()},
            {"holder_name", record.holder_name.reveal()},
            {"masked_id", masked_id(record.id_number.reveal())},
            {"valid_from", record.pass.valid_from.iso()},
            {"valid_to", record.pass.valid_to.iso()},
            {"pass_kind", record.pass_kind},
            {"photo", record.pass.has_photo},
            {"times_exchanged", record.pass.times_exchanged},
            {"sanction", record.pass.sanction ? name(record.pass.sanction->kind) : ""},
            {"company", record.company}};
}

json::object to_json(const LetterEntry& letter) {
    return {{"id", letter.id.text()},
            {"pass_number", letter.pass_number},
            {"made_at", letter.made_at},
            {"sent_at", letter.sent_at},
            {"superseded_at", letter.superseded_at}};
}

json::object to_json(const RenewalRecord& record) {
    return {{"id", record.id.value.text()},
            {"version", record.version},
            {"status", name(record.state.status)},
            {"status_shown", shown(record.state.status)},
            {"approved", record.state.approved},
            {"held", record.state.held},
            {"hold_reason", record.hold_reason},
            {"withdrawal_reason", record.withdrawal_reason},
            {"pass_number", record.pass_number.text()},
            {"old_pass_number", record.old_pass_number.text()},
            {"valid_from", record.valid_from.iso()},
            {"valid_to", record.state.valid_to.iso()},
            {"pickup_port", record.pickup_port.text()},
            {"port_areas", wire::to_json(record.port_areas)},
            {"fee", shown_fee(record.free)},
            {"payment", name(record.state.payment)},
            {"times_exchanged", record.times_exchanged},
            {"made_elsewhere", record.state.made_elsewhere},
            {"station", record.state.claim_station},
            {"epoch", record.state.epoch},
            {"card", record.state.card ? record.state.card->hex() : std::string()},
            {"card_missing", record.state.card_missing},
            {"spoiled_cards", record.state.spoiled_cards},
            {"issued_at", record.issued_at},
            {"company", record.company},
            {"holder_name", record.holder_name.reveal()},
            {"masked_id", masked_id(record.id_number.reveal())}};
}

template <class Record>
http::Response list(Central& central, const Result<std::vector<Record>>& records,
                    std::string_view name) {
    if (!records) {
        return answer(central, records.error());
    }
    json::array entries;
    for (const Record& record : *records) {
        entries.push_back(to_json(record));
    }
    json::object body;
    body[{name.data(), name.size()}] = std::move(entries);
    return answer(json::serialize(body));
}

http::Response one(Central& central, const Result<Reply<RenewalRecord>>& reply) {
    if (!reply) {
        return answer(central, reply.error());
    }
    if (const auto* problem = std::get_if<wire::Problem>(&*reply)) {
        return answer(*problem);
    }
    return answer(json::serialize(to_json(std::get<RenewalRecord>(*reply))));
}

std::string encode(const Submission& submission) {
    json::array accepted;
    for (const Accepted& entry : submission.accepted) {
        accepted.push_back(json::object{{"old_pass_number", entry.old_pass_number.text()},
                                        {"pass_number", entry.pass_number.text()},
                                        {"fee", shown_fee(entry.free)},
                                        {"times_exchanged", entry.times_exchanged}});
    }
    json::array refused;
    for (const Refused& entry : submission.refused) {
        refused.push_back(
            json::object{{"old_pass_number", entry.old_pass_number}, {"detail", entry.words}});
    }
    return json::serialize(
        json::object{{"accepted", std::move(accepted)}, {"refused", std::move(refused)}});
}

http::Response apply(Central& central, const std::string& body) {
    const auto value = wire::parse_json(body, wire::max_body_size);
    if (!value) {
        return answer(central, value.error());
    }
    constexpr std::size_t port_size = 2;
    wire::Members members(*value, "application");
    const auto port = members.parsed("pickup_port", port_size, Port::parse);
    const auto passes = members.texts("passes", max_submission, PassNumber::max_size);
    if (const auto read = members.end(); !read) {
        return answer(central, read.error());
    }
    const auto submission = central.store.submit(passes, *port, central.moment());
    if (!submission) {
        return answer(central, submission.error());
    }
    for (const Accepted& entry : submission->accepted) {
        central.events("submitted", {{"pass_no", entry.pass_number.text()},
                                     {"old_pass_no", entry.old_pass_number.text()}});
    }
    return answer(encode(*submission));
}

http::Response decide(Central& central, Act act, const std::string& pass_number,
                      const std::string& body) {
    const auto value = wire::parse_json(body.empty() ? "{}" : body, wire::max_body_size);
    if (!value) {
        return answer(central, value.error());
    }
    wire::Members members(*value, "decision");
    Decision decision{act, pass_number, {}};
    const bool needs_reason =
        act == Act::hold || act == Act::withdraw || act == Act::fence || act == Act::remake;
    if (needs_reason || members.has("reason")) {
        decision.reason = members.text("reason", max_reason_size);
    }
    if (members.has("payment_confirmed")) {
        decision.payment_confirmed = members.boolean("payment_confirmed");
    }
    if (const auto read = members.end(); !read) {
        return answer(central, read.error());
    }
    const auto reply = central.store.decide(decision, central.moment());
    if (reply && std::holds_alternative<RenewalRecord>(*reply)) {
        central.changes->notify();
        central.events(name(act), {{"pass_no", pass_number}});
    }
    return one(central, reply);
}

/// `act` is a kind of sanction, or `reinstate`.
http::Response sanction(Central& central, const std::string& pass_number, const std::string& act,
                        const std::string& body) {
    const auto value = wire::parse_json(body, wire::max_body_size);
    if (!value) {
        return answer(central, value.error());
    }
    constexpr std::size_t day_size = 10;
    wire::Members members(*value, "sanction");
    SanctionDecision decision{pass_number, {}, members.text("reason", max_reason_size)};
    if (const auto kind = parse_sanction_kind(act)) {
        decision.sanction = Sanction{*kind};
        if (*kind == SanctionKind::suspended) {
            decision.sanction->until = members.parsed("until", day_size, BusinessDay::parse);
        }
    }
    if (const auto read = members.end(); !read) {
        return answer(central, read.error());
    }
    const auto reply = central.store.sanction(decision, central.moment());
    if (!reply) {
        return answer(central, reply.error());
    }
    if (const auto* problem = std::get_if<wire::Problem>(&*reply)) {
        return answer(*problem);
    }
    central.events(act, {{"pass_no", pass_number}});
    return answer(json::serialize(to_json(std::get<PassRecord>(*reply))));
}

http::Response show(Central& central, const std::string& pass_number) {
    const auto reply = central.store.renewal(pass_number);
    if (!reply || !std::holds_alternative<RenewalRecord>(*reply)) {
        return one(central, reply);
    }
    const auto chain = central.store.chain(pass_number);
    if (!chain) {
        return answer(central, chain.error());
    }
    json::object body = to_json(std::get<RenewalRecord>(*reply));
    body["chain"] = wire::to_json(*chain);
    return answer(json::serialize(body));
}

http::Response letter(Central& central, const std::string& pass_number) {
    const auto reply = central.store.letter_code(pass_number);
    if (!reply) {
        return answer(central, reply.error());
    }
    if (const auto* problem = std::get_if<wire::Problem>(&*reply)) {
        return answer(*problem);
    }
    return answer(json::serialize(
        json::object{{"pass_number", pass_number}, {"qr", std::get<std::string>(*reply)}}));
}

http::Response routed(Central& central, const http::Request& request, const Segments& path) {
    const bool get = request.method == "GET";
    const bool post = request.method == "POST";
    if (path == Segments{"healthz"}) {
        return get ? answer("{\"status\":\"ok\"}") : no_such_route("GET");
    }
    if (path.size() < 3 || path[0] != "v1" || path[1] != "admin") {
        return no_such_route({});
    }
    if (path.size() == 3 && path[2] == "passes") {
        return get ? list(central, central.store.eligible_passes(), "passes")
                   : no_such_route("GET");
    }
    if (path.size() == 3 && path[2] == "applications") {
        return post ? apply(central, request.body) : no_such_route("POST");
    }
    if (path.size() == 3 && path[2] == "renewals") {
        return get ? list(central, central.store.renewals(), "renewals") : no_such_route("GET");
    }
    if (path.size() == 4 && path[2] == "renewals") {
        return get ? show(central, path[3]) : no_such_route("GET");
    }
    if (path.size() == 3 && path[2] == "letters") {
        return get ? list(central, central.store.letters(), "letters") : no_such_route("GET");
    }
    if (path.size() == 4 && path[2] == "letters") {
        return get ? letter(central, path[3]) : no_such_route("GET");
    }
    if (path.size() == 5 && path[2] == "passes" &&
        (path[4] == "reinstate" || parse_sanction_kind(path[4]))) {
        return post ? sanction(central, path[3], path[4], request.body) : no_such_route("POST");
    }
    const auto act = path.size() == 5 && path[2] == "renewals" ? parse_act(path[4]) : std::nullopt;
    if (act) {
        return post ? decide(central, *act, path[3], request.body) : no_such_route("POST");
    }
    return no_such_route({});
}

}  // namespace

asio::awaitable<http::Response> admin_api(std::shared_ptr<Central> central, http::Request request) {
    co_return routed(*central, request, http::path_segments(request.target));
}

}  // namespace card::central
