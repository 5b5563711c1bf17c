#pragma once
// What station and central say to each other, as values. sync/openapi.yaml is the same for people
// and programs of other languages. Intents (claim, authorisation) ask and may be refused; facts
// tell what happened to plastic and are always stored.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cardformat/base/bytes.hpp"
#include "cardformat/base/result.hpp"
#include "cardformat/pass/renewal.hpp"

namespace card::wire {

inline constexpr std::size_t max_page_size = 500;                    ///< renewals in one page
inline constexpr std::size_t max_fact_batch = 100;                   ///< facts in one request
inline constexpr std::size_t max_fact_size = std::size_t{8} * 1024;  ///< octets of one fact
inline constexpr std::size_t max_body_size =
    std::size_t{1024} * 1024;          ///< octets of any request or answer
inline constexpr int max_wait_s = 30;  ///< longest long poll
inline constexpr std::size_t max_photo_size = std::size_t{512} * 1024;  ///< octets
inline constexpr std::size_t max_letter_keys = 16;

/// Changes of the renewals that a station serves, oldest first. The cursor is the central's own;
/// the station stores it with the page and gives it back. An empty cursor asks for everything.
struct RenewalPage {
    std::vector<Renewal> renewals;
    std::string cursor;
};

/// Asks for the right to start renewals. The same claim id gets the same answer again.
struct ClaimRequest {
    Uuid claim_id;
    std::vector<RenewalId> renewals;
};

struct ClaimGranted {
    RenewalId renewal;
    Epoch epoch;
    std::int64_t lease_s;  ///< seconds in which a card may be started; not a limit for finishing
};

struct ClaimRefused {
    RenewalId renewal;
    std::string code;
    std::string detail;
};

struct ClaimAnswer {
    std::vector<ClaimGranted> granted;
    std::vector<ClaimRefused> refused;
};

/// Gives claims back, each with the epoch that it was granted.
struct ReleaseRequest {
    struct Claim {
        RenewalId renewal;
        Epoch epoch;
    };
    std::vector<Claim> claims;
};

struct ReleaseAnswer {
    std::vector<RenewalId> released;
    std::vector<ClaimRefused> refused;
};

/// A claim that a station holds, for a ledger that came back from a backup.
struct HeldClaim {
    RenewalId renewal;
    Epoch epoch;
    RenewalStatus status;
    std::optional<AttemptId> attempt;  ///< of the verified card, else of the last one begun
    std::optional<CardUid> card;
};

/// In the order of their renewals; a full page is followed by another.
struct HeldClaims {
    std::vector<HeldClaim> claims;
};

/// Asks to make one card live. Sent with an Idempotency-Key that the attempt determines.
struct AuthorisationRequest {
    std::string station;
    AttemptId attempt;
    Epoch epoch;
    CardUid card;
};

struct Authorisation {
    Uuid id;
    std::int64_t expires_in_s;
};

enum class FactType : std::uint8_t {
    attempt_started,  ///< a blank is about to be written for the renewal
    torn,         ///< the card left before it was finished; in doubt until it is presented again
    verified,     ///< finished and read back as a gate would; not live
    spoiled,      ///< will never be finished, or broke
    missing,      ///< a card in doubt, or a finished one, cannot be found
    found,        ///< it can again
    voided,       ///< was finished; made unusable
    written_off,  ///< missing for good
    handover_refused,  ///< the counter refused: wrong old pass, wrong card, withdrawn …
    handover_aborted,  ///< ended after its authorisation and before any card was changed
    old_pass_retired,  ///< the old RFID card says `retired`, read back
    card_activated,    ///< the card says `active`, read back
    handed_over,       ///< the holder has it
};

[[nodiscard]] std::string_view name(FactType type);
[[nodiscard]] std::optional<FactType> parse_fact_type(std::string_view text);

/// Something that happened. Encoded as one line of JSON; the line's exact octets are what is
/// stored, sent and hashed. `seq` starts at 1 and has no gaps within an incarnation of a ledger;
/// `previous` is the SHA-256 of the line before (32 zero octets for the first).
struct Fact {
    Uuid id;
    Uuid incarnation;
    std::int64_t seq;
    Bytes previous;
    Timestamp at;
    FactType type;
    RenewalId renewal;
    std::optional<AttemptId> attempt;
    std::optional<Epoch> epoch;
    std::optional<CardUid> card;
    Bytes credential;                   ///< `verified` only: the COSE_Sign1 on the card
    std::optional<Uuid> authorisation;  ///< `card_activated`, `handed_over`
    std::string evidence;   ///< `handed_over`: what was checked, as letter_signed+qr_number_matched
    std::string collector;  ///< `handed_over`: holder or representative
    std::string supervisor;  ///< `handed_over`: who answers for what was missing
    /// Of what ended, was refused, or was let pass by the supervisor: a stable code.
    std::string reason;
};

enum class FactOutcome : std::uint8_t {
    applied,          ///< stored, and it changed the renewal
    duplicate,        ///< known already, with the same octets
    stored_conflict,  ///< stored, but contradicts what the central knows; see `order`
    stored_unknown,   ///< stored, but the central knows no such renewal
};

[[nodiscard]] std::string_view name(FactOutcome outcome);

/// What a station can be ordered to do.
inline constexpr std::string_view order_void_card = "void_card";

struct FactResult {
    std::int64_t seq;
    FactOutcome outcome;
    std::string order;  ///< empty, or what the station must do: `void_card`
};

struct FactsAnswer {
    std::int64_t acked_through;
    std::vector<FactResult> results;
};

/// The last fact that the central has of an incarnation.
struct Acknowledged {
    Uuid incarnation;
    std::int64_t seq;
    Bytes head;  ///< SHA-256 of that fact's line; 32 zero octets where there is none
};

/// Opens an incarnation of a station's ledger. One that was restored from a backup names where the
/// one before stopped, as the central answered it; from then on that one is closed.
struct IncarnationNotice {
    std::optional<Acknowledged> follows;
};

/// The heartbeat of a station.
struct StationStatus {
    Timestamp at;  ///< by the station's clock
    Uuid incarnation;
    std::int64_t facts_owed;
    std::int64_t cards_in_doubt;
    std::string software;  ///< name and version
};

struct StatusAnswer {
    Timestamp time;  ///< by the central's clock
    /// How long after its last answer from the central a station may hand over; 0: not at all.
    std::int64_t offline_handover_s;
};

/// The public keys that letters are signed with, the current one first; uncompressed points.
struct LetterKeys {
    std::vector<Bytes> points;
};

/// RFC 9457. `code` is stable; `retryable` says whether the same request may succeed later.
struct Problem {
    int status;
    std::string code;
    std::string detail;
    bool retryable;
};

/// Upper-case hexadecimal, as in the path of a photo.
[[nodiscard]] std::optional<PhotoHash> parse_photo_hash(std::string_view text);

[[nodiscard]] std::string encode(const RenewalPage& page);
[[nodiscard]] std::string encode(const ClaimRequest& request);
[[nodiscard]] std::string encode(const ClaimAnswer& answer);
[[nodiscard]] std::string encode(const ReleaseRequest& request);
[[nodiscard]] std::string encode(const ReleaseAnswer& answer);
[[nodiscard]] std::string encode(const HeldClaims& claims);
[[nodiscard]] std::string encode(const AuthorisationRequest& request);
[[nodiscard]] std::string encode(const Authorisation& authorisation);
/// One line without its line end.
[[nodiscard]] std::string encode(const Fact& fact);
[[nodiscard]] std::string encode(const FactsAnswer& answer);
[[nodiscard]] std::string encode(const Acknowledged& acknowledged);
[[nodiscard]] std::string encode(const IncarnationNotice& notice);
[[nodiscard]] std::string encode(const StationStatus& status);
[[nodiscard]] std::string encode(const StatusAnswer& answer);
[[nodiscard]] std::string encode(const LetterKeys& keys);
[[nodiscard]] std::string encode(const Problem& problem);

// Decoding is strict: a missing, unknown, mistyped or oversized member is `correct_input`, and the
// detail names the member but never its value. A problem may have more members (RFC 9457, 3.2).
[[nodiscard]] Result<RenewalPage> decode_renewal_page(std::string_view json);
[[nodiscard]] Result<ClaimRequest> decode_claim_request(std::string_view json);
[[nodiscard]] Result<ClaimAnswer> decode_claim_answer(std::string_view json);
[[nodiscard]] Result<ReleaseRequest> decode_release_request(std::string_view json);
[[nodiscard]] Result<ReleaseAnswer> decode_release_answer(std::string_view json);
[[nodiscard]] Result<HeldClaims> decode_held_claims(std::string_view json);
[[nodiscard]] Result<AuthorisationRequest> decode_authorisation_request(std::string_view json);
[[nodiscard]] Result<Authorisation> decode_authorisation(std::string_view json);
[[nodiscard]] Result<Fact> decode_fact(std::string_view line);
[[nodiscard]] Result<FactsAnswer> decode_facts_answer(std::string_view json);
[[nodiscard]] Result<Acknowledged> decode_acknowledged(std::string_view json);
[[nodiscard]] Result<IncarnationNotice> decode_incarnation_notice(std::string_view json);
[[nodiscard]] Result<StationStatus> decode_station_status(std::string_view json);
[[nodiscard]] Result<StatusAnswer> decode_status_answer(std::string_view json);
[[nodiscard]] Result<LetterKeys> decode_letter_keys(std::string_view json);
[[nodiscard]] Result<Problem> decode_problem(std::string_view json);

}  // namespace card::wire
