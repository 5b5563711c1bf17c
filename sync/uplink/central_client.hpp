#pragma once
// The station's calls to the central, typed. One object is one connection and one call at a time;
// whoever calls by itself has its own.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sync/http/http.hpp"
#include "sync/wire/messages.hpp"

namespace card::uplink {

namespace asio = boost::asio;

/// What an intent came to: granted, or understood and refused.
using AuthorisationOutcome = std::variant<wire::Authorisation, wire::Problem>;

/// The picture of a holder.
struct Photo {
    std::string media_type;  ///< image/jpeg or image/png
    PersonalText octets;
};

class CentralClient {
  public:
    CentralClient(asio::io_context& context, const http::Endpoint& endpoint, std::string station);

    // Failures: `retry_later` for everything that passes by itself, `follow_refusal` for a problem
    // that does not, with its code in the detail.

    /// Changes after `cursor`; the central may wait up to `wait` for the first.
    asio::awaitable<Result<wire::RenewalPage>> pull(std::string cursor, std::chrono::seconds wait);
    asio::awaitable<Result<wire::ClaimAnswer>> claim(wire::ClaimRequest request);
    /// The key is determined by the attempt, so that asking again after a lost answer is the same
    /// question.
    asio::awaitable<Result<AuthorisationOutcome>> authorise(RenewalId renewal, Uuid key,
                                                            wire::AuthorisationRequest request);
    /// Lines of facts in order.
    asio::awaitable<Result<wire::FactsAnswer>> send_facts(std::vector<std::string> lines);

    asio::awaitable<Result<wire::ReleaseAnswer>> release(wire::ReleaseRequest request);
    /// A page of the claims that the station holds, after the one that is named.
    asio::awaitable<Result<wire::HeldClaims>> held_claims(std::optional<RenewalId> after);
    /// The photo of this name. One whose octets have another hash is `retry_later`, and nothing of
    /// it is given out.
    asio::awaitable<Result<Photo>> photo(PhotoHash hash);
    asio::awaitable<Result<wire::LetterKeys>> letter_keys();
    /// The last fact that the central has: of this incarnation, or of the latest that it knows.
    asio::awaitable<Result<wire::Acknowledged>> acknowledged(std::optional<Uuid> incarnation);
    /// The lines that the central has of an incarnation, after a number; a batch at a time.
    asio::awaitable<Result<std::vector<std::string>>> own_facts(Uuid incarnation,
                                                                std::int64_t after);
    asio::awaitable<Result<wire::Acknowledged>> open_incarnation(Uuid incarnation,
                                                                 wire::IncarnationNotice notice);
    asio::awaitable<Result<wire::StatusAnswer>> heartbeat(wire::StationStatus status);

    [[nodiscard]] const std::string& station() const { return station_; }
    /// How long the last answer asked to be left alone, by Retry-After; no more than an hour.
    [[nodiscard]] std::chrono::seconds asked_to_wait() const { return asked_to_wait_; }

  private:
    asio::awaitable<Result<http::Response>> call(http::Request request,
                                                 std::chrono::milliseconds timeout);
    asio::awaitable<Result<http::Response>> ask(std::string method, std::string target,
                                                std::string body);
    asio::awaitable<Result<http::Response>> post(std::string target, std::string type,
                                                 std::string body,
                                                 std::map<std::string, std::string> headers);

    http::Client client_;
    std::string station_;
    std::chrono::seconds asked_to_wait_{0};
};

}  // namespace card::uplink
