#include "sync/uplink/central_client.hpp"

#include <algorithm>

#include "cardformat/crypto/hash.hpp"
#include "sync/uplink/backoff.hpp"

namespace card::uplink {
namespace {

using namespace std::chrono_literals;

/// A person waits for intents, so they give up soon; a long poll gets its wait on top.
constexpr std::chrono::milliseconds call_timeout = 5s;

constexpr int first_success = 200;
constexpr int past_success = 300;

bool succeeded(const http::Response& response) {
    return response.status >= first_success && response.status < past_success;
}

tl::unexpected<Failure> problem_failure(std::string_view doing, const http::Response& response) {
    const auto problem = wire::decode_problem(response.body);
    const std::string status = "HTTP status " + std::to_string(response.status);
    if (!problem) {
        return fail(Fault::retry_later, std::string(doing) + ": " + status + " without a problem");
    }
    return fail(problem->retryable ? Fault::retry_later : Fault::follow_refusal,
                std::string(doing) + ": " + status + ", " + problem->code);
}

/// A central that answers nonsense is no reason to stop: ask again later.
template <class T>
Result<T> read(std::string_view doing, const http::Response& response,
               Result<T> (*decode)(std::string_view)) {
    if (!succeeded(response)) {
        return problem_failure(doing, response);
    }
    auto decoded = decode(response.body);
    if (!decoded) {
        return fail(Fault::retry_later, std::string(doing) + ": " + decoded.error().detail);
    }
    return decoded;
}

}  // namespace

CentralClient::CentralClient(asio::io_context& context, const http::Endpoint& endpoint,
                             std::string station)
    : client_(context, endpoint, http::Limits{}), station_(std::move(station)) {}

asio::awaitable<Result<http::Response>> CentralClient::call(http::Request request,
                                                            std::chrono::milliseconds timeout) {
    asked_to_wait_ = std::chrono::seconds(0);
    Result<http::Response> response = co_await client_.call(std::move(request), timeout);
    if (response && response->headers.contains("retry-after")) {
        const auto now =
            std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
        asked_to_wait_ = retry_after(response->headers.at("retry-after"), now);
    }
    co_return response;
}

asio::awaitable<Result<http::Response>> CentralClient::post(
    std::string target, std::string type, std::string body,
    std::map<std::string, std::string> headers) {
    headers["content-type"] = std::move(type);
    http::Request request{"POST", std::move(target), std::move(headers), std::move(body)};
    Result<http::Response> response = co_await call(std::move(request), call_timeout);
    co_return response;
}

asio::awaitable<Result<wire::RenewalPage>> CentralClient::pull(std::string cursor,
                                                               std::chrono::seconds wait) {
    http::Request request;
    request.method = "GET";
    request.target = "/v1/stations/" + station_ +
                     "/renewals?cursor=" + http::percent_encoded(cursor) +
                     "&wait=" + std::to_string(wait.count());
    Result<http::Response> response = co_await call(std::move(request), call_timeout + wait);
    if (!response) {
        co_return tl::make_unexpected(std::move(response.error()));
    }
    co_return read("pulling renewals", *response, wire::decode_renewal_page);
}

asio::awaitable<Result<wire::ClaimAnswer>> CentralClient::claim(wire::ClaimRequest request) {
    std::string body = wire::encode(request);
    std::map<std::string, std::string> no_headers;
    Result<http::Response> response =
        co_await post("/v1/stations/" + station_ + "/claims", "application/json", std::move(body),
                      std::move(no_headers));
    if (!response) {
        co_return tl::make_unexpected(std::move(response.error()));
    }
    co_return read("claiming", *response, wire::decode_claim_answer);
}

asio::awaitable<Result<AuthorisationOutcome>> CentralClient::authorise(
    RenewalId renewal, Uuid key, wire::AuthorisationRequest request) {
    std::string body = wire::encode(request);
    std::map<std::string, std::string> headers;
    headers["idempotency-key"] = key.text();
    Result<http::Response> response =
        co_await post("/v1/renewals/" + renewal.value.text() + "/handover-authorizations",
                      "application/json", std::move(body), std::move(headers));
    if (!response) {
        co_return tl::make_unexpected(std::move(response.error()));
    }
    if (succeeded(*response)) {
        co_return read("asking to hand over", *response, wire::decode_authorisation)
            .map([](wire::Authorisation granted) { return AuthorisationOutcome(granted); });
    }
    Result<wire::Problem> problem = wire::decode_problem(response->body);
    if (!problem || problem->retryable) {
        co_return problem_failure("asking to hand over", *response);
    }
    co_return AuthorisationOutcome(std::move(*problem));
}

asio::awaitable<Result<wire::FactsAnswer>> CentralClient::send_facts(
    std::vector<std::string> lines) {
    std::string body;
    for (const std::string& line : lines) {
        body.append(line).append("\n");
    }
    std::map<std::string, std::string> no_headers;
    Result<http::Response> response =
        co_await post("/v1/stations/" + station_ + "/facts", "application/x-ndjson",
                      std::move(body), std::move(no_headers));
    if (!response) {
        co_return tl::make_unexpected(std::move(response.error()));
    }
    co_return read("sending facts", *response, wire::decode_facts_answer);
}

asio::awaitable<Result<http::Response>> CentralClient::ask(std::string method, std::string target,
                                                           std::string body) {
    http::Request request{std::move(method), std::move(target), {}, std::move(body)};
    if (!request.body.empty()) {
        request.headers["content-type"] = "application/json";
    }
    Result<http::Response> response = co_await call(std::move(request), call_timeout);
    co_return response;
}

asio::awaitable<Result<wire::ReleaseAnswer>> CentralClient::release(wire::ReleaseRequest request) {
    std::string body = wire::encode(request);
    Result<http::Response> response =
        co_await ask("POST", "/v1/stations/" + station_ + "/claims/releases", std::move(body));
    if (!response) {
        co_return tl::make_unexpected(std::move(response.error()));
    }
    co_return read("releasing claims", *response, wire::decode_release_answer);
}

asio::awaitable<Result<wire::HeldClaims>> CentralClient::held_claims(
    std::optional<RenewalId> after) {
    const std::string query = after ? "?after=" + after->value.text() : std::string();
    std::string no_body;
    Result<http::Response> response =
        co_await ask("GET", "/v1/stations/" + station_ + "/claims" + query, std::move(no_body));
    if (!response) {
        co_return tl::make_unexpected(std::move(response.error()));
    }
    co_return read("listing claims", *response, wire::decode_held_claims);
}

asio::awaitable<Result<Photo>> CentralClient::photo(PhotoHash hash) {
    std::string no_body;
    Result<http::Response> response = co_await ask(
        "GET", "/v1/photos/" + to_hex(hash.value) + "?station=" + station_, std::move(no_body));
    if (!response) {
        co_return tl::make_unexpected(std::move(response.error()));
    }
    if (!succeeded(*response)) {
        co_return problem_failure("fetching a photo", *response);
    }
    Photo photo{std::move(response->content_type), PersonalText(response->body)};
    wipe_octets(response->body);
    const bool known = photo.media_type == "image/jpeg" || photo.media_type == "image/png";
    if (!known || photo.octets.reveal().size() > wire::max_photo_size ||
        sha256(as_bytes(photo.octets.reveal())) != hash.value) {
        co_return fail(Fault::retry_later,
                       "fetching a photo: it is not the one that was asked for");
    }
    co_return photo;
}

asio::awaitable<Result<wire::LetterKeys>> CentralClient::letter_keys() {
    std::string no_body;
    Result<http::Response> response = co_await ask("GET", "/v1/letter-keys", std::move(no_body));
    if (!response) {
        co_return tl::make_unexpected(std::move(response.error()));
    }
    co_return read("asking for letter keys", *response, wire::decode_letter_keys);
}

asio::awaitable<Result<wire::Acknowledged>> CentralClient::acknowledged(
    std::optional<Uuid> incarnation) {
    const std::string query = incarnation ? "?incarnation=" + incarnation->text() : std::string();
    std::string no_body;
    Result<http::Response> response = co_await ask(
        "GET", "/v1/stations/" + station_ + "/facts/acknowledged" + query, std::move(no_body));
    if (!response) {
        co_return tl::make_unexpected(std::move(response.error()));
    }
    co_return read("asking what is acknowledged", *response, wire::decode_acknowledged);
}

asio::awaitable<Result<std::vector<std::string>>> CentralClient::own_facts(Uuid incarnation,
                                                                           std::int64_t after) {
    std::string no_body;
    Result<http::Response> response =
        co_await ask("GET",
                     "/v1/stations/" + station_ + "/facts?incarnation=" + incarnation.text() +
                         "&after=" + std::to_string(after),
                     std::move(no_body));
    if (!response) {
        co_return tl::make_unexpected(std::move(response.error()));
    }
    if (!succeeded(*response)) {
        co_return problem_failure("fetching facts", *response);
    }
    std::vector<std::string> lines;
    std::string_view rest = response->body;
    while (!rest.empty()) {
        const std::size_t size = std::min(rest.find('\n'), rest.size());
        lines.emplace_back(rest.substr(0, size));
        rest.remove_prefix(std::min(size + 1, rest.size()));
    }
    if (lines.size() > wire::max_fact_batch) {
        co_return fail(Fault::retry_later, "fetching facts: too many at once");
    }
    co_return lines;
}

asio::awaitable<Result<wire::Acknowledged>> CentralClient::open_incarnation(
    Uuid incarnation, wire::IncarnationNotice notice) {
    std::string body = wire::encode(notice);
    Result<http::Response> response = co_await ask(
        "PUT", "/v1/stations/" + station_ + "/incarnations/" + incarnation.text(), std::move(body));
    if (!response) {
        co_return tl::make_unexpected(std::move(response.error()));
    }
    co_return read("opening a ledger", *response, wire::decode_acknowledged);
}

asio::awaitable<Result<wire::StatusAnswer>> CentralClient::heartbeat(wire::StationStatus status) {
    std::string body = wire::encode(status);
    Result<http::Response> response =
        co_await ask("PUT", "/v1/stations/" + station_ + "/status", std::move(body));
    if (!response) {
        co_return tl::make_unexpected(std::move(response.error()));
    }
    co_return read("the heartbeat", *response, wire::decode_status_answer);
}

}  // namespace card::uplink
