#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <boost/json/serialize.hpp>

#include "sync/wire/members.hpp"
#include "sync/wire/messages.hpp"

namespace card::wire {
namespace {

constexpr std::size_t hash_size = 32;
constexpr std::size_t max_type_size = 32;
constexpr std::size_t max_credential_size = std::size_t{3} * 1024;
constexpr std::size_t max_evidence_size = 128;
constexpr std::size_t max_collector_size = 32;
constexpr std::size_t max_staff_size = 32;
constexpr std::size_t max_reason_size = 128;
constexpr std::size_t max_order_size = 32;
constexpr auto max_int = std::numeric_limits<std::int64_t>::max();

template <class Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

constexpr Names<FactType, 13> fact_types{{{FactType::attempt_started, "attempt_started"},
                                          {FactType::torn, "torn"},
                                          {FactType::verified, "verified"},
                                          {FactType::spoiled, "spoiled"},
                                          {FactType::missing, "missing"},
                                          {FactType::found, "found"},
                                          {FactType::voided, "voided"},
                                          {FactType::written_off, "written_off"},
                                          {FactType::handover_refused, "handover_refused"},
                                          {FactType::handover_aborted, "handover_aborted"},
                                          {FactType::old_pass_retired, "old_pass_retired"},
                                          {FactType::card_activated, "card_activated"},
                                          {FactType::handed_over, "handed_over"}}};

constexpr Names<FactOutcome, 4> fact_outcomes{{{FactOutcome::applied, "applied"},
                                               {FactOutcome::duplicate, "duplicate"},
                                               {FactOutcome::stored_conflict, "stored_conflict"},
                                               {FactOutcome::stored_unknown, "stored_unknown"}}};

template <class Enum, std::size_t N>
std::string_view name_in(const Names<Enum, N>& names, Enum value) {
    const auto found = std::find_if(names.begin(), names.end(),
                                    [value](const auto& entry) { return entry.first == value; });
    return found == names.end() ? std::string_view() : found->second;
}

template <class Enum, std::size_t N>
std::optional<Enum> value_in(const Names<Enum, N>& names, std::string_view name) {
    const auto found = std::find_if(names.begin(), names.end(),
                                    [name](const auto& entry) { return entry.second == name; });
    return found == names.end() ? std::nullopt : std::optional(found->first);
}

std::optional<FactOutcome> parse_fact_outcome(std::string_view text) {
    return value_in(fact_outcomes, text);
}

/// The members that not every fact has: absent is the empty value, an empty text is refused.
void read_optional_members(Members& members, Fact& fact) {
    if (members.has("attempt")) {
        fact.attempt = AttemptId(members.uuid("attempt"));
    }
    if (members.has("epoch")) {
        fact.epoch = Epoch(members.integer("epoch", 0, max_int));
    }
    if (members.has("card")) {
        fact.card = members.card_uid("card");
    }
    if (members.has("credential")) {
        fact.credential = members.hex("credential", 1, max_credential_size);
    }
    if (members.has("authorisation")) {
        fact.authorisation = members.uuid("authorisation");
    }
    const auto not_empty = [](std::string_view text) {
        return text.empty() ? std::nullopt : std::optional(std::string(text));
    };
    if (members.has("evidence")) {
        fact.evidence = members.parsed("evidence", max_evidence_size, not_empty).value_or("");
    }
    if (members.has("collector")) {
        fact.collector = members.parsed("collector", max_collector_size, not_empty).value_or("");
    }
    if (members.has("supervisor")) {
        fact.supervisor = members.parsed("supervisor", max_staff_size, not_empty).value_or("");
    }
    if (members.has("reason")) {
        fact.reason = members.parsed("reason", max_reason_size, not_empty).value_or("");
    }
}

Result<FactResult> result_from(const json::value& value) {
    Members members(value, "results[]");
    const std::int64_t seq = members.integer("seq", 1, max_int);
    const auto outcome = members.parsed("outcome", max_type_size, parse_fact_outcome);
    std::string order = members.text("order", max_order_size);
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    return FactResult{seq, *outcome, std::move(order)};
}

}  // namespace

std::string_view name(FactType type) {
    return name_in(fact_types, type);
}

std::optional<FactType> parse_fact_type(std::string_view text) {
    return value_in(fact_types, text);
}

std::string_view name(FactOutcome outcome) {
    return name_in(fact_outcomes, outcome);
}

std::string encode(const Fact& fact) {
    json::object object{
        {"id", fact.id.text()},
        {"incarnation", fact.incarnation.text()},
        {"seq", fact.seq},
        {"previous", to_hex(fact.previous)},
        {"at", to_rfc3339(fact.at)},
        {"type", name(fact.type)},
        {"renewal", fact.renewal.value.text()},
    };
    if (fact.attempt) {
        object.emplace("attempt", fact.attempt->value.text());
    }
    if (fact.epoch) {
        object.emplace("epoch", fact.epoch->value);
    }
    if (fact.card) {
        object.emplace("card", fact.card->hex());
    }
    if (!fact.credential.empty()) {
        object.emplace("credential", to_hex(fact.credential));
    }
    if (fact.authorisation) {
        object.emplace("authorisation", fact.authorisation->text());
    }
    if (!fact.evidence.empty()) {
        object.emplace("evidence", fact.evidence);
    }
    if (!fact.collector.empty()) {
        object.emplace("collector", fact.collector);
    }
    if (!fact.supervisor.empty()) {
        object.emplace("supervisor", fact.supervisor);
    }
    if (!fact.reason.empty()) {
        object.emplace("reason", fact.reason);
    }
    return json::serialize(object);
}

Result<Fact> decode_fact(std::string_view line) {
    const auto value = parse_json(line, max_fact_size);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    Members members(*value, "fact");
    Fact fact{};
    fact.id = members.uuid("id");
    fact.incarnation = members.uuid("incarnation");
    fact.seq = members.integer("seq", 1, max_int);
    fact.previous = members.hex("previous", hash_size, hash_size);
    fact.at = members.time("at");
    const auto type = members.parsed("type", max_type_size, parse_fact_type);
    fact.renewal = RenewalId(members.uuid("renewal"));
    read_optional_members(members, fact);
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    fact.type = *type;
    return fact;
}

std::string encode(const FactsAnswer& answer) {
    json::array results;
    for (const FactResult& result : answer.results) {
        results.push_back(json::object{
            {"seq", result.seq}, {"outcome", name(result.outcome)}, {"order", result.order}});
    }
    return json::serialize(
        json::object{{"acked_through", answer.acked_through}, {"results", std::move(results)}});
}

Result<FactsAnswer> decode_facts_answer(std::string_view json) {
    const auto value = parse_json(json, max_body_size);
    if (!value) {
        return tl::make_unexpected(value.error());
    }
    Members members(*value, "answer");
    FactsAnswer answer{};
    answer.acked_through = members.integer("acked_through", 0, max_int);
    const json::array& results = members.array("results", max_fact_batch);
    if (const auto read = members.end(); !read) {
        return tl::make_unexpected(read.error());
    }
    for (const json::value& element : results) {
        auto result = result_from(element);
        if (!result) {
            return tl::make_unexpected(result.error());
        }
        answer.results.push_back(std::move(*result));
    }
    return answer;
}

}  // namespace card::wire
