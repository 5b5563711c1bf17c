#include <limits>

#include <boost/json/serialize.hpp>

#include "sync/wire/members.hpp"
#include "sync/wire/messages.hpp"

namespace card::wire {
namespace {

constexpr std::size_t hash_size = 32;
constexpr std::size_t point_size = 65;
constexpr std::size_t max_status_size = 16;
constexpr std::size_t max_software_size = 64;
constexpr auto max_int = std::numeric_limits<std::int64_t>::max();

json::object to_json(const HeldClaim& claim) {
    json::object object{{"renewal", claim.renewal.value.text()},
                        {"epoch", claim.epoch.value},
                        {"status", name(claim.status)}};
    if (claim.attempt) {
        object.emplace("attempt", claim.attempt->value.text());
    }
    if (claim.card) {
        object.emplace("card", claim.card->hex());
    }
    return object;
}

Result<HeldClaim> held_claim_from(const json::value& value) {
    Members members(value, "claims[]");
    HeldClaim claim{};
    claim.renewal = RenewalId(members.uuid("renewal"));
    claim.epoch = Epoch(members.integer("epoch", 1, max_int));
    const auto status = members.parsed("status", max_status_size, parse_renewal_status);
    if (members.has("attempt")) {
        claim.attempt = AttemptId(members.uuid("attempt"));
    }
    if (members.has("card")) {
        claim.card = members.card_uid("card");
    }
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    claim.status = *status;
    return claim;
}

json::object to_json(const Acknowledged& acknowledged) {
    return {{"incarnation", acknowledged.incarnation.text()},
            {"seq", acknowledged.seq},
            {"head", to_hex(acknowledged.head)}};
}

Result<Acknowledged> acknowledged_from(const json::value& value) {
    Members members(value, "acknowledged");
    Acknowledged acknowledged{};
    acknowledged.incarnation = members.uuid("incarnation");
    acknowledged.seq = members.integer("seq", 0, max_int);
    acknowledged.head = members.hex("head", hash_size, hash_size);
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    return acknowledged;
}

}  // namespace

std::string encode(const HeldClaims& claims) {
    json::array entries;
    for (const HeldClaim& claim : claims.claims) {
        entries.push_back(to_json(claim));
    }
    return json::serialize(json::object{{"claims", std::move(entries)}});
}

Result<HeldClaims> decode_held_claims(std::string_view json) {
    const auto value = parse_json(json, max_body_size);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    Members members(*value, "answer");
    HeldClaims claims;
    const json::array& entries = members.array("claims", max_page_size);
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    for (const json::value& element : entries) {
        const auto claim = held_claim_from(element);
        if (!claim) {
            return tl::make_unexpected(claim.error());
        }
        claims.claims.push_back(*claim);
    }
    return claims;
}

std::string encode(const Acknowledged& acknowledged) {
    return json::serialize(to_json(acknowledged));
}

Result<Acknowledged> decode_acknowledged(std::string_view json) {
    const auto value = parse_json(json, max_body_size);
    return value ? acknowledged_from(*value) : tl::make_unexpected(value.error());
}

std::string encode(const IncarnationNotice& notice) {
    json::object object;
    if (notice.follows) {
        object.emplace("follows", to_json(*notice.follows));
    }
    return json::serialize(object);
}

Result<IncarnationNotice> decode_incarnation_notice(std::string_view json) {
    const auto value = parse_json(json, max_body_size);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    Members members(*value, "incarnation");
    IncarnationNotice notice;
    if (members.has("follows")) {
        auto follows = acknowledged_from(members.value("follows"));
        if (!follows) {
            return tl::make_unexpected(follows.error());
        }
        notice.follows = std::move(*follows);
    }
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    return notice;
}

std::string encode(const StationStatus& status) {
    return json::serialize(json::object{{"at", to_rfc3339(status.at)},
                                        {"incarnation", status.incarnation.text()},
                                        {"facts_owed", status.facts_owed},
                                        {"cards_in_doubt", status.cards_in_doubt},
                                        {"software", status.software}});
}

Result<StationStatus> decode_station_status(std::string_view json) {
    const auto value = parse_json(json, max_body_size);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    Members members(*value, "status");
    StationStatus status{
        members.time("at"), members.uuid("incarnation"), members.integer("facts_owed", 0, max_int),
        members.integer("cards_in_doubt", 0, max_int), members.text("software", max_software_size)};
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    return status;
}

std::string encode(const StatusAnswer& answer) {
    return json::serialize(json::object{{"time", to_rfc3339(answer.time)},
                                        {"offline_handover_s", answer.offline_handover_s}});
}

Result<StatusAnswer> decode_status_answer(std::string_view json) {
    const auto value = parse_json(json, max_body_size);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    Members members(*value, "answer");
    const StatusAnswer answer{members.time("time"),
                              members.integer("offline_handover_s", 0, max_int)};
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    return answer;
}

std::string encode(const LetterKeys& keys) {
    json::array points;
    for (const Bytes& point : keys.points) {
        points.emplace_back(to_hex(point));
    }
    return json::serialize(json::object{{"points", std::move(points)}});
}

Result<LetterKeys> decode_letter_keys(std::string_view json) {
    const auto value = parse_json(json, max_body_size);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    Members members(*value, "answer");
    LetterKeys keys;
    for (const std::string& text : members.texts("points", max_letter_keys, point_size * 2)) {
        auto point = from_hex(text);
        if (!point || point->size() != point_size || to_hex(*point) != text) {
            members.refuse("points", "has an element that is not a point");
            break;
        }
        keys.points.push_back(std::move(*point));
    }
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    return keys;
}

}  // namespace card::wire
