#include <limits>

#include <boost/json/serialize.hpp>

#include "sync/wire/members.hpp"
#include "sync/wire/messages.hpp"

namespace card::wire {
namespace {

constexpr std::size_t max_code_size = 64;
constexpr std::size_t max_detail_size = 1024;
constexpr std::size_t max_station_size = 32;
constexpr int min_status = 100;
constexpr int max_status = 599;
constexpr auto max_int = std::numeric_limits<std::int64_t>::max();

Result<ClaimGranted> granted_from(const json::value& value) {
    Members members(value, "granted[]");
    const ClaimGranted granted{RenewalId(members.uuid("renewal")),
                               Epoch(members.integer("epoch", 1, max_int)),
                               members.integer("lease_s", 0, max_int)};
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    return granted;
}

Result<ClaimRefused> refused_from(const json::value& value) {
    Members members(value, "refused[]");
    ClaimRefused refused{RenewalId(members.uuid("renewal")), members.text("code", max_code_size),
                         members.text("detail", max_detail_size)};
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    return refused;
}

json::array ids(const std::vector<RenewalId>& renewals) {
    json::array texts;
    for (const RenewalId& renewal : renewals) {
        texts.emplace_back(renewal.value.text());
    }
    return texts;
}

std::vector<RenewalId> read_ids(Members& members, std::string_view name) {
    constexpr std::size_t uuid_text_size = 36;
    std::vector<RenewalId> renewals;
    for (const std::string& text : members.texts(name, max_page_size, uuid_text_size)) {
        const auto id = Uuid::parse(text);
        if (!id || id->text() != text) {
            members.refuse(name, "has an element that is not a UUID");
            break;
        }
        renewals.emplace_back(*id);
    }
    return renewals;
}

json::array refusals(const std::vector<ClaimRefused>& refused) {
    json::array entries;
    for (const ClaimRefused& refusal : refused) {
        entries.push_back(json::object{{"renewal", refusal.renewal.value.text()},
                                       {"code", refusal.code},
                                       {"detail", refusal.detail}});
    }
    return entries;
}

}  // namespace

std::string encode(const ClaimRequest& request) {
    return json::serialize(
        json::object{{"claim_id", request.claim_id.text()}, {"renewals", ids(request.renewals)}});
}

Result<ClaimRequest> decode_claim_request(std::string_view json) {
    const auto value = parse_json(json, max_body_size);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    Members members(*value, "claim");
    ClaimRequest request;
    request.claim_id = members.uuid("claim_id");
    request.renewals = read_ids(members, "renewals");
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    return request;
}

std::string encode(const ClaimAnswer& answer) {
    json::array granted;
    for (const ClaimGranted& grant : answer.granted) {
        granted.push_back(json::object{{"renewal", grant.renewal.value.text()},
                                       {"epoch", grant.epoch.value},
                                       {"lease_s", grant.lease_s}});
    }
    return json::serialize(
        json::object{{"granted", std::move(granted)}, {"refused", refusals(answer.refused)}});
}

std::string encode(const ReleaseRequest& request) {
    json::array claims;
    for (const ReleaseRequest::Claim& claim : request.claims) {
        claims.push_back(
            json::object{{"renewal", claim.renewal.value.text()}, {"epoch", claim.epoch.value}});
    }
    return json::serialize(json::object{{"claims", std::move(claims)}});
}

Result<ReleaseRequest> decode_release_request(std::string_view json) {
    const auto value = parse_json(json, max_body_size);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    Members members(*value, "release");
    ReleaseRequest request;
    const json::array& claims = members.array("claims", max_page_size);
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    for (const json::value& element : claims) {
        Members claim(element, "claims[]");
        request.claims.push_back(
            {RenewalId(claim.uuid("renewal")), Epoch(claim.integer("epoch", 1, max_int))});
        if (const auto read = claim.end(); !read) {
            return tl::make_unexpected(read.error());
        }
    }
    return request;
}

std::string encode(const ReleaseAnswer& answer) {
    return json::serialize(
        json::object{{"released", ids(answer.released)}, {"refused", refusals(answer.refused)}});
}

Result<ReleaseAnswer> decode_release_answer(std::string_view json) {
    const auto value = parse_json(json, max_body_size);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    Members members(*value, "answer");
    ReleaseAnswer answer;
    answer.released = read_ids(members, "released");
    const json::array& refused = members.array("refused", max_page_size);
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    for (const json::value& element : refused) {
        auto refusal = refused_from(element);
        if (!refusal) {
            return tl::make_unexpected(refusal.error());
        }
        answer.refused.push_back(std::move(*refusal));
    }
    return answer;
}

Result<ClaimAnswer> decode_claim_answer(std::string_view json) {
    const auto value = parse_json(json, max_body_size);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    Members members(*value, "answer");
    ClaimAnswer answer;
    for (const json::value& element : members.array("granted", max_page_size)) {
        const auto granted = granted_from(element);
        if (!granted) {
            return tl::make_unexpected(granted.error());
        }
        answer.granted.push_back(*granted);
    }
    for (const json::value& element : members.array("refused", max_page_size)) {
        auto refused = refused_from(element);
        if (!refused) {
            return tl::make_unexpected(refused.error());
        }
        answer.refused.push_back(std::move(*refused));
    }
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    return answer;
}

std::string encode(const AuthorisationRequest& request) {
    return json::serialize(json::object{{"station", request.station},
                                        {"attempt", request.attempt.value.text()},
                                        {"epoch", request.epoch.value},
                                        {"card", request.card.hex()}});
}

Result<AuthorisationRequest> decode_authorisation_request(std::string_view json) {
    const auto value = parse_json(json, max_body_size);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    Members members(*value, "authorisation");
    std::string station = members.text("station", max_station_size);
    const AttemptId attempt(members.uuid("attempt"));
    const Epoch epoch(members.integer("epoch", 0, max_int));
    const CardUid card = members.card_uid("card");
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    return AuthorisationRequest{std::move(station), attempt, epoch, card};
}

std::string encode(const Authorisation& authorisation) {
    return json::serialize(json::object{{"id", authorisation.id.text()},
                                        {"expires_in_s", authorisation.expires_in_s}});
}

Result<Authorisation> decode_authorisation(std::string_view json) {
    const auto value = parse_json(json, max_body_size);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    Members members(*value, "authorisation");
    const Authorisation authorisation{members.uuid("id"),
                                      members.integer("expires_in_s", 0, max_int)};
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    return authorisation;
}

std::string encode(const Problem& problem) {
    return json::serialize(json::object{{"status", problem.status},
                                        {"code", problem.code},
                                        {"detail", problem.detail},
                                        {"retryable", problem.retryable}});
}

Result<Problem> decode_problem(std::string_view json) {
    const auto value = parse_json(json, max_body_size);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    Members members(*value, "problem");
    Problem problem{static_cast<int>(members.integer("status", min_status, max_status)),
                    members.text("code", max_code_size), members.text("detail", max_detail_size),
                    members.boolean("retryable")};
    if (const auto read = members.end_of_open_object(); !read) {
        return tl::make_unexpected(read.error());
    }
    return problem;
}

}  // namespace card::wire
